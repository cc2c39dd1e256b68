"""Drawn smear fields with the truth of every object, and the cameras that photograph them.

May import nothing outside.
"""
