"""Notes: items with evidence, what the analyzer and people do to them, and the one reducer.

Notes of a meeting = ``fold`` over its records in stream order. A field that a person edited is locked:
an analyzer's value for it is dropped by the fold, so all readers agree whatever the interleaving.
"""

import re
from collections.abc import Iterable
from typing import Literal

import msgspec

from contracts.recap import Chapter, Recap

Kind = Literal["action", "decision", "question", "risk", "topic"]
Status = Literal["open", "done", "answered", "withdrawn"]
FIELDS = ("text", "owner", "due", "status")
"""The fields that a person can edit, and so lock."""
MAX_HISTORY = 50
_LABEL = re.compile(r"Speaker [A-Z]?\d+")
"""What a voice is called before anybody has named it."""


class Evidence(msgspec.Struct, frozen=True, omit_defaults=True):
    """Words that an item rests on: ``quote`` stands word for word in the cited segment. Meeting seconds."""

    segment_id: str
    quote: str
    start: float
    end: float
    goes_on: bool = False  # with the sentence of the evidence before it, which became final in several segments


class Change(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of an item's history."""

    at: float
    by: str
    """``analyzer`` or a user id."""
    what: str
    """``added``, ``changed``, ``closed``, ``withdrawn``, ``edited``, ``merged``, ``deleted``, ``restored``."""
    reason: str = ""


class NoteItem(msgspec.Struct, frozen=True, omit_defaults=True):
    """One action item, decision, question, risk or topic; ``id`` never changes, a higher ``rev`` replaces a lower."""

    id: str
    kind: Kind
    text: str
    rev: int = 0
    owner: str | None = None
    due: str | None = None
    """ISO date, when the words could be resolved to one."""
    due_words: str | None = None
    """The due date as it was said."""
    status: Status = "open"
    evidence: tuple[Evidence, ...] = ()
    confidence: float | None = None
    locked: tuple[str, ...] = ()
    history: tuple[Change, ...] = ()
    merged_into: str | None = None
    deleted: bool = False
    owed_as: str | None = None
    """The speaker label that ``owner`` is the name of, where that is known: another name for it is another owner."""


class NotesCheckpoint(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where a new analyzer goes on: MEETING stream sequence up to which segments are worked in."""

    meeting_seq: int = 0
    state: bytes = b""


class NotesEpoch(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="type", tag="notes.epoch"):
    """A new analyzer has taken the meeting; older ones' writes are refused from here on."""

    meeting: str
    owner: str
    checkpoint: NotesCheckpoint


class NotesUpdated(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="type", tag="notes.updated"):
    """The result of one pass, whole items only. ``summary``/``chapters`` None = unchanged."""

    meeting: str
    checkpoint: NotesCheckpoint
    items: tuple[NoteItem, ...] = ()
    summary: str | None = None
    chapters: tuple[Chapter, ...] | None = None


class RecapReady(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="type", tag="recap.ready"):
    """The recap was written, or written again; the newest one counts."""

    meeting: str
    recap: Recap
    checkpoint: NotesCheckpoint


class NoteEdited(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="type", tag="note.edited"):
    """A person set fields of an item; each named field becomes locked. Keys are from FIELDS.

    ``unlock`` gives fields back to the analyzer (undo). ``deleted`` removes or restores the item.
    """

    meeting: str
    item: str
    user: str
    at: float
    fields: dict[str, str | None] = {}
    unlock: tuple[str, ...] = ()
    deleted: bool | None = None


class NoteCreated(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="type", tag="note.created"):
    """A person wrote an item by hand; all its fields are locked."""

    meeting: str
    item: NoteItem
    user: str
    at: float


class NotesMerged(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="type", tag="note.merged"):
    """A person said that ``item`` is the same as ``into``; its evidence moves there."""

    meeting: str
    item: str
    into: str
    user: str
    at: float


class SegmentCorrected(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="type", tag="segment.corrected"):
    """A person corrected the words of a segment, or whose they are. None = unchanged; empty text = struck."""

    meeting: str
    segment: str
    user: str
    at: float
    text: str | None = None
    speaker: str | None = None


class SpeakerRenamed(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="type", tag="speaker.renamed"):
    """A label has a name in the whole meeting, maybe with others. ``voice``: a remembered voice gave it, no person."""

    meeting: str
    speaker: str
    name: str
    user: str
    at: float
    voice: str = ""


NotesRecord = NotesEpoch | NotesUpdated | RecapReady
EditRecord = NoteEdited | NoteCreated | NotesMerged | SegmentCorrected | SpeakerRenamed


class Notes(msgspec.Struct, frozen=True, omit_defaults=True):
    """The state of a meeting's notes. ``items`` in order of first appearance, deleted and merged ones included."""

    items: dict[str, NoteItem] = {}
    summary: str = ""
    chapters: tuple[Chapter, ...] = ()
    recap: Recap | None = None
    names: dict[str, str] = {}  # what people called the speaker labels

    def shown(self) -> list[NoteItem]:
        """The items that a reader sees: not deleted, not merged into another, not withdrawn."""
        return [i for i in self.items.values() if not i.deleted and not i.merged_into and i.status != "withdrawn"]


def fold(notes: Notes, record: object) -> Notes:
    """The notes after ``record``; records of other kinds change nothing. Pure and total.

    An analyzer's item replaces the stored one except its locked fields, and never shows a deleted item again.
    """
    match record:
        case NotesUpdated():
            return _analyzer_pass(notes, record)
        case RecapReady():
            return msgspec.structs.replace(notes, recap=record.recap)
        case NoteCreated():
            item = msgspec.structs.replace(record.item, locked=FIELDS)
            return _put(notes, notes.items.get(item.id, item))
        case NoteEdited():
            stored = notes.items.get(record.item)
            return _put(notes, _edited(stored, record)) if stored else notes
        case NotesMerged():
            return _merged(notes, record)
        case SpeakerRenamed():
            return _named(notes, record)
        case _:
            return notes


def fold_all(records: Iterable[object]) -> Notes:
    """The notes after all ``records`` in order."""
    notes = Notes()
    for record in records:
        notes = fold(notes, record)
    return notes


def _put(notes: Notes, *items: NoteItem) -> Notes:
    return msgspec.structs.replace(notes, items={**notes.items, **{i.id: i for i in items}})


def _analyzer_pass(notes: Notes, record: NotesUpdated) -> Notes:
    proposed = ((notes.items.get(item.id), item) for item in record.items)
    merged = (_proposed(stored, _called(notes, stored, item)) for stored, item in proposed)
    notes = _put(notes, *merged)
    return msgspec.structs.replace(
        notes,
        summary=notes.summary if record.summary is None else record.summary,
        chapters=notes.chapters if record.chapters is None else record.chapters,
    )


def _called(notes: Notes, stored: NoteItem | None, item: NoteItem) -> NoteItem:
    """The item by its owner's name: a person may have named the label while the analyzer was at work."""
    if item.owner is not None and item.owner in notes.names:
        return msgspec.structs.replace(item, owner=notes.names[item.owner], owed_as=item.owner)
    same = stored is not None and stored.owner == item.owner
    return msgspec.structs.replace(item, owed_as=stored.owed_as if stored and same else None)


def _named(notes: Notes, record: SpeakerRenamed) -> Notes:
    """What the speaker owes under the old name is owed under the new one, unless a person chose the owner."""
    label = record.speaker
    before = notes.names.get(label, label)
    others = {name for other, name in notes.names.items() if other != label}
    shared = before != label and (before in others or _LABEL.fullmatch(before) is not None)
    owed = (
        i
        for i in notes.items.values()
        if "owner" not in i.locked and (i.owed_as == label or (i.owed_as is None and i.owner == before and not shared))
    )
    renamed = (msgspec.structs.replace(i, rev=i.rev + 1, owner=record.name, owed_as=label) for i in owed)
    return msgspec.structs.replace(_put(notes, *renamed), names={**notes.names, label: record.name})


def _proposed(stored: NoteItem | None, item: NoteItem) -> NoteItem:
    if stored is None:
        return msgspec.structs.replace(item, locked=())
    kept = {name: getattr(stored, name) for name in stored.locked if name in FIELDS}
    if "due" in kept:
        kept["due_words"] = stored.due_words
    history = stored.history + tuple(c for c in item.history if c not in stored.history)
    return msgspec.structs.replace(
        item,
        rev=stored.rev + 1,
        locked=stored.locked,
        history=_bounded(history),
        deleted=stored.deleted,
        merged_into=stored.merged_into,
        **kept,
    )


def _edited(stored: NoteItem, edit: NoteEdited) -> NoteItem:
    fields = {name: value for name, value in edit.fields.items() if name in FIELDS}
    if fields.get("text", "") is None or fields.get("status", "open") not in ("open", "done", "answered", "withdrawn"):
        return stored
    locked = tuple(f for f in FIELDS if (f in stored.locked or f in fields) and f not in edit.unlock)
    deleted = stored.deleted if edit.deleted is None else edit.deleted
    what = "edited" if edit.deleted is None else "deleted" if edit.deleted else "restored"
    return msgspec.structs.replace(
        msgspec.convert({**msgspec.to_builtins(stored), **fields}, NoteItem),
        rev=stored.rev + 1,
        locked=locked,
        deleted=deleted,
        due_words=None if "due" in fields else stored.due_words,
        owed_as=None if "owner" in fields else stored.owed_as,
        history=_bounded((*stored.history, Change(edit.at, edit.user, what, ", ".join(fields)))),
    )


def _bounded(history: tuple[Change, ...]) -> tuple[Change, ...]:
    """How the item came about, and the newest changes: who made it decides who may change it later."""
    return history if len(history) <= MAX_HISTORY else (history[0], *history[1 - MAX_HISTORY :])


def _merged(notes: Notes, record: NotesMerged) -> Notes:
    item, into = notes.items.get(record.item), notes.items.get(record.into)
    if item is None or into is None or item.id == into.id or into.merged_into:
        return notes
    evidence = into.evidence + tuple(e for e in item.evidence if e not in into.evidence)
    history = _bounded((*into.history, Change(record.at, record.user, "merged", record.item)))
    return _put(
        notes,
        msgspec.structs.replace(item, rev=item.rev + 1, merged_into=into.id),
        msgspec.structs.replace(into, rev=into.rev + 1, evidence=evidence, history=history),
    )
