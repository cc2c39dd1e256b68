"""Features with haematological names: area ratios, lobes, chromatin, granules, vacuoles.

May import `features.core`, `features.primitives`, `features.shape`.
"""
