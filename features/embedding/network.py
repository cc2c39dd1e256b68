"""Run an ONNX network on preprocessed images: one vector for each.

onnxruntime uses one thread, because each core has a worker already. OpenCV's own runner is not
used: with OpenCV 4.14 and 5.0 several exports crash the interpreter or give wrong values silently.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from ..errors import CellError
from .extra import import_extra

BATCH = 8
EXPORT_RECIPE = (
    "export it from torch: model = timm.create_model(…, num_classes=0).eval(); "
    'torch.onnx.export(model, pixels, "model.onnx", dynamo=True, external_data=False, '
    'dynamic_shapes=({0: "n"},))'
)


@dataclass(frozen=True)
class Port:
    """An input or an output of a network: name and shape, None for an axis that is not fixed."""

    name: str
    shape: tuple[int | None, ...]


class Network:
    """An ONNX model in memory.

    Parameters
    ----------
    content : bytes
        The model.
    name : str
        Its name in an error message.

    Raises
    ------
    CellError
        If onnxruntime is not installed or refuses the model, or if the input is not one of images.
    """

    def __init__(self, content: bytes, name: str) -> None:
        runtime = import_extra("onnxruntime")
        options = runtime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 4  # errors are raised as exceptions
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self.name = name
        self._errors = _runtime_errors()
        try:
            self._session = runtime.InferenceSession(
                content, options, providers=["CPUExecutionProvider"]
            )
        except self._errors as error:
            why = str(error).split(" : ")[-1].splitlines()[0]
            raise CellError(
                f"{name} is no model that onnxruntime reads: {why}", EXPORT_RECIPE
            ) from error
        self.metadata: Mapping[str, str] = self._session.get_modelmeta().custom_metadata_map
        self.outputs = tuple(_port(one) for one in self._session.get_outputs())
        inputs = self._session.get_inputs()
        if len(inputs) != 1 or inputs[0].type != "tensor(float)":
            seen = ", ".join(f"{one.name} {one.type}" for one in inputs)
            raise CellError(f"{name} takes {seen}", "give a model with one float32 input")
        self.input = _port(inputs[0])
        if len(self.input.shape) != 4 or self.input.shape[1] not in {3, None}:
            raise CellError(
                f"{name} takes {self.input.shape}",
                "give a model that takes (images, 3, rows, columns)",
            )

    def run(self, pixels: NDArray[np.float32], output: str) -> NDArray[np.float32]:
        """Return the vector of each image.

        Parameters
        ----------
        pixels : (n, 3, rows, cols) float32
        output : str
            Name of the output to read.

        Returns
        -------
        (n, width) float32
            Of an output with 2 axes the values, with 3 axes the first (class) token, with 4 axes
            the mean over rows and columns.

        Raises
        ------
        CellError
            If the network fails, or its output has another shape or values that are not finite.
        """
        fixed = self.input.shape[0]
        step = fixed or BATCH
        parts = []
        for start in range(0, len(pixels), step):
            batch = pixels[start : start + step]
            full = batch
            if fixed and len(batch) < fixed:
                full = np.zeros((fixed, *batch.shape[1:]), dtype=np.float32)
                full[: len(batch)] = batch
            try:
                values = self._session.run([output], {self.input.name: full})[0]
            except self._errors as error:
                why = str(error).split(" : ")[-1].splitlines()[0]
                raise CellError(f"{self.name} failed: {why}", EXPORT_RECIPE) from error
            parts.append(self._vectors(values, len(full))[: len(batch)])
        values = np.concatenate(parts)
        if not np.isfinite(values).all():
            raise CellError(
                f"{self.name} gave values that are not finite", "check its mean and std"
            )
        return cast(NDArray[np.float32], values)

    def _vectors(self, values: Any, count: int) -> NDArray[np.float32]:  # noqa: ANN401
        array = np.asarray(values)
        if array.ndim == 4:
            array = array.mean(axis=(2, 3))
        elif array.ndim == 3:
            array = array[:, 0]
        if array.ndim != 2 or len(array) != count or array.dtype.kind != "f":
            raise CellError(
                f"{self.name} gives {array.dtype} of shape {np.shape(values)} for {count} images",
                "name an output of 2, 3 or 4 axes, images first, with output=NAME",
            )
        return array.astype(np.float32)


def runtime_version() -> str:
    """Return the version of onnxruntime, from whichever of its packages."""
    return str(import_extra("onnxruntime").__version__)


def _runtime_errors() -> tuple[type[Exception], ...]:
    """Return the exceptions of onnxruntime: they share no base class below Exception."""
    state = import_extra("onnxruntime.capi.onnxruntime_pybind11_state")
    return (
        state.Fail,
        state.InvalidArgument,
        state.InvalidGraph,
        state.InvalidProtobuf,
        state.NoModel,
        state.NoSuchFile,
        state.NotImplemented,
        state.RuntimeException,
    )


def _port(one: Any) -> Port:  # noqa: ANN401
    return Port(one.name, tuple(n if isinstance(n, int) and n > 0 else None for n in one.shape))
