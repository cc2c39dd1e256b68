"""Checksums, and signatures of pictures and of cells by which copies are found.

Imports no other room.
"""
