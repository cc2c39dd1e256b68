"""Grey-level co-occurrence matrices (GLCM) and Haralick's features.

May import `features.core`, `features.primitives`.
"""
