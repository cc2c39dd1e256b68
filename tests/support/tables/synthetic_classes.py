"""Synthetic classification data with a known signal."""

from __future__ import annotations

import numpy as np


def synthetic_classes(classes=2, groups=12, cells=8, columns=5, strength=2.0, seed=0):
    """Return features, class numbers and groups; the first two columns separate the classes."""
    rng = np.random.default_rng(seed)
    group = np.repeat(np.arange(groups), cells)
    target = group % classes
    features = rng.normal(size=(len(group), columns))
    features[:, 0] += strength * np.cos(2 * np.pi * target / classes)
    features[:, 1] += strength * np.sin(2 * np.pi * target / classes)
    return features, target, group
