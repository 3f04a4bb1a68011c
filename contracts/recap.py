"""What is told of a meeting as a whole: its parts, who spoke how long, and the recap."""

import msgspec


class Mood(msgspec.Struct, frozen=True):
    """How a stretch of the meeting sounds by its words: -1 (worried, annoyed) to 1 (glad), and the words most so."""

    value: float
    segment_id: str
    quote: str
    start: float
    end: float


class Chapter(msgspec.Struct, frozen=True, omit_defaults=True):
    """A stretch of the meeting about one thing, in meeting seconds; without a mood where nothing is felt."""

    title: str
    start: float
    end: float
    summary: str = ""
    mood: Mood | None = None


class TalkTime(msgspec.Struct, frozen=True, omit_defaults=True):
    """How much one speaker spoke: counted from the segments, overlap counted for both."""

    speaker: str
    seconds: float
    turns: int
    words: int


class Recap(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is left to say when the meeting is over; items are read from the notes, so edits show."""

    title: str
    summary: str
    chapters: tuple[Chapter, ...] = ()
    template: str = "general"
    model: str = ""
    made_at: float = 0.0
    talk: tuple[TalkTime, ...] = ()
