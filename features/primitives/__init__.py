"""Image operations and compiled loops on which every family is built.

Imports no other room.
"""
