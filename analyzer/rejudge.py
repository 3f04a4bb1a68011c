"""Items whose cited words changed or went on: changed with them, or withdrawn, and their history says why. Pure."""

import msgspec

from analyzer.chain import Candidate, draft_of
from analyzer.ops import evidence_of, grounded, item_id, known, stands, tidy
from analyzer.phrase import phrase
from analyzer.spots import SHORT_WORDS
from analyzer.transcript import Transcript
from analyzer.units import Unit
from contracts.notes import Change, Evidence, NoteItem
from contracts.quotes import sentences

_CORRECTED = "the cited words were corrected"
_WENT_ON = "the sentence went on"


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
    if not item.history or item.history[0].by != "analyzer":
        return None
    said = sentences(item.evidence)
    standing = [lines for lines in said if _stands(lines, transcript)]
    unsaid = not all(stands(e, transcript.heard) for e in item.evidence)
    same = _same(said[0], segments, candidates, item)
    if same is not None:
        better = _moved(item, same, standing, transcript)
        reason = _WENT_ON if not unsaid and better.evidence != item.evidence else _CORRECTED
        return _noted(item, better, at, "changed", reason)
    if said[:1] != standing[:1]:
        # What is left must carry the item by itself: a bare yes to words that are gone does not.
        standing = [lines for lines in standing if sum(len(e.quote.split()) for e in lines) > SHORT_WORDS]
    if standing:
        left = item if said[0] == standing[0] else _left(item, standing, transcript)
        better = msgspec.structs.replace(left, evidence=tuple(e for lines in standing for e in lines))
        return _noted(item, better, at, "changed", "some cited words were corrected")
    if item.locked and not unsaid:
        return None  # it still stands as a part of what was said, and somebody has made it theirs
    gone = msgspec.structs.replace(item, status="withdrawn")
    return _noted(item, gone, at, "withdrawn", _CORRECTED if unsaid else _WENT_ON)


def _stands(lines: tuple[Evidence, ...], transcript: Transcript) -> Unit | None:
    """The sentence of ``lines`` while it is still whole and as it was said."""
    heard = transcript.heard.get(lines[0].segment_id)
    now = transcript.sentences([heard.segment]) if heard else []
    cited = [(e.segment_id, e.quote) for e in lines]
    return next((u for u in now if [(p.segment_id, p.text) for p in u.parts] == cited), None)


def _left(item: NoteItem, standing: list[tuple[Evidence, ...]], transcript: Transcript) -> NoteItem:
    """The item as what is left of it says it: the sentence that it was made from is gone."""
    unit = _stands(standing[0], transcript)
    assert unit is not None  # noqa: S101 (narrows the type: it stands)
    alone = Candidate(item.kind, 0, (unit,), 0.0, sure=True)
    text = item.text if grounded(item.text, " ".join(e.quote for lines in standing for e in lines)) else ""
    said = text or phrase(item.kind, [unit], 0, transcript.people()).text
    draft = draft_of(alone, said, item.confidence or 0.0, transcript)
    return msgspec.structs.replace(
        item, text=tidy(draft.text), owner=draft.owner or item.owner, due=draft.due, due_words=draft.due_words
    )


def _same(
    lines: tuple[Evidence, ...], segments: frozenset[str], candidates: list[Candidate], item: NoteItem
) -> Candidate | None:
    """What is found now where the item's first sentence was; the place that it came from before others."""
    cited = {e.segment_id for e in lines}
    if not cited & segments:
        return None
    near = [c for c in candidates if c.kind == item.kind and cited & {p.segment_id for p in _unit(c).parts}]
    return next((c for c in near if item_id(c.kind, _unit(c)) == item.id), near[0] if near else None)


def _moved(item: NoteItem, same: Candidate, standing: list[tuple[Evidence, ...]], transcript: Transcript) -> NoteItem:
    """The item as what is found now says it."""
    unit = _unit(same)
    text = phrase(same.kind, list(same.units), same.row, transcript.people()).text
    draft = draft_of(same, text, item.confidence or 0.0, transcript)
    owner = draft.owner if draft.owner and known(draft.owner, transcript.people(), unit.text) else None
    moved = evidence_of((unit,))
    rest = tuple(e for lines in standing if lines != moved for e in lines)
    if moved in standing:
        return msgspec.structs.replace(item, owner=owner, evidence=(*moved, *rest))
    return msgspec.structs.replace(
        item, text=tidy(text), owner=owner, due=draft.due, due_words=draft.due_words, evidence=(*moved, *rest)
    )


def _unit(candidate: Candidate) -> Unit:
    return candidate.units[candidate.row]


def _noted(item: NoteItem, better: NoteItem, at: float, what: str, reason: str) -> NoteItem | None:
    if better == item:
        return None
    return msgspec.structs.replace(better, history=(*item.history, Change(at, "analyzer", what, reason)))
