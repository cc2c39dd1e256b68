"""One import name for Python: quick, from any folder, beside modules of the user."""

import subprocess
import sys

import numpy as np
import pytest
from support.files.synthetic_folders import png, write_smear
from support.shared import ROOT

import blastometry
import features
from data.synthetic import synthetic_cell
from pipelines.extract import ExtractSettings
from pipelines.extract import extract as extract_command


def run(folder, code):
    """Run code in another folder, with this program on the path."""
    return subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.append({str(ROOT)!r}); {code}"],
        cwd=folder,
        check=False,
        capture_output=True,
        text=True,
    )


def test_every_promised_name_is_there():
    assert {"extract", "train", "predict", "segment", "explain", "Cell", "Recipe"} == {
        *blastometry.__all__
    }
    assert all(getattr(blastometry, name) for name in blastometry.__all__)
    assert blastometry.Cell is features.Cell
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = blastometry.nothing


def test_the_import_from_another_folder_needs_no_heavy_library(tmp_path):
    code = (
        "import blastometry; from blastometry import extract, train, predict, segment, explain; "
        "print({'numpy', 'cv2', 'numba', 'sklearn', 'pandas', 'pyarrow'} & set(sys.modules)); "
        "import blastometry.pipelines.extract"
    )
    done = run(tmp_path, code)
    assert (done.returncode, done.stdout.strip()) == (0, "set()"), done.stderr


@pytest.mark.parametrize("name", ["data", "features", "models", "pipelines"])
def test_a_module_of_the_user_with_the_name_of_a_room_is_refused(tmp_path, name):
    (tmp_path / f"{name}.py").write_text("x = 1\n")
    done = run(tmp_path, "import blastometry; blastometry.extract('nothing')")
    assert done.returncode == 1
    assert f"{name}.py has the name of a part of blastometry, '{name}'; rename it" in done.stderr


def test_a_folder_of_images_called_data_is_no_module(tmp_path):
    (tmp_path / "data").mkdir()
    done = run(tmp_path, "import blastometry; blastometry.extract('data')")
    assert "ImportError" not in done.stderr
    assert "data" in done.stderr.splitlines()[-1]


def test_extract_gives_the_table_of_the_command(tmp_path):
    images = write_smear(tmp_path / "images", subjects=2, cells=2)
    found = blastometry.extract(images, preset="minimal", jobs=1)
    settings = ExtractSettings(preset="minimal", jobs=1)
    command = extract_command(images, tmp_path / "c.parquet", settings)
    assert (len(found), command.cells) == (4, 4)
    assert command.columns < len(found.columns)
    (images / "normal" / "broken.png").write_bytes(b"no image")
    with pytest.warns(UserWarning, match=r"1 images failed; the first is normal/broken.png: "):
        blastometry.extract(images, preset="minimal", jobs=1)


def test_segment_takes_pixels_and_files(tmp_path):
    rgb = synthetic_cell(np.random.default_rng(0), label="blast").rgb
    (tmp_path / "cell.png").write_bytes(png(rgb))
    areas = []
    for image in (rgb, tmp_path / "cell.png", str(tmp_path / "cell.png")):
        (one,) = blastometry.segment(image, source="crop").cells
        assert isinstance(one.cell, blastometry.Cell)
        areas += list(blastometry.Recipe(["Cells_AreaShape_Area"]).measure(one.cell))
    assert areas[0] > 0
    assert areas == [areas[0]] * 3
