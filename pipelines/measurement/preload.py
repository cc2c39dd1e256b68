"""Imported once by the process that workers are forked from: it does what is slow the first time.

The first cell that a process measures takes a second longer while numba reads its compiled kernels,
or half a minute where numba must compile them.
"""

from __future__ import annotations

import cv2
import numpy as np

from data.decoding import masks  # noqa: F401  (the workers need it)
from data.synthetic import synthetic_cell
from features import preset_columns

from ..workers.run_all import single_thread
from .measure_image import decode_and_segment, measure_record
from .settings import MeasurementSettings

single_thread()
_cell = synthetic_cell(np.random.default_rng(0), label="normal", size=160)
_settings = MeasurementSettings(preset_columns("standard"), keep_extras=True)
_content = cv2.imencode(".png", cv2.cvtColor(_cell.rgb, cv2.COLOR_RGB2BGR))[1].tobytes()
measure_record(_content, *decode_and_segment(_content, None, _settings.reading), _settings)
