"""Whether a voice of a meeting is one that is remembered. Pure; a wrong name is worse than none.

A label gets a name only when its voiceprint is near to a remembered one, clearly nearer than to every other
remembered person, and when no other label of the meeting comes nearly as near. The limits were set by
``tests/eval/eval_voices.py``; docs/speakers.md has the figures.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from contracts.int8 import direction, to_int8

LEAST_S = 6.0
"""Speech of a label before it is compared."""
TO_REMEMBER_S = 10.0
"""Speech that makes a voiceprint worth keeping."""
SURE = 0.85
"""So alike are two voiceprints only if they are of one person, or of two synthetic voices of one family."""
MARGIN = 0.10
"""By so much the next best person, and the next best label, must be less alike."""
OTHER = 0.55
"""Below this they are of two people: a name that was given is taken back. Above it one may be offered."""
MOST_S = 120.0
"""A voiceprint counts for at most so much speech when another is joined to it, so that it follows the voice."""


@dataclass(frozen=True, slots=True)
class Voice:
    """A voiceprint: int8 numbers of any length, and seconds of speech. ``key``: a label, or the id of a person."""

    key: str
    mean: bytes
    seconds: float

    @property
    def vector(self) -> NDArray[np.float32]:
        """The direction, of length 1."""
        return direction(self.mean)


def likeness(heard: Sequence[Voice], remembered: Sequence[Voice]) -> NDArray[np.float32]:
    """Cosine of every label (rows) with every remembered person (columns)."""
    if not heard or not remembered:
        return np.zeros((len(heard), len(remembered)), np.float32)
    alike: NDArray[np.float32] = np.stack([v.vector for v in heard]) @ np.stack([v.vector for v in remembered]).T
    return alike


def recognised(heard: Sequence[Voice], remembered: Sequence[Voice]) -> dict[str, str]:
    """The person of each label of which that is certain; nobody is two labels."""
    alike = likeness(heard, remembered)
    found: dict[str, str] = {}
    for row, voice in enumerate(heard):
        if voice.seconds < LEAST_S or not remembered:
            continue
        column = int(alike[row].argmax())
        others = np.append(np.delete(alike[row], column), np.delete(alike[:, column], row))
        if alike[row, column] >= SURE and alike[row, column] - others.max(initial=-1.0) >= MARGIN:
            found[voice.key] = remembered[column].key
    return found


def suggested(heard: Voice, remembered: Sequence[Voice]) -> str | None:
    """Whom a person who names ``heard`` may be offered: nearer than strangers are, but not certain."""
    alike = likeness([heard], remembered)[0]
    if not remembered or heard.seconds < LEAST_S:
        return None
    best = int(alike.argmax())
    clear = alike[best] - np.delete(alike, best).max(initial=-1.0) >= MARGIN
    return remembered[best].key if alike[best] >= OTHER and clear else None


def disproved(heard: Sequence[Voice], remembered: Sequence[Voice], given: dict[str, str]) -> set[str]:
    """The labels whose name by voice (``given``) more speech has shown to be wrong."""
    alike = likeness(heard, remembered)
    rows = {voice.key: row for row, voice in enumerate(heard)}
    columns = {voice.key: column for column, voice in enumerate(remembered)}
    known = [(label, rows[label], columns[who]) for label, who in given.items() if label in rows and who in columns]
    return {label for label, row, column in known if alike[row, column] < OTHER}


def joined(one: Voice, two: Voice) -> Voice | None:
    """Both voiceprints as one with the key of the first; None when they cannot be of one person."""
    if float(one.vector @ two.vector) < OTHER:
        return None
    seconds = (min(one.seconds, MOST_S), min(two.seconds, MOST_S))
    return Voice(one.key, to_int8(one.vector * seconds[0] + two.vector * seconds[1]), sum(seconds))
