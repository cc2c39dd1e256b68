"""The templates, the style sheet and the wording that all pages share.

A page's template extends ``base.html``; Python hands over numbers and text, no markup.
Imports no other room.
"""
