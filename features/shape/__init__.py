"""AreaShape: size, outline, convex hull and moments of cell and nucleus.

May import `features.core`, `features.primitives`.
"""
