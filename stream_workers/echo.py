"""Tells the echo of a call in a microphone from what is said at it. Pure; time is counted in samples.

The loudspeaker's way into the microphone delays the call, colours it and smears it by the room; what is left of the
call is therefore, band by band, the call's own loudness a moment earlier times a constant. ``Path`` learns delay and
constants from stretches in which both go up and down together; a word is echo when the path alone explains nearly all
that the microphone heard in it. Somebody who speaks at the same time is louder than that in their own bands.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from contracts.audio import SAMPLE_RATE_HZ

Levels = NDArray[np.float32]
"""Decibels, [frames, BANDS]."""

HOP_SAMPLES = 160
FFT = 512
BANDS = 20
LOW_HZ, HIGH_HZ = 200.0, 6500.0
MARGIN_S = 0.8
"""How far the two tracks' clocks and the loudspeaker's way may shift the call."""
SMEAR = 0.65
"""What a room keeps of a sound's energy from one frame to the next (a decay of 60 dB in 0.3 s)."""
RANGE_DB = 45.0
"""What lies deeper below the loudest is noise."""
_SURE = 0.5
"""So much together shows a way from call to microphone."""
_LIKELY = 0.4
"""So much is enough for one that is known."""
_NOT = 0.25
"""With less than this the microphone hears something else."""
_LOUD_SHARE = 0.5
_SPARE_DB = 8.0
"""An echo may be so much louder than the path says."""
_EXPLAINED = 0.7
_FORGET = 0.85
_TRUSTED = 0.3


@dataclass(frozen=True, slots=True)
class Path:
    """The way from the call to the microphone. ``lag``: frames; ``gains``: dB per band; ``trust``: 0 = not known."""

    lag: int = 0
    gains: tuple[float, ...] = ()
    trust: float = 0.0


def levels(pcm: NDArray[np.int16]) -> Levels:
    """Loudness per frame and band of a stretch of sound."""
    count = (len(pcm) - FFT) // HOP_SAMPLES + 1
    if count <= 0:
        return np.zeros((0, BANDS), np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(pcm.astype(np.float32), FFT)[::HOP_SAMPLES][:count]
    power = np.abs(np.fft.rfft(frames * _WINDOW, axis=1)) ** 2
    found: Levels = (10 * np.log10(power @ _BANK + 1.0)).astype(np.float32)
    return found


def smeared(call: Levels) -> Levels:
    """The call as a room keeps it."""
    power: Levels = (10 ** (call / 10)).astype(np.float32)
    for n in range(1, len(power)):
        power[n] += SMEAR * power[n - 1]
    smooth: Levels = (10 * np.log10(power)).astype(np.float32)
    return smooth


def listen(path: Path, mic: Levels, call: Levels, ahead: int) -> Path:
    """``path`` after one more stretch. ``call`` begins ``ahead`` frames before ``mic`` and is smeared."""
    if len(mic) == 0:
        return path
    scores = np.array([_together(mic, call[ahead - lag :][: len(mic)]) for lag in range(-ahead, ahead + 1)])
    lag = int(np.argmax(scores)) - ahead
    known = path.trust > 0
    near = scores[max(0, path.lag + ahead - 2) : path.lag + ahead + 3].max() if known else 0.0
    if known and near >= _LIKELY and near > scores.max() - 0.12:
        lag = path.lag
    elif scores.max() < _SURE:
        return replace(path, trust=path.trust * 0.98)
    gains = _gains(mic, call[ahead - lag :][: len(mic)])
    if known and lag == path.lag:
        gains = _FORGET * np.array(path.gains) + (1 - _FORGET) * np.minimum(gains, np.array(path.gains) + 6)
    elif known and path.trust > 0.5 and scores.max() < _SURE + 0.1:
        return replace(path, trust=path.trust * 0.9)
    trust = min(1.0, (path.trust if lag == path.lag else 0.0) + 0.4)
    return Path(lag, tuple(round(float(g), 1) for g in gains), trust)


def explained(path: Path, mic: Levels, call: Levels, ahead: int) -> NDArray[np.float32]:
    """Per frame of ``mic`` the share of its energy that the path alone may have brought, 0 to 1."""
    if not path.gains or len(mic) == 0:
        return np.zeros(len(mic), np.float32)
    there = call[ahead - path.lag :][: len(mic)]
    if path.trust < _TRUSTED or _together(mic, there) < _NOT:
        return np.zeros(len(mic), np.float32)
    echo = there + np.array(path.gains, np.float32) + _SPARE_DB
    power = 10 ** (mic[: len(there)] / 10)
    share: NDArray[np.float32] = (power * (mic[: len(there)] <= echo)).sum(axis=1) / power.sum(axis=1)
    return share


def is_echo(share: NDArray[np.float32], mic: Levels, start: int, end: int) -> bool:
    """Whether what was heard from frame ``start`` to ``end`` is echo: its loud frames, weighed by how loud they are."""
    end = max(end, start + 8)
    loud = mic[start:end].max(axis=1, initial=0.0)
    if len(loud) == 0:
        return False
    weight = np.maximum(0.0, loud - (loud.max() - 20.0))
    return bool((share[start:end] * weight[: len(share[start:end])]).sum() > _EXPLAINED * weight.sum())


def _together(mic: Levels, call: Levels) -> float:
    """How much both go up and down together: correlation over bands and frames, each band about its own mean."""
    if len(call) < len(mic):
        return 0.0
    m, c = _about_mean(mic), _about_mean(call)
    return float((m * c).sum() / (np.sqrt((m * m).sum() * (c * c).sum()) + 1e-6))


def _about_mean(x: Levels) -> Levels:
    clipped = np.maximum(x, x.max() - RANGE_DB)
    centred: Levels = clipped - clipped.mean(axis=0, keepdims=True)
    return centred


def _gains(mic: Levels, call: Levels) -> NDArray[np.float64]:
    """Per band how loud the call arrives: from the moments in which it is loud there."""
    least = np.quantile(call, 1 - _LOUD_SHARE, axis=0)
    gains = np.full(BANDS, -60.0)
    for band in range(BANDS):
        loud = call[:, band] >= least[band]
        if loud.any():
            gains[band] = np.quantile((mic - call)[loud, band], 0.45)
    return gains


def _make_bank() -> NDArray[np.float32]:
    def mel(hz: float | NDArray[np.float64]) -> NDArray[np.float64]:
        return 1127.0 * np.log1p(np.asarray(hz) / 700.0)

    edges = np.linspace(float(mel(LOW_HZ)), float(mel(HIGH_HZ)), BANDS + 2)
    at = mel(np.arange(FFT // 2 + 1) * SAMPLE_RATE_HZ / FFT)[:, None]
    left, centre, right = edges[None, :-2], edges[None, 1:-1], edges[None, 2:]
    bank = np.maximum(0.0, np.minimum((at - left) / (centre - left), (right - at) / (right - centre)))
    return bank.astype(np.float32)


_WINDOW = np.hanning(FFT).astype(np.float32)
_BANK = _make_bank()
