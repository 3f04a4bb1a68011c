"""Log mel filter bank features as Kaldi makes them, which is what the voice model was trained on.

25 ms windows every 10 ms (Povey window, pre-emphasis 0.97, no dither), 80 bands from 20 Hz to 8 kHz.
"""

import numpy as np
from numpy.typing import NDArray

from contracts.audio import SAMPLE_RATE_HZ

WINDOW_SAMPLES = 400
HOP_SAMPLES = 160
BANDS = 80
_FFT = 512
_LOW_HZ, _HIGH_HZ = 20.0, 8000.0
_EMPHASIS = 0.97
_FLOOR = float(np.finfo(np.float32).eps)


class Fbank:
    """Turns sound into feature frames, piece by piece: frame ``i`` starts at sample ``160 i`` of what was pushed."""

    def __init__(self) -> None:
        self._window = (np.hanning(WINDOW_SAMPLES) ** 0.85).astype(np.float32)
        self._bank = _mel_bank()
        self._rest = np.zeros(0, np.float32)

    def push(self, sound: NDArray[np.float32]) -> NDArray[np.float32]:
        """The frames that are complete with ``sound`` (-1 to 1); an array of shape [frames, 80]."""
        self._rest = np.concatenate([self._rest, sound])
        count = max(0, 1 + (len(self._rest) - WINDOW_SAMPLES) // HOP_SAMPLES)
        if count == 0:
            return np.zeros((0, BANDS), np.float32)
        frames = np.lib.stride_tricks.sliding_window_view(self._rest, WINDOW_SAMPLES)[::HOP_SAMPLES][:count]
        frames = frames - frames.mean(axis=1, keepdims=True)
        before = np.concatenate([frames[:, :1], frames[:, :-1]], axis=1)
        spectrum = np.fft.rfft((frames - _EMPHASIS * before) * self._window, _FFT, axis=1)
        self._rest = self._rest[count * HOP_SAMPLES :]
        power = np.abs(spectrum).astype(np.float32) ** 2
        features: NDArray[np.float32] = np.log(np.maximum(power @ self._bank, _FLOOR))
        return features


def _mel_bank() -> NDArray[np.float32]:
    """Triangles that are even on the mel scale, shape [257, 80]."""

    def mel(hz: float | NDArray[np.float64]) -> NDArray[np.float64]:
        return 1127.0 * np.log1p(np.asarray(hz) / 700.0)

    low, high = mel(_LOW_HZ), mel(_HIGH_HZ)
    width = (high - low) / (BANDS + 1)
    at = mel(np.arange(_FFT // 2 + 1) * SAMPLE_RATE_HZ / _FFT)[:, None]
    left = low + width * np.arange(BANDS)[None, :]
    bank = np.maximum(0.0, np.minimum((at - left) / width, (left + 2 * width - at) / width))
    bank[-1] = 0.0  # Kaldi leaves the bin at half the sample rate out
    return bank.astype(np.float32)
