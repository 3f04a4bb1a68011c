"""What a person's corrections make of a segment; used by everyone who shows or reads the words."""

import msgspec

from contracts.notes import SegmentCorrected
from contracts.transcript import Segment, Word


class Corrected(msgspec.Struct, frozen=True, omit_defaults=True):
    """A segment as the machine has it, and what people made of it. A later machine version keeps the corrections."""

    base: Segment
    text: str | None = None
    speaker: str | None = None
    edits: int = 0

    def shown(self) -> Segment:
        """The segment that a reader sees; its ``rev`` grows with each machine version and each correction."""
        segment = msgspec.structs.replace(self.base, rev=self.base.rev + self.edits)
        if self.text is not None and self.text != self.base.text:
            segment = msgspec.structs.replace(segment, text=self.text, words=retimed(self.base, self.text))
        return segment if self.speaker is None else msgspec.structs.replace(segment, speaker=self.speaker)

    def revised(self, segment: Segment) -> "Corrected":
        """With a newer machine version; an older or equal one changes nothing."""
        return self if segment.rev <= self.base.rev else msgspec.structs.replace(self, base=segment)

    def corrected(self, edit: SegmentCorrected) -> "Corrected":
        """With what a person said."""
        return msgspec.structs.replace(
            self,
            text=self.text if edit.text is None else edit.text,
            speaker=self.speaker if edit.speaker is None else edit.speaker,
            edits=self.edits + 1,
        )


def retimed(segment: Segment, text: str) -> tuple[Word, ...]:
    """The words of ``text`` on the segment's time: as spoken when their number is the same, else evenly."""
    words = text.split()
    if len(words) == len(segment.words):
        return tuple(msgspec.structs.replace(old, w=new) for old, new in zip(segment.words, words, strict=True))
    if not words:
        return ()
    step = (segment.end - segment.start) / len(words)
    return tuple(
        Word(word, round(segment.start + n * step, 3), round(segment.start + (n + 1) * step, 3), 1.0)
        for n, word in enumerate(words)
    )
