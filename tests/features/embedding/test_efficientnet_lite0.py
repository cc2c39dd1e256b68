"""The default network: weights read without torch, values equal to those of torch."""

from __future__ import annotations

import io
import os
import pickle
import struct
import sys
from collections import Counter, OrderedDict
from pathlib import Path

import numpy as np
import pytest
from skimage import data
from support.tables.onnx_models import needs_lite0

from features.embedding.efficientnet_lite0 import (
    METADATA,
    SHA256,
    WIDTH,
    lite0_model,
    read_weights,
)
from features.embedding.network import Network
from features.embedding.network_input import read_preprocessing
from features.embedding.torch_reader import MAGIC, PROTOCOL, read_tensors
from features.errors import CellError
from pipelines.measurement.network import _file

# Values of torch 2.13.0 for the same weights, from a network of its own functions (batch
# normalisation in evaluation mode, explicit padding): values, sum and norm of the vector.
AT = [0, 100, 200, 300, 500, 700, 900, 1000, 1100, 1200]
# fmt: off
GOLDEN = {
    "waves": ([0.07791, 0.0, 0.053442, 0.0, 0.076201, 0.404664, 0.051438, 0.0, 0.218021, 0.005688],
              232.25156, 19.39395),
    "cat": ([0.0, 0.270877, 0.053712, 0.0, 0.0, 0.267358, 0.0, 0.00774, 0.0, 0.0],
            192.9281, 16.88248),
    "cup": ([0.0, 0.0, 0.005961, 0.105216, 0.004399, 0.0, 0.030833, 0.0, 0.597888, 0.066674],
            185.43738, 13.87566),
    "cat, BGR": ([0.219994, 0.234113, 0.02549, 0.01177, 0.075687, 0.290255, 0.0, 0.000104, 0, 0],
                 237.66544, 17.20134),
}
# fmt: on
CATS = range(281, 286)
ESPRESSO = 967


def images() -> dict[str, np.ndarray]:
    row, col = np.mgrid[:224, :224]
    cat = data.chelsea()[:224, :224]
    return {
        "waves": np.stack([row, col, (row * col) % 256], axis=-1).astype(np.uint8),
        "cat": cat,
        "cup": data.coffee()[100:324, 100:324],
        "cat, BGR": np.ascontiguousarray(cat[..., ::-1]),
    }


@pytest.fixture(scope="module")
def tensors():
    return read_weights(_file("lite0")[0])


@pytest.fixture(scope="module")
def network(tensors):
    return Network(lite0_model(tensors), "lite0")


def embedded(network, rgb, **given):
    settings = read_preprocessing(network, given)
    return network.run(settings.apply(rgb)[None], settings.output)[0]


@needs_lite0
@pytest.mark.parametrize("name", GOLDEN)
def test_values_equal_those_of_torch(network, name):
    values, total, length = GOLDEN[name]
    found = embedded(network, images()[name])
    assert found.shape == (WIDTH,)
    assert found[AT] == pytest.approx(values, abs=1e-4)
    assert found.sum(dtype=float) == pytest.approx(total, abs=1e-2)
    assert np.linalg.norm(found.astype(float)) == pytest.approx(length, abs=1e-3)


@needs_lite0
def test_the_order_of_the_planes_matters(network):
    rgb = images()["cat"]
    assert np.abs(embedded(network, rgb) - embedded(network, rgb, order="BGR")).max() > 1
    swapped = embedded(network, images()["cat, BGR"], order="BGR")
    assert swapped == pytest.approx(embedded(network, rgb), abs=1e-4)


@needs_lite0
@pytest.mark.parametrize("fit", ["pad", "squash"])
def test_the_classification_head_sees_a_cat_and_an_espresso(tensors, network, fit):
    head, bias = tensors["_fc.weight"], tensors["_fc.bias"]
    seen = [
        int(np.argmax(head @ embedded(network, rgb, fit=fit) + bias))
        for rgb in (data.chelsea(), data.coffee())
    ]
    assert seen[0] in CATS
    assert seen[1] == ESPRESSO


@needs_lite0
def test_a_file_with_another_checksum_is_refused():
    content = _file("lite0")[0]
    with pytest.raises(CellError, match=rf"efficientnet.* has SHA-256 \w{{64}}, wanted {SHA256}"):
        read_weights(content[:-1])


@needs_lite0
@pytest.mark.parametrize("keep", [0, 10, 1000, 50_000, -1])
def test_a_truncated_file_is_refused_by_name(keep):
    content = _file("lite0")[0]
    with pytest.raises(CellError, match=r"w\.pth is (cut short|no file of tensors)"):
        read_tensors(content[:keep], "w.pth")


def legacy(state: bytes, storages: dict[str, np.ndarray]) -> bytes:
    """A legacy torch file around a pickled mapping."""
    facts = {"protocol_version": PROTOCOL, "little_endian": True, "type_sizes": {}}
    head = b"".join(pickle.dumps(one, 2) for one in (MAGIC, PROTOCOL, facts))
    body = b"".join(struct.pack("<q", v.size) + v.tobytes() for v in storages.values())
    return head + state + pickle.dumps(list(storages), 2) + body


