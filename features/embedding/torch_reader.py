"""Reader of tensors in a legacy torch file, without torch and without executing the file's code.

The file is a sequence of pickles (magic number, protocol, properties of the machine, the mapping
of names to tensors, the keys of the storages), then the storages: each a count and its values.
A pickle may call any function. This reader allows four names and replaces each by a record.
"""

from __future__ import annotations

import io
import pickle
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import CellError

MAGIC = 0x1950A86A20F9469CFC6C
PROTOCOL = 1001
_REMEDY = "reinstall the package that contains it"

Tensor = NDArray[Any]


@dataclass(frozen=True)
class _Storage:
    key: str
    dtype: str
    count: int


@dataclass(frozen=True)
class _TensorRecord:
    """A tensor that is not yet read: its place in its storage."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    def read(self, values: Tensor) -> Tensor:
        """Return a copy of the tensor's values, in C order."""
        last = sum((size - 1) * step for size, step in zip(self.shape, self.strides, strict=True))
        if min((self.offset, *self.shape, *self.strides)) < 0 or self.offset + last >= len(values):
            raise ValueError(f"a tensor of shape {self.shape} leaves its storage")
        steps = tuple(step * values.itemsize for step in self.strides)
        view = np.lib.stride_tricks.as_strided(
            values[self.offset :], self.shape, steps, writeable=False
        )
        return np.ascontiguousarray(view)


def _tensor_record(
    storage: _Storage,
    offset: int,
    shape: Any,  # noqa: ANN401
    strides: Any,  # noqa: ANN401
    *_: Any,  # noqa: ANN401
) -> _TensorRecord:
    return _TensorRecord(storage, int(offset), tuple(shape), tuple(strides))


_ALLOWED: Mapping[tuple[str, str], Any] = {
    ("collections", "OrderedDict"): OrderedDict,
    ("torch._utils", "_rebuild_tensor_v2"): _tensor_record,
    ("torch", "FloatStorage"): "<f4",
    ("torch", "LongStorage"): "<i8",
}


class _Restricted(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:  # noqa: ANN401
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}")
        return _ALLOWED[module, name]

    def persistent_load(self, pid: Any) -> _Storage:  # noqa: ANN401
        kind, dtype, key, _place, count, view = pid
        if kind != "storage" or dtype not in {"<f4", "<i8"} or view is not None:
            raise pickle.UnpicklingError(f"it refers to {kind!r}")
        return _Storage(str(key), dtype, int(count))


def read_tensors(content: bytes, name: str) -> dict[str, Tensor]:
    """Read the tensors of a legacy torch file.

    Parameters
    ----------
    content : bytes
        The file.
    name : str
        Its name in an error message.

    Returns
    -------
    dict of str to ndarray
        float32 or int64, by their names in the file.

    Raises
    ------
    CellError
        If it is truncated, calls anything but the four names, or is not such a file.
    """
    stream = io.BytesIO(content)
    try:
        head = [_Restricted(stream).load() for _ in range(3)]
        if head[0] != MAGIC or head[1] != PROTOCOL or not head[2]["little_endian"]:
            raise pickle.UnpicklingError("it does not begin as one")
        records = _Restricted(stream).load()
        keys = _Restricted(stream).load()
        storages = {
            one.storage.key: one.storage
            for one in records.values()
            if isinstance(one, _TensorRecord)
        }
        values = {key: _stored(stream, storages[key]) for key in keys}
        return {word: one.read(values[one.storage.key]) for word, one in records.items()}
    except EOFError as error:
        raise CellError(f"{name} is cut short at byte {len(content)}", _REMEDY) from error
    except (
        pickle.UnpicklingError,
        ValueError,
        TypeError,
        KeyError,
        IndexError,
        AttributeError,
    ) as error:
        raise CellError(f"{name} is no file of tensors: {error}", _REMEDY) from error


def _stored(stream: io.BytesIO, storage: _Storage) -> Tensor:
    """Read the next storage, which must have the length in the tensors' records."""
    count = int.from_bytes(stream.read(8), "little")
    size = np.dtype(storage.dtype).itemsize * storage.count
    body = stream.read(size)
    if len(body) < size:
        raise EOFError
    if count != storage.count:
        raise ValueError(f"storage {storage.key} has {count} values, wanted {storage.count}")
    return np.frombuffer(body, storage.dtype)
