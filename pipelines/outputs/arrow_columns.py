"""Make Arrow columns from Python values, without pandas.

`pyarrow.array` imports pandas to recognise its types, which costs 0.6 s and 50 MB.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pyarrow as pa


def column(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    """Make a column; None becomes null, NaN stays.

    Parameters
    ----------
    values : sequence
        Of texts, bytes, flags or numbers.
    kind : pyarrow.DataType
        string, binary, bool, int64 or float64.
    """
    import pyarrow as pa

    present = np.array([value is not None for value in values], dtype=np.bool_)
    valid = None if present.all() else _bits(present)
    if pa.types.is_string(kind) or pa.types.is_binary(kind):
        content = [_content(value) for value in values]
        ends = np.zeros(len(content) + 1, dtype=np.int32)
        ends[1:] = np.cumsum([len(one) for one in content])
        buffers = [valid, pa.py_buffer(ends), pa.py_buffer(b"".join(content))]
    elif pa.types.is_boolean(kind):
        buffers = [valid, _bits(np.array([bool(value) for value in values], dtype=np.bool_))]
    else:
        dtype = np.int64 if pa.types.is_integer(kind) else np.float64
        known = [0 if value is None else value for value in values]
        buffers = [valid, pa.py_buffer(np.array(known, dtype=dtype))]
    return pa.Array.from_buffers(kind, len(values), buffers)


def number_column(values: NDArray[np.float64]) -> pa.Array:
    """Make a column of float64; NaN stays."""
    import pyarrow as pa

    buffers = [None, pa.py_buffer(np.ascontiguousarray(values))]
    return pa.Array.from_buffers(pa.float64(), len(values), buffers)


def _bits(flags: NDArray[np.bool_]) -> pa.Buffer:
    import pyarrow as pa

    return pa.py_buffer(np.packbits(flags, bitorder="little"))


def _content(value: str | bytes | None) -> bytes:
    if value is None:
        return b""
    return value.encode() if isinstance(value, str) else value