def tensor_pickle(count: int, offset: int, shape: tuple[int, ...], strides: tuple[int, ...]):
    """{'w': tensor}, written as torch's pickler writes it."""

    def word(text: str) -> bytes:
        return b"X" + struct.pack("<I", len(text)) + text.encode()

    def number(value: int) -> bytes:
        return b"J" + struct.pack("<i", value)

    def numbers(values: tuple[int, ...]) -> bytes:
        return b"(" + b"".join(map(number, values)) + b"t"

    storage = b"(" + word("storage") + b"ctorch\nFloatStorage\n" + word("7") + word("cpu")
    storage += number(count) + b"NtQ"
    call = b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage + number(offset) + numbers(shape)
    call += numbers(strides) + b"\x89}tR"
    return b"\x80\x02}" + word("w") + call + b"s."


def test_a_tensor_is_read_by_its_strides():
    values = np.arange(8, dtype="<f4")
    content = legacy(tensor_pickle(8, 1, (2, 3), (1, 2)), {"7": values})
    assert read_tensors(content, "w.pth")["w"].tolist() == [[1, 3, 5], [2, 4, 6]]


@pytest.mark.parametrize(
    ("count", "offset", "shape", "strides"),
    [(8, 0, (3, 3), (3, 1)), (8, 6, (3,), (1,)), (8, -1, (2,), (1,)), (8, 0, (2,), (-1,))],
)
def test_a_tensor_that_leaves_its_storage_is_refused(count, offset, shape, strides):
    state = tensor_pickle(count, offset, shape, strides)
    with pytest.raises(CellError, match=r"w\.pth is no file of tensors: .* leaves its storage"):
        read_tensors(legacy(state, {"7": np.arange(8, dtype="<f4")}), "w.pth")


def test_a_storage_of_another_length_is_refused():
    content = legacy(tensor_pickle(6, 0, (6,), (1,)), {"7": np.arange(8, dtype="<f4")})
    with pytest.raises(CellError, match="storage 7 has 8 values, wanted 6"):
        read_tensors(content, "w.pth")


class Attack:
    def __init__(self, place: Path) -> None:
        self.place = place

    def __reduce__(self):
        return os.mkdir, (self.place,)


def test_a_forged_pickle_is_refused_and_not_executed(tmp_path):
    mark = tmp_path / "was here"
    state = pickle.dumps(OrderedDict(w=Attack(mark)), 2)
    with pytest.raises(
        CellError, match=r"evil\.pth is no file of tensors: it asks for (posix|nt).mkdir"
    ):
        read_tensors(legacy(state, {}), "evil.pth")
    assert not mark.exists()
    pickle.load(io.BytesIO(state))  # noqa: S301  (the attack is real)
    assert mark.exists()


@pytest.mark.parametrize("call", ["builtins.eval", "os.system", "torch.load", "numpy.ndarray"])
def test_only_four_names_are_allowed(call):
    module, name = call.rsplit(".", 1)
    state = f"c{module}\n{name}\n.".encode()
    with pytest.raises(CellError, match=f"it asks for {call}"):
        read_tensors(legacy(state, {}), "w.pth")


@pytest.mark.parametrize(
    "state",
    [
        pickle.dumps({"w": 1}, 2),
        pickle.dumps([1], 2),
        b"\x80\x02X\x01\x00\x00\x00aQ.",
        b"ctorch._utils\n_rebuild_tensor_v2\n)R.",
        b"garbage",
    ],
)
def test_a_pickle_without_a_mapping_of_tensors_is_refused(state):
    with pytest.raises(CellError, match=r"w\.pth is"):
        read_tensors(legacy(state, {}), "w.pth")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", pickle.dumps(MAGIC, 2) * 3])
def test_another_kind_of_file_is_refused(content):
    with pytest.raises(CellError, match=r"w\.pth is"):
        read_tensors(content, "w.pth")


@needs_lite0
def test_the_graph_is_valid_and_holds_its_preprocessing(tensors):
    import onnx  # in the extra

    model = onnx.load_from_string(lite0_model(tensors))
    onnx.checker.check_model(model, full_check=True)
    operators = Counter(node.op_type for node in model.graph.node)
    assert operators == {"Conv": 49, "Clip": 33, "Add": 9, "GlobalAveragePool": 1, "Flatten": 1}
    assert (model.ir_version, model.opset_import[0].version) == (8, 17)
    assert {one.key: one.value for one in model.metadata_props} == METADATA


@needs_lite0
def test_the_same_weights_give_the_same_bytes(tensors):
    assert lite0_model(tensors) == lite0_model(tensors)


def test_without_onnx_one_line_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(CellError, match=r"needs onnx, which is not installed; .*\.\[cnn\]"):
        lite0_model({})
