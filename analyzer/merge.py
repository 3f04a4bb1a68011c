"""One thing, one item: new drafts that say what an item already says become its evidence. Pure."""

from collections.abc import Mapping

import msgspec

from analyzer.detector import Matrix
from analyzer.ops import MAX_EVIDENCE
from contracts.notes import Change, NoteItem
from contracts.quotes import sentences

SAME = 0.80
"""Texts of one kind with at least this cosine are the same thing."""
SAME_NEARBY = 0.62
"""Likewise for items whose evidence lies within NEARBY_S of each other."""
NEARBY_S = 30.0


class Known(msgspec.Struct, frozen=True):
    """An item that is there already, with the vector of its text."""

    item: NoteItem
    vector: Matrix


def twin(item: NoteItem, vector: Matrix, known: Mapping[str, Known]) -> NoteItem | None:
    """The stored item of the same kind that says the same as ``item``; deleted and merged ones count too."""
    best: tuple[float, NoteItem] | None = None
    for other in known.values():
        if other.item.kind != item.kind or other.item.id == item.id or other.item.status == "withdrawn":
            continue
        if item.owner and other.item.owner and item.owner != other.item.owner:
            continue
        likeness = float(vector @ other.vector)
        bar = SAME_NEARBY if _near(item, other.item) else SAME
        if likeness >= bar and (best is None or likeness > best[0]):
            best = (likeness, other.item)
    return best[1] if best else None


def joined(stored: NoteItem, item: NoteItem, at: float) -> NoteItem | None:
    """``stored`` with what ``item`` adds to it; None when that is nothing, or a person has removed ``stored``."""
    if stored.deleted or stored.merged_into:
        return None
    cited = {(e.segment_id, e.quote) for e in stored.evidence}
    said = (lines for lines in sentences(item.evidence) if not any((e.segment_id, e.quote) in cited for e in lines))
    more = tuple(e for lines in said for e in lines)
    evidence = (*stored.evidence, *more)[: max(MAX_EVIDENCE, len(stored.evidence))]
    changed = msgspec.structs.replace(
        stored,
        evidence=evidence,
        owner=stored.owner or item.owner,
        due=stored.due or item.due,
        due_words=stored.due_words or item.due_words,
        confidence=max(stored.confidence or 0.0, item.confidence or 0.0) or None,
    )
    if changed == stored:
        return None
    return msgspec.structs.replace(changed, history=(*stored.history, Change(at, "analyzer", "changed", "said again")))


def doubled(stored: NoteItem, at: float) -> NoteItem | None:
    """``stored`` taken back, because another item says the same; None when a person has touched it."""
    if stored.locked or stored.deleted or stored.merged_into or stored.status == "withdrawn":
        return None
    change = Change(at, "analyzer", "withdrawn", "another item says the same")
    return msgspec.structs.replace(stored, status="withdrawn", history=(*stored.history, change))


def _near(one: NoteItem, other: NoteItem) -> bool:
    return any(abs(a.start - b.start) <= NEARBY_S for a in one.evidence for b in other.evidence)
