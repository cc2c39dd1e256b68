"""From a picture to its cells: nucleus, whole cell, quality flags."""
