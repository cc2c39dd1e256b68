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
        A path as `data.listing.list_images.list_images` takes it, or the URL of a folder.
    masks : Path, optional
        Folder of masks.
    shared : bool
        Whether other machines read the images, so that their paths must be absolute.

    Raises
    ------
    DataError
        If there are no images, or they cannot be listed.
    """
    from data.listing.list_images import list_images
    from data.listing.remote import list_remote

    if isinstance(images, str):
        if masks is not None:
            raise DataError(
                f"--masks does not work with images at a URL ({images})",
                "name the masks in the column 'mask' of a manifest",
            )
        return list_remote(images)
    if shared:
        images = images.absolute()
        masks = None if masks is None else masks.absolute()
    return list_images(images, masks=masks)
