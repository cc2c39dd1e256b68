"""From the pixels of an image to its cells: nucleus, whole cell, quality flags.

May import `features.core`, `features.primitives`, `features.errors`.
"""
