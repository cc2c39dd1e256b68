"""A network written as an ONNX model: just enough of the protocol buffers, written by hand.

Field numbers are those of ``onnx.proto`` (IR version 8). onnxruntime reads the result from memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

IR_VERSION = 8
OPSET = 17
_FLOAT, _INT64 = 1, 7

Attribute = int | float | Sequence[int]
Tensor = NDArray[np.float32] | NDArray[np.int64]


def _varint(value: int) -> bytes:
    value &= 0xFFFFFFFFFFFFFFFF
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _number(tag: int, value: int) -> bytes:
    return _varint(tag << 3) + _varint(value)


def _bytes(tag: int, content: bytes | str) -> bytes:
    raw = content.encode() if isinstance(content, str) else content
    return _varint(tag << 3 | 2) + _varint(len(raw)) + raw


def _all(tag: int, contents: Iterable[bytes | str]) -> bytes:
    return b"".join(_bytes(tag, content) for content in contents)


def _attribute(name: str, value: Attribute) -> bytes:
    if isinstance(value, int):
        return _bytes(1, name) + _number(3, value) + _number(20, 2)
    if isinstance(value, float):
        return _bytes(1, name) + _varint(2 << 3 | 5) + np.float32(value).tobytes() + _number(20, 1)
    return _bytes(1, name) + b"".join(_number(8, one) for one in value) + _number(20, 7)


def _tensor(name: str, values: Tensor) -> bytes:
    kind = _INT64 if values.dtype == np.int64 else _FLOAT
    shape = b"".join(_number(1, size) for size in values.shape)
    return shape + _number(2, kind) + _bytes(8, name) + _bytes(9, values.tobytes())


def _value(name: str, shape: Sequence[int | str]) -> bytes:
    sizes = _all(1, (_bytes(2, s) if isinstance(s, str) else _number(1, s) for s in shape))
    return _bytes(1, name) + _bytes(2, _bytes(1, _number(1, _FLOAT) + _bytes(2, sizes)))


@dataclass
class Graph:
    """Nodes in the order in which they are computed, and their constants.

    Parameters
    ----------
    nodes : list of bytes
    constants : dict of str to ndarray
        float32 or int64.
    """

    nodes: list[bytes] = field(default_factory=list)
    constants: dict[str, Tensor] = field(default_factory=dict)

    def add(
        self, operator: str, inputs: Sequence[str], output: str, **attributes: Attribute
    ) -> str:
        """Add a node and return the name of its output."""
        given = (_attribute(name, value) for name, value in attributes.items())
        self.nodes.append(
            _all(1, inputs) + _bytes(2, output) + _bytes(4, operator) + _all(5, given)
        )
        return output

    def constant(self, name: str, values: Tensor) -> str:
        """Add a constant and return its name."""
        self.constants[name] = values
        return name

    def model(
        self,
        inputs: Mapping[str, Sequence[int | str]],
        outputs: Mapping[str, Sequence[int | str]],
        metadata: Mapping[str, str] | None = None,
    ) -> bytes:
        """Return the model.

        Parameters
        ----------
        inputs, outputs : mapping of str to shape
            float32; a word stands for a length that is known at run time.
        metadata : mapping of str to str, optional
            What ``metadata_props`` is to say.
        """
        graph = (
            _all(1, self.nodes)
            + _bytes(2, "graph")
            + _all(5, (_tensor(name, values) for name, values in self.constants.items()))
            + _all(11, (_value(name, shape) for name, shape in inputs.items()))
            + _all(12, (_value(name, shape) for name, shape in outputs.items()))
        )
        properties = (
            _bytes(1, name) + _bytes(2, value) for name, value in (metadata or {}).items()
        )
        return (
            _number(1, IR_VERSION)
            + _bytes(2, "blastometry")
            + _bytes(7, graph)
            + _bytes(8, _bytes(1, "") + _number(2, OPSET))
            + _all(14, properties)
        )
