"""Records as JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any


def without_nan(value: object) -> object:
    """Replace NaN and infinities, which JSON lacks, by None."""
    if isinstance(value, Mapping):
        return {key: without_nan(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [without_nan(inner) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def to_json(record: Mapping[str, Any]) -> bytes:
    """UTF-8 JSON, indented, in the order given."""
    text = json.dumps(without_nan(record), indent=1, ensure_ascii=False, allow_nan=False)
    return text.encode()
