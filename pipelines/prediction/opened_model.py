"""A stored model, ready to be applied to images or to a feature table."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from data.errors import DataError

from ..measurement.settings import MeasurementSettings
from .pixel_size import reading_for_model

if TYPE_CHECKING:
    from features.colour.standardisation import Stain
    from models.storage.bundle import Bundle

    from ..measurement.network import ChosenNetwork
    from ..measurement.settings import ReadingSettings


@dataclass(frozen=True)
class OpenedModel:
    """A stored model, ready to be applied to images.

    Parameters
    ----------
    bundle : Bundle
    network : ChosenNetwork or None
        The network whose embedding the model reads.
    stain : {"none", "background", "standard"}
        Colours that the model's features saw.
    pixel_size : float or None
        Micrometres per pixel of the training images, as measured.
    """

    bundle: Bundle
    network: ChosenNetwork | None
    stain: Stain
    pixel_size: float | None

    def measurement(
        self, reading: ReadingSettings, *, rescale: bool, keep_extras: bool
    ) -> tuple[MeasurementSettings, list[str]]:
        """Return what must be measured in an image for this model, and notes for the user.

        Parameters
        ----------
        reading : ReadingSettings
        rescale : bool
            Whether to resize the images to the size of a pixel in the training images.
        keep_extras : bool
            Whether to describe the pictures as well.

        Raises
        ------
        DataError
            If the images have another size of a pixel and are not resized.
        """
        reading, notes = reading_for_model(reading, self.pixel_size, rescale=rescale)
        embedded = self.network.embedding.versions() if self.network else {}
        named = tuple(name for name in self.bundle.columns if name not in embedded)
        settings = MeasurementSettings(
            named, reading, self.network, self.stain, keep_extras=keep_extras
        )
        return settings, notes


def open_model(model: Path, embedding: str | None) -> OpenedModel:
    """Load a model and find its network, if it has one.

    Parameters
    ----------
    model : Path
        Folder of a bundle that `train` wrote.
    embedding : str or None
        Path of the network; None for ``lite0``.

    Raises
    ------
    CellError, ModelError
        If the model or the network does not fit this installation.
    """
    from features.core.catalogue import column_versions
    from models.storage.bundle import load_bundle

    network = _network(model, embedding)
    embedded = network.embedding.versions() if network else {}
    bundle = load_bundle(model, feature_versions=column_versions() | embedded)
    known = bundle.metadata
    return OpenedModel(bundle, network, known.get("stain", "none"), known.get("pixel_size"))


def _network(model: Path, location: str | None) -> ChosenNetwork | None:
    """Find the network that a model was trained with, if there is one."""
    from models.storage.bundle import stored_training

    from ..measurement.network import stored_network

    record = stored_training(model).get("embedding")
    if record is not None:
        return stored_network(record, location)
    if location is not None:
        raise DataError(f"{model} uses no network", "run the command without --embedding")
    return None
