"""Trees of files, the entries of a listing, and CSV tables.

May import `data.decoding`, `data.errors`, `data.printable`.
"""
