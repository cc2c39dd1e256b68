"""Tensors from a legacy torch file, read without torch and without executing what it says.

Such a file is a row of pickles (magic number, protocol, facts of the machine, the mapping of
names to tensors, the keys of the storages) and then the storages: a count and the values.
A pickle may call anything; here it may name four things, each of which is replaced by a record.
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
_REMEDY = "install the package that it came from again"

Tensor = NDArray[Any]


@dataclass(frozen=True)
class _Storage:
    key: str
    dtype: str
    count: int


@dataclass(frozen=True)
class _Described:
    """A tensor that is still to be read: where it lies in its storage."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    def take(self, values: Tensor) -> Tensor:
        """Return a copy of the tensor's values, in C order."""
        last = sum((size - 1) * step for size, step in zip(self.shape, self.strides, strict=True))
        if min((self.offset, *self.shape, *self.strides)) < 0 or self.offset + last >= len(values):
            raise ValueError(f"a tensor of shape {self.shape} leaves its storage")
        steps = tuple(step * values.itemsize for step in self.strides)
        view = np.lib.stride_tricks.as_strided(
            values[self.offset :], self.shape, steps, writeable=False
        )
        return np.ascontiguousarray(view)


def _described(storage: _Storage, offset: int, shape: Any, strides: Any, *_: Any) -> _Described:  # noqa: ANN401
    return _Described(storage, int(offset), tuple(shape), tuple(strides))


_ADMITTED: Mapping[tuple[str, str], Any] = {
    ("collections", "OrderedDict"): OrderedDict,
    ("torch._utils", "_rebuild_tensor_v2"): _described,
    ("torch", "FloatStorage"): "<f4",
    ("torch", "LongStorage"): "<i8",
}


class _Restricted(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:  # noqa: ANN401
        if (module, name) not in _ADMITTED:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}")
        return _ADMITTED[module, name]

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
        What to call it in an error line.

    Returns
    -------
    dict of str to ndarray
        float32 or int64, by their names in the file.

    Raises
    ------
    CellError
        If it is cut short, asks for anything but tensors, or is no such file.
    """
    stream = io.BytesIO(content)
    try:
        head = [_Restricted(stream).load() for _ in range(3)]
        if head[0] != MAGIC or head[1] != PROTOCOL or not head[2]["little_endian"]:
            raise pickle.UnpicklingError("it does not begin as one")
        described = _Restricted(stream).load()
        keys = _Restricted(stream).load()
        storages = {
            one.storage.key: one.storage
            for one in described.values()
            if isinstance(one, _Described)
        }
        values = {key: _stored(stream, storages[key]) for key in keys}
        return {word: one.take(values[one.storage.key]) for word, one in described.items()}
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
    """Read the next storage, which must be as long as the tensors say."""
    count = int.from_bytes(stream.read(8), "little")
    size = np.dtype(storage.dtype).itemsize * storage.count
    body = stream.read(size)
    if len(body) < size:
        raise EOFError
    if count != storage.count:
        raise ValueError(f"storage {storage.key} has {count} values, wanted {storage.count}")
    return np.frombuffer(body, storage.dtype)
