"""Texture: run lengths, zones, LBP, gradients, Laws, Gabor, Tamura, wavelets.

May import `features.texture.cooccurrence`, `features.colour`, `features.core`,
`features.primitives`, `features.errors`.
"""
