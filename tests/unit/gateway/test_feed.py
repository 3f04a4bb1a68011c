"""Rooms and subscribers: the same messages for everyone, changes never dropped, open words replaced."""

from contracts.lifecycle import MeetingDeleted, MeetingStarted, TrackAdded
from contracts.live import AnalyzerHealth, Interim, TrackHealth
from contracts.notes import NoteCreated, NoteEdited, NoteItem, NotesCheckpoint, NotesUpdated
from contracts.transcript import Checkpoint, Segment, SegmentFinal, TrackAdvanced
from gateway.feed.messages import Codec, Health, OpenWords, SegmentUpdated, Snapshot
from gateway.feed.messages import NotesUpdated as NotesMessage
from gateway.feed.room import RING, Room
from gateway.feed.subscriber import Subscriber
from gateway.view import MeetingView

STARTED = MeetingStarted("m", "Planning", "u", 1000.0)


def final(n: int) -> SegmentFinal:
    return SegmentFinal("m", Segment(f"t-{n}", "t", n, n + 1, f"word {n}", final=True))


def room() -> Room:
    made = Room(MeetingView("m"))
    made.apply(1, STARTED)
    made.apply(2, TrackAdded("m", "t", "mic", 0.0))
    return made


async def read(subscriber: Subscriber) -> list[object]:
    subscriber.remind()
    subscriber.remind()
    return [Codec.server.decode(text) for text in await subscriber.take()]


async def test_a_subscriber_gets_every_change_once_in_order() -> None:
    here = room()
    reader = Subscriber(10)
    here.subscribers.add(reader)
    for n in range(3, 8):
        here.apply(n, final(n))
        here.apply(n, final(n))
    assert [m.seq for m in await read(reader) if isinstance(m, SegmentUpdated)] == [3, 4, 5, 6, 7]


async def test_records_that_change_nothing_visible_send_nothing() -> None:
    here = room()
    reader = Subscriber(10)
    here.subscribers.add(reader)
    here.apply(3, TrackAdvanced("m", "t", Checkpoint()))
    assert await read(reader) == []


async def test_open_words_replace_each_other_and_come_after_earlier_changes() -> None:
    here = room()
    reader = Subscriber(10)
    here.subscribers.add(reader)
    for n in range(50):
        here.live(Interim("m", "t", Segment("t-9", "t", 9, 10, f"open {n}")))
    here.apply(3, final(3))
    here.live(Interim("m", "t", None))
    here.live(TrackHealth("m", "t", 400))
    here.live(AnalyzerHealth("m", "busy"))
    got = await read(reader)
    assert [type(m) for m in got] == [SegmentUpdated, OpenWords, Health, Health]
    assert isinstance(got[1], OpenWords)
    assert got[1].segment is None


async def test_a_subscriber_that_is_too_slow_is_marked_and_forgotten() -> None:
    here = room()
    slow, quick = Subscriber(5), Subscriber(50)
    here.subscribers |= {slow, quick}
    for n in range(3, 10):
        here.apply(n, final(n))
    assert slow.overflowed
    assert here.subscribers == {quick}
    assert len(await read(quick)) == 7


async def test_the_ring_knows_what_it_covers() -> None:
    here = room()
    for n in range(3, RING + 10):
        here.apply(n, final(n))
    oldest = RING + 9 - RING
    assert here.covers(oldest)
    assert not here.covers(oldest - 1)
    assert len(here.after(RING)) == 9


async def test_a_snapshot_shows_open_words_and_leaves_out_what_is_gone() -> None:
    here = room()
    items = (NoteItem("a", "action", "x"), NoteItem("b", "action", "y"))
    here.apply(3, NotesUpdated("m", NotesCheckpoint(), items))
    here.apply(4, NoteEdited("m", "a", "u", 1.0, deleted=True))
    here.live(Interim("m", "t", Segment("t-9", "t", 9, 10, "open")))
    snapshot = Codec.server.decode(here.opening()[0])
    assert isinstance(snapshot, Snapshot)
    assert ([i.id for i in snapshot.notes], snapshot.seq, snapshot.meeting.open_actions) == (["b"], 4, 1)
    assert snapshot.interims[0].track == "t"


async def test_notes_are_sent_folded() -> None:
    here = room()
    reader = Subscriber(10)
    here.subscribers.add(reader)
    here.apply(3, NoteCreated("m", NoteItem("a", "action", "Mine"), "u", 1.0))
    here.apply(4, NotesUpdated("m", NotesCheckpoint(), (NoteItem("a", "action", "Machine's"),)))
    messages = await read(reader)
    assert isinstance(messages[-1], NotesMessage)
    assert messages[-1].items[0].text == "Mine"


async def test_a_deleted_meeting_ends_its_feeds_and_keeps_nothing() -> None:
    here = room()
    reader = Subscriber(10)
    here.subscribers.add(reader)
    here.apply(3, final(3))
    here.apply(4, MeetingDeleted("m", 2.0, "u"))
    here.apply(5, final(5))
    assert [type(m).__name__ for m in await read(reader)] == ["SegmentUpdated", "MeetingDeleted"]
    assert reader.ended
    assert here.opening() == []
    assert not here.view.segments
