"""Trees of xgboost as the flat arrays that the detection stores."""

from __future__ import annotations

import json

import numpy as np
import xgboost


def flatten(booster: xgboost.Booster, outputs: int) -> dict[str, object]:
    """Return the trees of a booster as flat lists, the children of a node one after the other."""
    model = json.loads(bytes(booster.save_raw("json")))
    roots, feature, split, left, missing = [], [], [], [], []
    for tree in model["learner"]["gradient_booster"]["model"]["trees"]:
        first = len(feature)
        roots.append(first)
        order = [0]
        for node in order:
            child = tree["left_children"][node]
            leaf = child < 0
            feature.append(-1 if leaf else tree["split_indices"][node])
            # A split is often a value of the data, so it must not be rounded; a leaf may be.
            value = tree["split_conditions"][node]
            split.append(float(f"{value:.6g}") if leaf else float(str(np.float32(value))))
            left.append(0 if leaf else first + len(order))
            missing.append(0 if leaf else int(tree["default_left"][node]))
            if not leaf:
                order += [child, tree["right_children"][node]]
    return {
        "roots": roots,
        "feature": feature,
        "split": split,
        "left": left,
        "missing_left": missing,
        "base": 0.0,
        "outputs": outputs,
    }
