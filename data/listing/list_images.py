"""List the images of a folder, an image file or a manifest, with their labels and subjects."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path, PurePosixPath
from posixpath import splitext

from ..errors import DataError
from ..files.entries import Entry, Listing
from ..files.tree import Tree, TreeFile, has_image_extension, read_tree
from ..layouts.all_idb import note_names
from ..layouts.known_layouts import recognise
from ..printable import printable
from .folder_levels import IMAGE_FOLDERS, MASK_FOLDERS
from .folders import read_folders, with_user_labels
from .manifest import read_manifest
from .mask_names import mask_name_candidates

__all__ = ["Entry", "Listing", "list_images"]

_ACCEPTED = "give a folder with PNG, JPEG, BMP, TIFF or WebP images, an image, or a CSV manifest"


def list_images(source: Path, *, masks: Path | None = None) -> Listing:
    """Return all images of a folder, an image file, or a CSV manifest.

    Sub-folders are classes. Images of a public data set (`layouts`) that are not in class folders
    have the labels of the set. A folder ``masks`` next to a folder ``images`` (or ``img``) holds
    masks.

    Parameters
    ----------
    source : Path
        Folder, image file, or manifest (``.csv``).
    masks : Path, optional
        Folder of masks at the images' relative paths, also in folders of the same name as those
        that hold the images. A mask's extension replaces the image's extension, or follows it.

    Raises
    ------
    DataError
        If there are no images, or `source`, `masks` or a table cannot be used.
    """
    shown = printable(str(source))
    try:
        exists = source.exists()
    except OSError as error:
        raise DataError(f"{shown} cannot be read: {error.strerror}", "check the path") from error
    if not exists:
        raise DataError(f"{shown} does not exist", "correct the path")
    if source.is_dir():
        listing = _list_tree(read_tree(source), masks)
    elif source.suffix.lower() in (".csv", ".tsv"):
        listing = read_manifest(source)
    elif has_image_extension(source):
        image = TreeFile(str(source), printable(source.name))
        listing = _list_tree(Tree(source.parent, (image,)), masks)
        if listing.layout == "flat folder":
            listing = replace(listing, layout="single image")
    else:
        raise DataError(f"{shown} is neither a folder, an image nor a CSV manifest", _ACCEPTED)
    if masks is None:
        return listing
    given = read_tree(masks).images
    paired = _with_masks(listing, given, _folders_of_masks(listing, given))
    if not any(entry.mask_place for entry in paired.entries):
        seen = f", only {given[0].name} for example" if given else ", and no picture"
        raise DataError(
            f"{printable(str(masks))} holds no mask for any image, "
            f"{listing.entries[0].name} for example{seen}",
            "name each mask as its image, at the same relative path",
        )
    return paired


def _list_tree(tree: Tree, masks: Path | None) -> Listing:
    tree, given = _split_masks(tree, masks)
    if not tree.images:
        kinds = Counter(PurePosixPath(name).suffix or "no extension" for name, _ in tree.skipped)
        seen = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())) or "nothing"
        raise DataError(f"{printable(str(tree.root))} holds no images (seen: {seen})", _ACCEPTED)
    known = recognise(tree)
    found = with_user_labels(known) if known else read_folders(tree)
    unlabelled = all(entry.label is None for entry in found.entries)
    listing = Listing(
        tree.root,
        found.name,
        tuple(sorted(found.entries, key=lambda entry: entry.name)),
        tuple(sorted(tree.skipped)),
        (*found.notes, *(note_names(tree) if unlabelled and not known else ())),
        found.evidence,
    )
    return _with_masks(listing, given) if given else listing


def _split_masks(tree: Tree, masks: Path | None) -> tuple[Tree, tuple[TreeFile, ...]]:
    """Return the tree without masks, and the masks of a folder next to a folder of images.

    If `masks` is inside the tree, its files are removed from the tree; the caller reads them.
    """
    if masks is not None:
        folder = masks.resolve()
        if folder == tree.root.resolve():
            raise DataError(
                f"{printable(str(masks))} is the folder of the images",
                "put masks into their own folder",
            )
        root = tree.root.resolve()
        inside = (
            f"{printable(folder.relative_to(root).as_posix())}/"
            if folder.is_relative_to(root)
            else None
        )
        kept = tuple(
            image for image in tree.images if not (inside and image.name.startswith(inside))
        )
        return replace(tree, images=kept), ()
    folders = {_first(image) for image in tree.images}
    if folders & IMAGE_FOLDERS == set() or folders & MASK_FOLDERS == set():
        return tree, ()
    if not folders <= IMAGE_FOLDERS | MASK_FOLDERS:
        return tree, ()
    kept = tuple(image for image in tree.images if _first(image) in IMAGE_FOLDERS)
    given = tuple(
        TreeFile(image.place, "/".join(image.pure.parts[1:]))
        for image in tree.images
        if _first(image) in MASK_FOLDERS
    )
    return replace(tree, images=kept), given


def _first(image: TreeFile) -> str:
    """Return the first part of an image's name, in lower case."""
    return image.name.partition("/")[0].lower()


def _folders_of_masks(listing: Listing, masks: tuple[TreeFile, ...]) -> str:
    """Return the last folders of the images' path that the masks are in, with ``/``; or "".

    The masks of ``smears/blast`` or of ``smears/blast/1.png`` may be in ``masks/blast``.
    """
    if not isinstance(listing.root, Path) or listing.layout == "manifest":
        return ""
    parts = [printable(part) for part in listing.root.resolve().parts[1:]]
    for start in range(len(parts)):
        folders = "/".join(parts[start:]) + "/"
        if any(mask.name.startswith(folders) for mask in masks):
            return folders
    return ""


def _with_masks(listing: Listing, masks: tuple[TreeFile, ...], folders: str = "") -> Listing:
    """Return the listing with the mask of each entry's relative path below `folders`."""
    by_name: dict[str, str] = {}
    for mask in masks:
        name = splitext(mask.name)[0]
        if name in by_name:
            raise DataError(
                f"two masks for {name}: {Path(by_name[name]).name} and {mask.path.name}",
                "keep one of them",
            )
        by_name[name] = mask.place
    entries = _paired(listing.entries, by_name, folders)
    notes = [
        f"{sum(one.mask_place is not None for one in entries)} of {len(entries)} images have a mask"
    ]
    unused = sorted(set(map(Path, set(by_name.values()) - {one.mask_place for one in entries})))
    if unused:
        notes.append(f"{len(unused)} masks belong to no image, {unused[0].name} for example")
    return replace(listing, entries=entries, notes=(*listing.notes, *notes))


def _paired(entries: tuple[Entry, ...], by_name: dict[str, str], folders: str) -> tuple[Entry, ...]:
    """Return the entries with their masks; more specific names have priority.

    ``a.jpg.png`` is the mask of ``a.jpg`` if there is such an image, else of ``a.jpg.png``.
    """
    found = [entry.mask_place for entry in entries]
    free = dict(by_name)
    candidates = (mask_name_candidates(folders + entry.name) for entry in entries)
    for names in zip(*candidates, strict=True):
        matched = [
            index for index, name in enumerate(names) if found[index] is None and name in free
        ]
        for index in matched:
            found[index] = free[names[index]]
        for name in {names[index] for index in matched}:
            del free[name]
    return tuple(
        replace(entry, mask_place=place) for entry, place in zip(entries, found, strict=True)
    )
