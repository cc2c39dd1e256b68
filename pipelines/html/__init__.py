"""The templates, the style sheet and the wording that all pages share.

Imports no other room.
"""
