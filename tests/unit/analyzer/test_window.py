"""When a pass is due and what it sees; its cost does not grow with the meeting."""

from analyzer.window import MAX_LEFT, MAX_UNITS, RIGHT_UNITS, SETTLE_S, Window
from contracts.lifecycle import MeetingEnding
from contracts.notes import SegmentCorrected
from contracts.transcript import TrackFinished
from tests.unit.analyzer.meetings import Said


def test_the_last_words_wait_for_what_follows_them() -> None:
    talk = Said(("Ana", "Can you do it?"))
    window = Window()
    window.arrived(100.0)
    assert window.next(talk, 0, 100.5) is None
    assert window.next(talk, 0, 100.0 + SETTLE_S) is not None


def test_words_with_enough_after_them_are_worked_in_at_once() -> None:
    talk = Said(*[("Ana", f"Sentence number {n}.") for n in range(RIGHT_UNITS + 1)])
    window = Window()
    window.arrived(100.0)
    view = window.next(talk, 0, 100.1)
    assert view is not None
    assert [view.units[n].text for n in sorted(view.fresh)] == ["Sentence number 0."]


def test_the_end_of_the_meeting_leaves_nothing_waiting() -> None:
    talk = Said(("Ana", "Can you do it?"))
    window = Window()
    window.arrived(100.0)
    talk.put(MeetingEnding("m", 0.0))
    talk.put(TrackFinished("m", "t", 5.0))
    view = window.next(talk, 0, 100.1)
    assert view is not None
    assert len(view.fresh) == 1


def test_a_pass_sees_no_more_at_minute_120_than_at_minute_10() -> None:
    sizes = []
    for minutes in (10, 120):
        talk = Said(*[("Ana", f"This is sentence number {n}.") for n in range(minutes * 12)])
        view = Window().next(talk, talk.seq - 60, 1e6)
        assert view is not None
        sizes.append(len(view.units))
    assert sizes[0] == sizes[1] <= MAX_UNITS + MAX_LEFT + RIGHT_UNITS


def test_a_backlog_is_worked_off_pass_by_pass_without_a_gap() -> None:
    talk = Said(*[("Ana", f"This is sentence number {n}.") for n in range(100)])
    window = Window()
    seen: list[str] = []
    done, now = 0, 1e6
    while (view := window.next(talk, done, now)) is not None:
        seen += [view.units[n].text for n in sorted(view.fresh)]
        done, now = view.upto_seq, now + 0.01
    assert seen == [f"This is sentence number {n}." for n in range(100)]


def test_a_corrected_segment_is_looked_at_again() -> None:
    talk = Said(("Ana", "I will call."), ("Tom", "Good."))
    done = talk.seq
    talk.put(SegmentCorrected("m", "t-0", "u", 1.0, text="I will not call."))
    view = Window().next(talk, done, 1e6)
    assert view is not None
    assert view.changed == {"t-0"}
    assert [view.units[n].text for n in sorted(view.fresh)] == ["I will not call."]
