"""From the bytes of a file to RGB pixels and masks, or a named reason to refuse it.

May import `data.errors`, `data.printable`.
"""
