"""Texture: GLCM, Haralick, run lengths, zones, LBP, Laws, Gabor, Tamura, wavelets."""
