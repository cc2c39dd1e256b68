"""Where images come from: a folder, a manifest, one image, or a URL."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from data.errors import DataError

if TYPE_CHECKING:
    from data.files.entries import Listing


def list_source(images: Path | str, *, masks: Path | None, shared: bool) -> Listing:
    """Return all images of an input.

    Parameters
    ----------
    images : Path or str
        As `data.listing.list_images.list_images` takes it, or a folder's URL.
    masks : Path, optional
        Folder of masks.
    shared : bool
        Whether other machines will read them: their paths are then absolute.

    Raises
    ------
    DataError
        If there are none, or they cannot be listed.
    """
    from data.listing.list_images import list_images
    from data.listing.remote import list_remote

    if isinstance(images, str):
        if masks is not None:
            raise DataError(
                f"masks for images at {images}", "name them in a manifest's column 'mask'"
            )
        return list_remote(images)
    if shared:
        images = images.absolute()
        masks = None if masks is None else masks.absolute()
    return list_images(images, masks=masks)
