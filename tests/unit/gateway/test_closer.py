"""When a meeting is brought to its end."""

from contracts.audio import Flag, Frame
from gateway.closer import CloseTrack, Complete, End, FinishTrack, Open, Sound, due
from gateway.view import Facts, Track

LIVE = Facts("m", "t", "u", started_at=1000.0)
ENDING = Facts("m", "t", "u", started_at=1000.0, ending_at=2000.0, ending_seq=50)
MIC = Track("a", "mic", 0.0)
LAST = Frame(1, 1, 960, flags=Flag.LAST)


def decide(
    facts: Facts, tracks: tuple[Track, ...], now: float, active_at: float = 0.0, **sounds: Sound
) -> list[object]:
    return list(due(Open(facts, tracks, sounds, active_at), now, idle_s=600, grace_s=15))


def test_a_live_meeting_that_was_heard_lately_goes_on() -> None:
    assert decide(LIVE, (MIC,), 1599.0) == []
    assert decide(LIVE, (MIC,), 3000.0, a=Sound(1, 2500.0)) == []
    assert decide(LIVE, (), 3000.0, active_at=2500.0) == []


def test_a_live_meeting_whose_clients_vanished_is_ended() -> None:
    assert decide(LIVE, (MIC,), 3000.0, a=Sound(1, 2399.0)) == [End("idle")]
    assert decide(LIVE, (), 1601.0) == [End("idle")]


def test_a_track_is_closed_only_when_its_client_has_been_silent() -> None:
    assert decide(ENDING, (MIC,), 2010.0, a=Sound(1, 1990.0)) == []
    assert decide(ENDING, (MIC,), 2016.0, a=Sound(1, 1990.0)) == [CloseTrack("a")]
    assert decide(ENDING, (MIC,), 2030.0, a=Sound(1, 2020.0)) == []
    assert decide(ENDING, (MIC,), 2016.0) == [CloseTrack("a")]
    assert decide(ENDING, (MIC,), 2100.0, a=Sound(1, 2000.0, LAST)) == []


def test_words_without_sound_need_no_grace() -> None:
    assert decide(ENDING, (Track("b", "transcript", 0.0),), 2000.0) == [FinishTrack("b")]


def test_a_meeting_is_complete_when_the_recap_was_written_after_the_end_was_said() -> None:
    done = Track("a", "mic", 0.0, end=10.0)
    early = Facts("m", "t", "u", 1000.0, ending_at=2000.0, ending_seq=50, recap_seq=40)
    ready = Facts("m", "t", "u", 1000.0, ending_at=2000.0, ending_seq=50, recap_seq=60)
    assert decide(ENDING, (done,), 9000.0) == []
    assert decide(early, (done,), 9000.0) == []
    assert decide(ready, (MIC,), 2001.0) == []
    assert decide(ready, (done,), 2001.0) == [Complete()]
    assert decide(ready, (), 2001.0) == [Complete()]
