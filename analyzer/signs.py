"""Plain signs that say more than a few training lines could teach: what an open question and a risk look like. Pure."""

from analyzer import cues
from analyzer.units import Unit

UNKNOWN, UNANSWERED, DANGER = 1.5, 0.6, 1.0
"""Log-odds: words that say nobody knows; the same as the answer to another speaker's question; words of harm."""
_ASKED_WITHIN = 2


def lift(kind: str, units: list[Unit], row: int) -> float:
    """What the form of unit ``row`` adds to the log-odds of ``kind``."""
    flags = cues.flags(units[row].text)
    if kind == "question":
        return _open(flags, units, row)
    if kind == "risk":
        return DANGER * (("cue:danger" in flags) + ("cue:threat" in flags))
    return 0.0


def _open(flags: list[str], units: list[Unit], row: int) -> float:
    if "cue:unknown" not in flags:
        return 0.0
    before = units[max(0, row - _ASKED_WITHIN) : row]
    asked = any(u.speaker != units[row].speaker and "cue:asks" in cues.flags(u.text) for u in before)
    return UNKNOWN * ("cue:asks" not in flags) + UNANSWERED * asked
