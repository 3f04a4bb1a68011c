"""Items whose cited words changed: changed with them, or withdrawn, and their history says why. Pure."""

import msgspec

from analyzer.chain import Candidate, draft_of
from analyzer.ops import evidence_of, from_words, known, stands
from analyzer.spots import SHORT_WORDS
from analyzer.transcript import Transcript
from contracts.notes import Change, NoteItem


def changes(segments: frozenset[str], candidates: list[Candidate], transcript: Transcript, at: float) -> list[NoteItem]:
    """New versions of the items that cite one of ``segments``; ``candidates`` are what is found in them now."""
    touched = [
        i
        for i in transcript.notes.items.values()
        if any(e.segment_id in segments for e in i.evidence) and i.status != "withdrawn" and not i.merged_into
    ]
    judged = (_again(item, segments, candidates, transcript, at) for item in touched)
    return [item for item in judged if item is not None]


def _again(
    item: NoteItem, segments: frozenset[str], candidates: list[Candidate], transcript: Transcript, at: float
) -> NoteItem | None:
    by_hand = item.history[:1] and item.history[0].by != "analyzer"
    if by_hand or not item.history:
        return None
    standing = tuple(e for e in item.evidence if stands(e, transcript.heard))
    if item.evidence[0] not in standing:
        # What is left must carry the item by itself: a bare yes to words that are gone does not.
        standing = tuple(e for e in standing if len(e.quote.split()) > SHORT_WORDS)
    same = next(
        (c for c in candidates if c.kind == item.kind and c.units[c.row].segment_id in segments & _cited(item)), None
    )
    if same is not None:
        unit = same.units[same.row]
        draft = draft_of(same, from_words(unit), item.confidence or 0.0, transcript)
        owner = draft.owner if draft.owner and known(draft.owner, transcript.people(), unit.text) else None
        moved = evidence_of((unit,))
        if len(standing) == len(item.evidence):
            better = msgspec.structs.replace(item, owner=owner)
        else:
            rest = tuple(e for e in standing if e != moved[0])
            better = msgspec.structs.replace(
                item, text=draft.text, owner=owner, due=draft.due, due_words=draft.due_words, evidence=(*moved, *rest)
            )
        return _noted(item, better, at, "changed", "the cited words were corrected")
    if standing and len(standing) < len(item.evidence):
        better = msgspec.structs.replace(item, evidence=standing)
        return _noted(item, better, at, "changed", "some cited words were corrected")
    if standing:
        return None
    gone = msgspec.structs.replace(item, status="withdrawn")
    return _noted(item, gone, at, "withdrawn", "the cited words were corrected")


def _cited(item: NoteItem) -> frozenset[str]:
    return frozenset(e.segment_id for e in item.evidence)


def _noted(item: NoteItem, better: NoteItem, at: float, what: str, reason: str) -> NoteItem | None:
    if better == item:
        return None
    return msgspec.structs.replace(better, history=(*item.history, Change(at, "analyzer", what, reason)))
