"""Scores of notes against gold items, and the table of them."""

import re
from typing import Any

import msgspec

from contracts.notes import NoteItem
from tests.eval import corpus

TOLERANCE_S = 20.0
OWN_TOLERANCE_S = 5.0


class Scored(msgspec.Struct):
    """The items of one meeting."""

    meeting: dict[str, Any]
    items: list[NoteItem]


def group(meeting: corpus.Meeting) -> str:
    """``ami``, ``icsi``, ``clips`` or ``own``."""
    return str(meeting.get("corpus", "") or ("own" if "kind" in meeting else "clips")).lower()


def tolerance_s(meeting: corpus.Meeting) -> float:
    """How far evidence may lie from gold evidence."""
    return TOLERANCE_S if "corpus" in meeting else OWN_TOLERANCE_S


def hits(item: NoteItem, gold: dict[str, Any], within_s: float) -> bool:
    """Whether one of the item's evidence times lies near a gold evidence turn."""
    return any(
        e["start"] - within_s <= at <= e["end"] + within_s
        for e in gold["evidence"]
        for mine in item.evidence
        for at in (mine.start, mine.end)
    )


def minutes(meeting: corpus.Meeting) -> float:
    """Length of the meeting."""
    return float(meeting["turns"][-1]["end"] - meeting["turns"][0]["start"]) / 60


class Tally(msgspec.Struct):
    """Sums over meetings for one kind."""

    gold: int = 0
    found: int = 0
    items: int = 0
    unmatched: int = 0
    minutes: float = 0.0
    barren_unmatched: int = 0
    barren_minutes: float = 0.0

    def row(self) -> str:
        """Recall, unmatched per ten minutes, the same in meetings without any gold item, precision."""
        recall = f"{self.found / self.gold:.2f}" if self.gold else "   -"
        barren = f"{10 * self.barren_unmatched / self.barren_minutes:.2f}" if self.barren_minutes else "   -"
        precision = f"{1 - self.unmatched / self.items:.2f}" if self.items else "   -"
        per10 = 10 * self.unmatched / max(1e-9, self.minutes)
        return f"{self.gold:5d} {self.items:5d} {recall:>6} {precision:>9} {per10:9.2f} {barren:>9}"


def tally(results: list[Scored], kind: str) -> Tally:
    """Recall and false items of ``kind``."""
    total = Tally()
    for scored in results:
        within_s = tolerance_s(scored.meeting)
        gold = [g for g in scored.meeting.get(corpus.KIND_KEYS[kind], []) if g["evidence"]]
        items = [i for i in scored.items if i.kind == kind]
        false = sum(not any(hits(i, g, within_s) for g in gold) for i in items)
        total.gold += len(gold)
        total.found += sum(any(hits(i, g, within_s) for i in items) for g in gold)
        total.items += len(items)
        total.unmatched += false
        total.minutes += minutes(scored.meeting)
        if not gold:
            total.barren_unmatched += false
            total.barren_minutes += minutes(scored.meeting)
    return total


def owners(results: list[Scored]) -> tuple[int, int, int]:
    """Right, wrong and open (null) owners of the items that hit exactly the gold items of one owner."""
    right = wrong = unsure = 0
    for scored in results:
        for item in (i for i in scored.items if i.kind == "action"):
            near = [g for g in scored.meeting["actions"] if hits(item, g, 0.2)]
            wanted = {_who(g, scored.meeting) for g in near}
            if len(wanted) != 1 or None in wanted:
                continue
            names = next(iter(wanted)) or frozenset()
            if item.owner is None:
                unsure += 1
            elif _plain(item.owner) in names:
                right += 1
            else:
                wrong += 1
    return right, wrong, unsure


def _who(gold: dict[str, Any], meeting: corpus.Meeting) -> frozenset[str] | None:
    """All names of the gold's owner: given, or the one role that its text starts with."""
    speakers = meeting["speakers"]
    if gold.get("owner"):
        named = [s for s, v in speakers.items() if gold["owner"] in (s, v.get("name"))]
        names = {gold["owner"], *named, *(v.get("name", s) for s, v in speakers.items() if s in named)}
        return frozenset(_plain(n) for n in names)
    roles = {v.get("role", "").lower(): s for s, v in speakers.items()}
    said = [r for r in roles if r and _plain(r) in _plain(gold["text"][: len(r) + 8])]
    if len(said) != 1 and "interface specialist" in gold["text"].lower():
        said = [r for r in roles if "interface" in r]
    return frozenset((_plain(said[0]), _plain(roles[said[0]]))) if len(said) == 1 else None


def _plain(name: str) -> str:
    return re.sub(r"[^a-z]", "", name.lower().removeprefix("the "))


def duplicates(results: list[Scored]) -> tuple[int, int]:
    """Items that hit only the gold items which an earlier item of the kind hits just as well, within 3 s; all items."""
    double = total = 0
    for scored in results:
        for kind in corpus.KIND_KEYS:
            seen: list[NoteItem] = []
            for item in (i for i in scored.items if i.kind == kind):
                total += 1
                double += any(_same(item, other) for other in seen)
                seen.append(item)
    return double, total


def _same(one: NoteItem, other: NoteItem) -> bool:
    mine, others = set(_plain_words(one.text)), set(_plain_words(other.text))
    return len(mine & others) >= 0.75 * max(1, min(len(mine), len(others))) and one.owner == other.owner


def _plain_words(text: str) -> list[str]:
    return re.findall(r"[a-z]{3,}", text.lower())


def table(results: dict[str, list[Scored]]) -> str:
    """The figures by group and kind."""
    lines = ["group  kind       gold items recall precision unmatched/10min  (barren)"]
    for name, scored in results.items():
        lines += [f"{name:6} {kind:9} {tally(scored, kind).row()}" for kind in corpus.KIND_KEYS]
        right, wrong, unsure = owners(scored)
        double, total = duplicates(scored)
        lines.append(
            f"{name:6} owners: {right} right, {wrong} wrong, {unsure} open; doubles: {double} of {total} items"
        )
    return "\n".join(lines)
