"""Plain signs that say more than a few training lines could teach: what an open question and a risk look like. Pure."""

import re

from analyzer import cues
from analyzer.units import Unit

UNKNOWN, UNANSWERED, DANGER, DECIDED = 1.5, 0.6, 1.0, 1.0
"""Log-odds: words that say nobody knows; the same as the answer to another speaker's question; words of harm; words
that settle a thing."""
_TENTATIVE = {"cue:asks", "cue:opinion", "cue:hypo"}
_DECIDED = re.compile(
    r"^(?:(?:okay|ok|good|fine|right|yes|so|well|alright|all right|great)[,.]?\s+)*"
    r"(?:then\s+(?:we|it|they|that|there|the)\b"
    r"|(?:so )?we(?:['’]ll)? (?:close|take|go|keep|stop|drop|make|wait|pause|buy|rent|send|do|don['’]t|move|stay|stick"
    r"|use|have|report|order|invite|cancel|postpone|start|launch)\b)"
    r"|\b(?:it|that)['’]s (?:agreed|decided|settled)\b|\bagreed[.!]?$|\bthey are approved\b",
    re.I,
)
_ASKED_WITHIN = 2


def lift(kind: str, units: list[Unit], row: int) -> float:
    """What the form of unit ``row`` adds to the log-odds of ``kind``."""
    flags = cues.flags(units[row].text)
    if kind == "question":
        return _open(flags, units, row)
    if kind == "decision":
        return DECIDED * bool(_DECIDED.search(units[row].text)) * (not _TENTATIVE & set(flags))
    if kind == "risk":
        return DANGER * (("cue:danger" in flags) + ("cue:threat" in flags))
    return 0.0


def _open(flags: list[str], units: list[Unit], row: int) -> float:
    if "cue:unknown" not in flags:
        return 0.0
    before = units[max(0, row - _ASKED_WITHIN) : row]
    asked = any(u.speaker != units[row].speaker and "cue:asks" in cues.flags(u.text) for u in before)
    return UNKNOWN * ("cue:asks" not in flags) + UNANSWERED * asked
