"""From scores per sentence to places: one thing that is said in two breaths, or asked and accepted, is one. Pure."""

import re

from analyzer import cues
from analyzer.owners import ACCEPTANCE
from analyzer.units import Unit

SHORT_WORDS = 6
ECHO = 1.0
ECHO_ROWS = 2
BINDING = {"cue:deed", "cue:promise", "cue:request", "cue:you", "cue:third"}
NEAR_ROWS = 2
NEAR_S = {"action": 0.0, "decision": 16.0, "question": 8.0, "risk": 8.0}
"""Two places of a kind within this many seconds are the same thing; tasks are often told one after the other."""
_INTRODUCTION = re.compile(
    r"\b(?:I'm|I am|my name is|this is)\s+(?:uh |um )*(?:\w+ and I'm|[A-Z]\w+[.,]?$|(?:the|a|an|our|your) )|^Hi\b"
)
_FAREWELL = re.compile(r"^(?:\w+ )?(?:talk to you|see you|bye|good ?bye|thank(?:s| you))\b", re.I)
_JEST = re.compile(r"\bha(?:,? ha)+\b|\bon the moon\b|\bmillionaire\b|\blottery\b", re.I)
_PRESENT = re.compile(
    r"\b(?:I'll|I will|I'm gonna|I'm going to|let me)\s+(?:just |now |quickly |try to |first )*"
    r"(?:show you|go (?:first|through|over|back|on)|start (?:with|off)|share my screen|explain"
    r"|give you an example|skip|"
    r"come back to|rub|draw|do it from here|be (?:honest|quick))\b|\bplug me in\b",
    re.I,
)
_DECLINE = re.compile(
    r"^(?:\w+,? ){0,2}I (?:can['’]t|cannot|couldn['’]t|won['’]t|really can['’]t|don['’]t have (?:the )?time)\b"
    r"(?!.*\bbut I['’]ll\b)"
    r"|\bI['’]d (?:love|like) to,? but\b|\bI['’]d rather not\b",
    re.I,
)
_NO_CHOICE = re.compile(
    r"^(?:well |so |and |but )*if\b|\blet['’]s (?:see|get (?:going|started)|start|begin|move on|look|talk)\b"
    r"|\b(?:hasn|haven)['’]t (?:said|answered|decided)\b",
    re.I,
)


def places(kind: str, units: list[Unit], marks: list[float], bar: float) -> list[tuple[int, tuple[int, ...]]]:
    """Rows that pass ``bar``, strongest of what belongs together, each with the rows that support it."""
    rows = [r for r in range(len(units)) if marks[r] >= bar and not vetoed(kind, units[r].text)]
    taken: dict[int, list[int]] = {}
    for row in sorted(rows, key=lambda r: (_brief(units[r]), -marks[r])):
        host = next((h for h in taken if _together(kind, units, row, h) or _echo(kind, units, marks, row, h)), None)
        if host is not None:
            taken[host].append(row)
        elif not _brief(units[row]):
            taken[row] = []
    found = []
    for host in sorted(taken):
        accepted = _acceptance(units, host) if kind in ("action", "decision") else ()
        found.append((host, tuple(dict.fromkeys([*sorted(taken[host]), *accepted]))))
    return found


def vetoed(kind: str, text: str) -> bool:
    """Whether the form of ``text`` rules the kind out: introductions, farewells, jests, what is done on the spot."""
    if _FAREWELL.search(text) or _JEST.search(text):
        return True
    if kind == "decision":
        return _NO_CHOICE.search(text) is not None
    if kind != "action":
        return False
    return bool(_INTRODUCTION.search(text) or _PRESENT.search(text) or _DECLINE.search(text)) or _binds_nobody(text)


def _binds_nobody(text: str) -> bool:
    """A question that asks nobody to do a thing, or what only tells of the past or of not knowing."""
    found = set(cues.flags(text))
    if "cue:asks" in found and not found & {"cue:request", "cue:you"}:
        return True
    return not found & BINDING and bool(found & {"cue:past", "cue:unknown"})


def _brief(unit: Unit) -> bool:
    """Too little to stand for itself: ``Will do.``, ``Sure, I can.``"""
    words = len(unit.text.split())
    return words < 3 or (words <= SHORT_WORDS and ACCEPTANCE.search(unit.text) is not None)


def _together(kind: str, units: list[Unit], row: int, host: int) -> bool:
    """Whether ``row`` says nothing of its own beside ``host``."""
    if _brief(units[row]):
        return 0 < row - host <= NEAR_ROWS + 1
    if abs(units[row].start - units[host].start) <= NEAR_S[kind]:
        return True
    asked_and_taken = host < row <= host + NEAR_ROWS and units[row].speaker != units[host].speaker
    return asked_and_taken and ACCEPTANCE.search(units[row].text) is not None


def _echo(kind: str, units: list[Unit], marks: list[float], row: int, host: int) -> bool:
    """Whether ``row`` looks like a task only because it stands beside one: far weaker, and nobody is bound by it."""
    if kind != "action" or abs(row - host) > ECHO_ROWS or marks[host] - marks[row] < ECHO:
        return False
    return not BINDING & set(cues.flags(units[row].text))


def _acceptance(units: list[Unit], row: int) -> tuple[int, ...]:
    """The row of another speaker's short yes right after ``row``."""
    after = row + 1
    if after < len(units) and units[after].speaker != units[row].speaker and ACCEPTANCE.search(units[after].text):
        return (after,) if _brief(units[after]) else ()
    return ()
