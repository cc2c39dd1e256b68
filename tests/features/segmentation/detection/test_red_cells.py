"""The diameter of red cells, where it is known."""

from __future__ import annotations

import numpy as np
import pytest

from data.drawn_fields.camera import Camera
from data.drawn_fields.cameras import CAMERAS
from data.drawn_fields.content import FieldContent
from data.drawn_fields.draw import draw_field
from features.segmentation.detection.background import fit_background
from features.segmentation.detection.red_cells import red_cell_diameter


def measured(rgb: np.ndarray) -> float | None:
    return red_cell_diameter(rgb, fit_background(rgb))


@pytest.mark.parametrize("diameter", [14, 24, 40, 90])
@pytest.mark.parametrize("pallor", [0.0, 0.8])
def test_drawn_red_cells(diameter: float, pallor: float) -> None:
    content = FieldContent(white_cells=2, crowding=0.25, overlap=0.0, pallor=pallor)
    camera = Camera(red_cell=float(diameter))
    side = max(240, 9 * diameter)
    field = draw_field(3, shape=(side, side + 80), content=content, camera=camera)
    found = measured(field.rgb)
    assert found is not None
    assert found == pytest.approx(diameter, rel=0.2)


@pytest.mark.parametrize("name", sorted(CAMERAS))
def test_cameras(name: str) -> None:
    camera = CAMERAS[name]
    side = round(10 * camera.red_cell)
    content = FieldContent(white_cells=2, crowding=0.3)
    field = draw_field(5, shape=(side, side + 60), content=content, camera=camera)
    found = measured(field.rgb)
    assert found is not None
    assert found == pytest.approx(camera.red_cell, rel=0.3)


def test_nothing_stained_has_no_red_cells() -> None:
    assert measured(np.full((100, 100, 3), 230, np.uint8)) is None
