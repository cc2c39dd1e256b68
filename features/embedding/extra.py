"""Imports of the packages that only the extra ``cnn`` installs."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from ..errors import CellError


def import_extra(name: str) -> ModuleType:
    """Import a package of the extra ``cnn``.

    Parameters
    ----------
    name : str
        ``onnx`` or ``onnxruntime``.

    Raises
    ------
    CellError
        If the package is not installed; its remedy names the extra.
    """
    try:
        return import_module(name)
    except ImportError as error:
        raise CellError(
            f"an embedding needs {name}, which is not installed",
            'install it, in the clone: pip install ".[cnn]"',
        ) from error
