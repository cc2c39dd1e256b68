"""Remote images by URL, through fsspec (``s3://``, ``file://``, …)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib import import_module
from pathlib import Path, PurePosixPath
from typing import Any

from ..errors import DataError
from ..files.entries import Listing, RemoteFile
from ..files.tree import Tree, TreeFile, has_image_extension
from ..printable import printable
from .folders import read_folders


def read_remote(file: RemoteFile, *, max_bytes: int) -> bytes:
    """Return the content of a remote file.

    Raises
    ------
    DataError
        If it does not exist, cannot be read, is empty or has more than `max_bytes`.
    """
    with _open_file_system(file.url) as (system, path):
        size = system.size(path)
        if size is not None and size > max_bytes:
            raise DataError(
                f"{file.url} has {size} bytes, more than the limit of {max_bytes}",
                "export smaller fields, or raise the byte limit",
            )
        content: bytes = system.cat_file(path)
    if not content:
        raise DataError(f"{file.url} is empty (0 bytes)", "upload the file again")
    return content


def list_remote(url: str) -> Listing:
    """Return all images below a URL; sub-folders are classes as in `folders.read_folders`.

    Raises
    ------
    DataError
        If it cannot be reached or holds no images.
    """
    with _open_file_system(url) as (system, root):
        base = PurePosixPath(root)
        below = {path: PurePosixPath(path).relative_to(base) for path in system.find(root)}
        seen = {
            printable(str(path)): RemoteFile(system.unstrip_protocol(whole))
            for whole, path in below.items()
            if not any(part.startswith(".") for part in path.parts)
        }
    images = [TreeFile(name, name) for name in sorted(seen) if has_image_extension(name)]
    if not images:
        raise DataError(f"{url} holds no images ({len(seen)} files seen)", "correct the address")
    found = read_folders(Tree(Path(), tuple(images)))
    others = sorted(set(seen) - {entry.name for entry in found.entries})
    return Listing(
        RemoteFile(url),
        found.name,
        tuple(replace(entry, place=seen[entry.name]) for entry in found.entries),
        tuple((name, "not an image extension") for name in others),
        found.notes,
    )


@contextmanager
def _open_file_system(url: str) -> Iterator[tuple[Any, str]]:
    """Return file system and path of a URL; its errors are raised as DataError."""
    try:
        core: Any = import_module("fsspec.core")
    except ImportError as error:
        raise DataError(
            f"{url} needs fsspec", 'install it, in the clone: pip install ".[cluster]"'
        ) from error
    try:
        yield core.url_to_fs(url)
    except FileNotFoundError as error:
        raise DataError(f"{url} does not exist", "correct the address") from error
    except DataError:
        raise
    except (OSError, ImportError, ValueError) as error:
        words = " ".join(str(error).split())[:160]
        raise DataError(f"{url} cannot be read: {words}", "check address and access") from error
