"""The process that workers are forked from has compiled every kernel they need."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

# Prints the kernels that were not compiled before cells of a smear were measured.
PROGRAM = """
import sys
import cv2
import pipelines.measurement.preload
from numba.core.dispatcher import Dispatcher
from data.synthetic import synthetic_smear
from features import preset_columns
from pipelines.measurement.measure_image import measure_record, decode_and_segment
from pipelines.measurement.settings import MeasurementSettings

def compiled():
    modules = [one for name, one in sys.modules.items() if name.startswith("features.")]
    kernels = [one for module in modules for one in vars(module).values()]
    return {(k.py_func, s) for k in kernels if isinstance(k, Dispatcher) for s in k.signatures}

before = compiled()
assert len(before) > 40
settings = MeasurementSettings(preset_columns("standard"), keep_extras=True)
for cell in synthetic_smear(5, subjects=2, cells_per_subject=5):
    content = cv2.imencode(".png", cell.rgb[:, :, ::-1])[1].tobytes()
    measure_record(content, *decode_and_segment(content, None, settings.reading), settings)
print(sorted(kernel.__name__ for kernel, _ in compiled() - before))
"""


def test_the_preload_compiles_every_kernel():
    """It would count against the time limit of an image, and be compiled by each worker."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "[]\n"
