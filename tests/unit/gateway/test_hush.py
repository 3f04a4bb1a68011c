"""Off the record: whatever is sent, none of its sound passes, and media time stays whole."""

from hypothesis import given
from hypothesis import strategies as st

from contracts.audio import FRAME_SAMPLES, Flag, Frame, Gap, gap_frame
from contracts.people import ParticipantChanged, ParticipantJoined, State
from gateway.ingest.hush import LONGEST_SAMPLES, Hush
from gateway.quiet import Quiet

LOUD = b"\x01\x00" * FRAME_SAMPLES


def frames(kinds: list[str]) -> list[Frame]:
    made, pts = [], 0
    for seq, kind in enumerate(kinds):
        last = Flag.LAST if seq == len(kinds) - 1 else Flag.NONE
        frame = Frame(7, seq, pts, LOUD, last)
        if kind == "gap" and not last:
            frame = gap_frame(7, seq, pts, Gap(500, "sleep"))
        made.append(frame)
        pts = frame.end_samples
    return made


@given(
    st.lists(
        st.tuples(st.sampled_from(["sound", "sound", "gap"]), st.sampled_from(["", "paused", "off_record"])),
        min_size=1,
        max_size=400,
    )
)
def test_no_sound_of_an_off_moment_passes_and_time_has_no_hole(script: list[tuple[str, str]]) -> None:
    hush, stored = Hush(), []
    sent = frames([kind for kind, _ in script])
    for frame, (_, cause) in zip(sent, script, strict=True):
        stored += hush.take(frame, cause)
    kept = [f for f, (_, cause) in zip(sent, script, strict=True) if not cause or f.gap is not None]
    assert [f for f in stored if f.payload and f.gap is None] == [f for f in kept if f.gap is None]
    numbers = [f.seq for f in stored]
    assert numbers == sorted(set(numbers))
    position = 0
    for frame in stored:
        assert frame.pts_samples == position
        position = frame.end_samples
    ended_off = script[-1][1] != ""
    assert position == sent[-1].pts_samples if ended_off else sent[-1].end_samples
    assert stored[-1].is_last
    assert hush.flush() == []


def test_a_long_silence_is_told_every_ten_seconds_with_its_cause() -> None:
    hush, stored = Hush(), []
    for seq in range(2 * LONGEST_SAMPLES // FRAME_SAMPLES + 2):
        stored += hush.take(Frame(7, seq, seq * FRAME_SAMPLES, LOUD), "off_record")
    assert [f.gap.cause for f in stored if f.gap] == ["off_record", "off_record"]
    assert all(f.samples >= LONGEST_SAMPLES for f in stored)


def test_old_news_do_not_undo_newer_ones() -> None:
    quiet = Quiet()

    def changed(state: State) -> ParticipantChanged:
        return ParticipantChanged("m", "p", state, 0.0)

    quiet.learn("m", "p", "on", 9)
    quiet.apply("m", 8, changed("off_record"))
    assert quiet.cause("m", "p") == ""
    quiet.apply("m", 10, changed("off_record"))
    assert quiet.cause("m", "p") == "off_record"
    assert quiet.cause("m", "other") == ""
    quiet.apply("m", 11, ParticipantJoined("m", "p", "Ruth", 0.0, "n"))
    assert quiet.cause("m", "p") == ""
