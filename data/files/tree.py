"""All files below a folder, each exactly once."""

from __future__ import annotations

import os
from collections import deque
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ..decoding.images import EXTENSIONS, OTHER_EXTENSIONS, is_image
from ..errors import DataError
from ..printable import printable

_PICTURES = EXTENSIONS | OTHER_EXTENSIONS


@dataclass(frozen=True, slots=True)
class TreeFile:
    """A file: `place` is its path, `name` its printable path relative to the folder, with ``/``."""

    place: str
    name: str

    @property
    def path(self) -> Path:
        """Path of the file; created on demand to save memory."""
        return Path(self.place)

    @property
    def file(self) -> str:
        """File name, unescaped."""
        return os.path.split(self.place)[1]

    @property
    def stem(self) -> str:
        """File name without its extension."""
        return os.path.splitext(self.file)[0]  # noqa: PTH122  (see `path`)

    @property
    def folders(self) -> tuple[str, ...]:
        """Names of the folders between the listed folder and the file, outermost first."""
        return self.pure.parts[:-1]

    @property
    def pure(self) -> PurePosixPath:
        """`name` as a pure path."""
        return PurePosixPath(self.name)


@dataclass(frozen=True)
class Tree:
    """The images and CSV tables below a folder, and the skipped files with a reason."""

    root: Path
    images: tuple[TreeFile, ...]
    tables: tuple[TreeFile, ...] = ()
    skipped: tuple[tuple[str, str], ...] = ()


def read_tree(root: Path) -> Tree:
    """Return all files below `root`, sorted by name; hidden files are skipped.

    A folder that is reached more than once through symbolic links is read once, under its real
    path if that is below `root`. A file with the extension or the signature of an image format is
    an image, even if it cannot be decoded.
    """
    images: list[TreeFile] = []
    tables: list[TreeFile] = []
    skipped: list[tuple[str, str]] = []
    pending, linked = deque([(root, "")]), deque[tuple[Path, str]]()
    seen: set[tuple[int, int]] = set()
    while pending or linked:
        folder, prefix = (pending or linked).popleft()
        try:
            status = folder.stat()
            with os.scandir(folder) as listed:
                children = sorted(listed, key=lambda child: child.name)
        except OSError as error:
            if folder == root:
                raise _no_folder(root, error) from error
            skipped.append((prefix, f"folder cannot be read: {error.strerror}"))
            continue
        # Some network folders have inode 0; then the resolved path identifies a folder.
        place = (status.st_dev, status.st_ino) if status.st_ino else (-1, hash(folder.resolve()))
        if place in seen:
            skipped.append((prefix, "link to a folder that is already listed"))
            continue
        seen.add(place)
        for child in children:
            name = prefix + printable(child.name)
            if child.name.startswith("."):
                skipped.append((name, "hidden"))
            elif _is_folder(child):
                (linked if child.is_symlink() else pending).append((Path(child.path), f"{name}/"))
            else:
                _sort_file(TreeFile(child.path, name), images, tables, skipped)
    return Tree(root, _by_name(images), _by_name(tables), tuple(sorted(skipped)))


def _no_folder(root: Path, error: OSError) -> DataError:
    shown = printable(str(root))
    if isinstance(error, FileNotFoundError):
        return DataError(f"{shown} does not exist", "correct the path")
    if isinstance(error, NotADirectoryError):
        return DataError(f"{shown} is not a folder", "name a folder")
    return DataError(f"{shown} cannot be read: {error.strerror}", "check its permissions")


def _is_folder(child: os.DirEntry[str]) -> bool:
    try:
        return child.is_dir()
    except OSError:  # a link to itself; reading it as a file reports the error
        return False


def _sort_file(
    found: TreeFile, images: list[TreeFile], tables: list[TreeFile], skipped: list[tuple[str, str]]
) -> None:
    if has_image_extension(found.place):
        images.append(found)
        return
    path = found.path
    if path.suffix.lower() in (".csv", ".tsv"):
        tables.append(found)
        skipped.append((found.name, "a table, not an image"))
        return
    try:
        if not path.is_file():
            skipped.append((found.name, "not a regular file"))
            return
        with path.open("rb") as file:
            start = file.read(32)
    except OSError as error:
        skipped.append((found.name, f"cannot be read: {error.strerror}"))
        return
    if is_image(start):
        images.append(found)
    else:
        skipped.append((found.name, "not a PNG, JPEG, BMP, TIFF or WebP image"))


def has_image_extension(place: Path | str) -> bool:
    """Whether a file has the extension of an image format, in any case."""
    return os.path.splitext(place)[1].lower() in _PICTURES  # noqa: PTH122  (see `TreeFile.path`)


def _by_name(files: list[TreeFile]) -> tuple[TreeFile, ...]:
    return tuple(sorted(files, key=lambda found: found.name))
