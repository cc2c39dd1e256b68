"""Decodes image files to RGB pixels and masks, or refuses them with a reason.

May import `data.errors`, `data.limits`, `data.printable`.
"""
