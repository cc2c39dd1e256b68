"""Intensity statistics, radial distribution and stain standardisation.

May import `features.core`, `features.primitives`, `features.shape`.
"""
