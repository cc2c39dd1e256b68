"""From the pixels of an image to its cells: nucleus, whole cell, quality flags.

May import `features.segmentation.detection`, `features.core`, `features.primitives`,
`features.errors`.
"""
