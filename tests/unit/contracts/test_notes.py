"""The reducer: people's values are law, and every reader agrees."""

import random

from contracts.notes import (
    MAX_HISTORY,
    Change,
    Evidence,
    NoteEdited,
    NoteItem,
    Notes,
    NotesCheckpoint,
    NotesMerged,
    NotesUpdated,
    SpeakerRenamed,
    fold,
    fold_all,
)

POINT = NotesCheckpoint()


def item(text: str = "Send the list", **fields: object) -> NoteItem:
    return NoteItem("n1", "action", text, **fields)  # type: ignore[arg-type]


def test_an_edited_field_is_kept_whatever_the_analyzer_says_later() -> None:
    notes = fold_all(
        [
            NotesUpdated("m", POINT, (item(),)),
            NoteEdited("m", "n1", "u", 1.0, {"owner": "Ana"}),
            NotesUpdated("m", POINT, (item("Send the price list", owner="Tom"),)),
        ]
    )
    assert (notes.items["n1"].text, notes.items["n1"].owner) == ("Send the price list", "Ana")
    assert notes.items["n1"].locked == ("owner",)


def test_a_deleted_item_stays_deleted_and_undo_brings_it_back() -> None:
    records = [
        NotesUpdated("m", POINT, (item(),)),
        NoteEdited("m", "n1", "u", 1.0, deleted=True),
        NotesUpdated("m", POINT, (item("again"),)),
    ]
    assert fold_all(records).shown() == []
    assert fold_all([*records, NoteEdited("m", "n1", "u", 2.0, deleted=False)]).shown()[0].text == "again"


def test_a_long_history_keeps_who_made_the_item() -> None:
    made = NotesUpdated("m", POINT, (item(history=(Change(0.0, "analyzer", "added"),)),))
    edits = [NoteEdited("m", "n1", "u", float(n), {"owner": f"Ana {n}"}) for n in range(1, 2 * MAX_HISTORY)]
    history = fold_all([made, *edits]).items["n1"].history
    assert len(history) == MAX_HISTORY
    assert (history[0].by, history[0].what, history[-1].at) == ("analyzer", "added", 2.0 * MAX_HISTORY - 1)


def test_merging_moves_the_evidence() -> None:
    first = item(evidence=(Evidence("s1", "send", 0, 1),))
    second = NoteItem("n2", "action", "Send it", evidence=(Evidence("s2", "it", 2, 3),))
    notes = fold_all([NotesUpdated("m", POINT, (first, second)), NotesMerged("m", "n2", "n1", "u", 1.0)])
    assert [i.id for i in notes.shown()] == ["n1"]
    assert [e.segment_id for e in notes.items["n1"].evidence] == ["s1", "s2"]


def test_nonsense_edits_change_nothing() -> None:
    start = fold_all([NotesUpdated("m", POINT, (item(),))])
    for edit in (
        NoteEdited("m", "unknown", "u", 1.0, {"text": "x"}),
        NoteEdited("m", "n1", "u", 1.0, {"text": None}),
        NoteEdited("m", "n1", "u", 1.0, {"status": "nonsense"}),
        NotesMerged("m", "n1", "n1", "u", 1.0),
    ):
        assert fold(start, edit) == start


def test_no_user_value_is_lost_in_1000_random_interleavings() -> None:
    for seed in range(1000):
        rng = random.Random(seed)
        records: list[object] = [NotesUpdated("m", POINT, (item(),))]
        wanted: dict[str, str | None] = {}
        for n in range(rng.randrange(2, 12)):
            if rng.random() < 0.5:
                name = rng.choice(("text", "owner", "due"))
                wanted[name] = f"user {n}"
                records.append(NoteEdited("m", "n1", "u", float(n), {name: wanted[name]}))
            else:
                history = (Change(float(n), "analyzer", "changed"),)
                records.append(NotesUpdated("m", POINT, (item(f"llm {n}", owner=f"llm {n}", history=history),)))
        notes = fold_all(records)
        assert {name: getattr(notes.items["n1"], name) for name in wanted} == wanted
        split = rng.randrange(len(records))
        resumed: Notes = fold_all(records[:split])
        for record in records[split:]:
            resumed = fold(resumed, record)
        assert resumed == notes


def test_what_a_speaker_owes_goes_by_the_name_that_people_gave_them() -> None:
    told = (
        _update(_item("a", owner="Speaker 2"), _item("b", owner="Ana"), _item("c", owner="Speaker 2")),
        NoteEdited("m", "c", "u", 1.0, {"owner": "Speaker 2"}),
        SpeakerRenamed("m", "Speaker 2", "Tom", "u", 2.0),
        _update(_item("d", owner="Speaker 2")),  # worked out before the analyzer had heard of the name
        SpeakerRenamed("m", "Speaker 2", "Thomas", "u", 3.0),
    )
    notes = fold_all(told)
    owners = {i.id: i.owner for i in notes.items.values()}
    assert owners == {"a": "Thomas", "b": "Ana", "c": "Speaker 2", "d": "Thomas"}
    assert notes.names == {"Speaker 2": "Thomas"}


def test_a_name_that_two_speakers_share_is_left_where_it_is() -> None:
    told = (
        SpeakerRenamed("m", "Speaker 1", "Tom", "u", 1.0),
        SpeakerRenamed("m", "Speaker 2", "Tom", "u", 2.0),
        _update(_item("a", owner="Tom")),
        SpeakerRenamed("m", "Speaker 2", "Eve", "u", 3.0),
    )
    assert fold_all(told).items["a"].owner == "Tom"


def test_two_speakers_made_one_and_parted_again_owe_what_they_owed() -> None:
    told = (
        _update(_item("a", owner="Speaker 1"), _item("b", owner="Speaker 2")),
        SpeakerRenamed("m", "Speaker 2", "Speaker 1", "u", 1.0),
        _update(_item("c", owner="Speaker 2"), _item("d", owner="Speaker 1")),
    )
    one = fold_all(told)
    assert {i.owner for i in one.items.values()} == {"Speaker 1"}
    parted = fold(one, SpeakerRenamed("m", "Speaker 2", "Speaker 2", "u", 2.0))
    owners = {i.id: i.owner for i in parted.items.values()}
    assert owners == {"a": "Speaker 1", "b": "Speaker 2", "c": "Speaker 2", "d": "Speaker 1"}
    named = fold(
        fold(one, SpeakerRenamed("m", "Speaker 1", "Ana", "u", 3.0)), NoteEdited("m", "b", "u", 4.0, {"owner": "Tom"})
    )
    assert {i.id: i.owner for i in named.items.values()} == {"a": "Ana", "b": "Tom", "c": "Speaker 1", "d": "Ana"}


def _item(name: str, owner: str) -> NoteItem:
    return NoteItem(name, "action", f"Do {name}", owner=owner)


def _update(*items: NoteItem) -> NotesUpdated:
    return NotesUpdated("m", NotesCheckpoint(1), items)
