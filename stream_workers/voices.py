"""The two models behind speaker labels, run by onnxruntime on one thread.

*Activity* (pyannote segmentation 3.0, MIT): who of up to three local people speaks in each 17 ms of a window.
*Voiceprint* (CAM++ of 3D-Speaker, Apache-2.0): 192 numbers that are close for the same voice.
The graphs lie beside this file and point into the published weight files by offset, so nothing is unpickled
and nothing is converted; ``deploy/voice_graphs.py`` makes them.
"""

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from contracts.errors import Misconfigured

WEIGHTS = ("campplus_cn_en_common.pt", "segmentation-3.0.bin")
PRINTS = "campplus_cn_en_common"
"""Which model makes the voiceprints: those of another are not comparable."""
WINDOW_S = 5.0
"""The longest window that ``activity`` is asked about."""
STEP_SAMPLES = 270
"""Distance of two activity frames."""
CENTRE_SAMPLES = 495.5
"""Middle of the first activity frame after the start of the window."""
MIN_SAMPLES = 4000
PRINT_FRAMES = 198
"""Most feature frames in one voiceprint (2 s)."""
LOCAL = 3
_CLASSES = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [1, 0, 1], [0, 1, 1]], dtype=bool)
_GRAPHS = Path(__file__).with_name("graphs")


def folder(models: Path) -> Path:
    """Where the weight files lie."""
    return models / "speakers"


def missing(models: Path) -> list[Path]:
    """The weight files that are not there."""
    return [path for name in WEIGHTS if not (path := folder(models) / name).is_file()]


class Voices:
    """Both models, loaded. Calls are safe from several threads; they keep no state."""

    def __init__(self, models: Path) -> None:
        """Raises Misconfigured when a weight file is missing or damaged."""
        self._activity = _session("segmentation.onnx", folder(models))
        self._voiceprint = _session("campplus.onnx", folder(models))

    def activity(self, sound: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Who speaks in ``sound`` (at least MIN_SAMPLES): shape [frames, 3]; columns are people of this window only."""
        powerset = self._activity.run(None, {"sound": sound[None, None]})[0][0]
        active: NDArray[np.bool_] = _CLASSES[powerset.argmax(axis=1)]
        return active

    def voiceprint(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """The unit vector of the voice in feature frames [frames, 80]; longer than 2 s is cut into even parts."""
        parts = np.array_split(features, -(-len(features) // PRINT_FRAMES))
        total = np.zeros(192, np.float32)
        for part in parts:
            centred = (part - part.mean(axis=0))[None]
            total += self._voiceprint.run(None, {"features": centred})[0][0] * len(part)
        unit: NDArray[np.float32] = total / max(float(np.linalg.norm(total)), 1e-9)
        return unit


def _session(graph: str, weights: Path) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.add_session_config_entry("session.model_external_initializers_file_folder_path", str(weights))
    try:
        return onnxruntime.InferenceSession((_GRAPHS / graph).read_bytes(), options, providers=["CPUExecutionProvider"])
    except Exception as exc:  # onnxruntime raises its own unexported classes, all under Exception
        raise Misconfigured(f"the speaker model {graph} cannot be loaded", source="speakers") from exc
