"""What a track's pipeline must remember to go on exactly: the state of its checkpoint. A value."""

import msgspec

from contracts.errors import BadInput
from stream_workers.language import LanguageLock

MOST_SAID = 50
"""So many words before the phrases of the context are remembered, as text alone."""


class Phrase(msgspec.Struct, frozen=True, array_like=True):
    """A phrase that is written and still serves as context. Media samples."""

    start: int
    """Boundary before it."""
    speech: int
    """Where its speech begins, pre-roll included."""
    end: int
    vad: bytes
    """VAD state at ``start``."""
    words: tuple[str, ...]


class Early(msgspec.Struct, frozen=True, array_like=True):
    """What is already written of the phrase that is still open, and what its last look said besides."""

    words: tuple[str, ...] = ()
    until: int = 0
    """Media sample at which the last written word ends."""
    tail: tuple[str, ...] = ()
    """Words after those, heard once and waiting to be heard alike again."""
    looked: int = 0
    """Media sample up to which that look heard."""


class Memory(msgspec.Struct, frozen=True, array_like=True):
    """Everything before ``done`` is written; ``phrases`` end there."""

    done: int
    vad: bytes
    """VAD state at ``done``."""
    phrases: tuple[Phrase, ...] = ()
    language: LanguageLock = LanguageLock()
    early: Early = Early()
    clear: bool = True
    """Whether the last phrase was read with ease: then the next one is read quickly first."""
    said: tuple[str, ...] = ()
    """The last words before ``phrases``."""

    @classmethod
    def restore(cls, state: bytes, samples: int, language: str | None) -> "Memory":
        """The memory of a checkpoint; fresh when there is no state. Raises BadInput."""
        if not state:
            return cls(samples, b"", (), LanguageLock(language))
        try:
            memory = msgspec.msgpack.decode(state, type=cls)
        except msgspec.DecodeError as exc:
            raise BadInput("the checkpoint's state cannot be read", source="speech") from exc
        if memory.restart != samples:
            raise BadInput("the state belongs to another checkpoint", source="speech")
        return memory

    @property
    def restart(self) -> int:
        """Where a new pipeline must begin to hear."""
        return self.phrases[0].start if self.phrases else self.done

    @property
    def restart_vad(self) -> bytes:
        """VAD state at ``restart``."""
        return self.phrases[0].vad if self.phrases else self.vad

    def dump(self) -> bytes:
        """The state of a checkpoint at ``restart``."""
        # Later VAD states come back when the sound from ``restart`` is heard again: ``heard_again``.
        later = tuple(msgspec.structs.replace(p, vad=b"") for p in self.phrases[1:])
        return msgspec.msgpack.encode(msgspec.structs.replace(self, phrases=(*self.phrases[:1], *later)))

    def heard_again(self, start: int, vad: bytes) -> "Memory":
        """The memory with the VAD state at ``start``, which a replay has reached again."""
        phrases = tuple(msgspec.structs.replace(p, vad=vad) if p.start == start else p for p in self.phrases)
        return msgspec.structs.replace(self, phrases=phrases)

    def window_start(self, speech: int, end: int, context: int) -> int:
        """Where the window of a phrase begins: so many phrases before it as fit into ``context`` samples."""
        fitting = [p.speech for p in self.phrases if end - p.speech <= context]
        return min(fitting, default=speech)

    def words_since(self, start: int) -> list[str]:
        """Words written for the sound from ``start`` on."""
        return [*(w for p in self.phrases if p.speech >= start for w in p.words), *self.early.words]

    def words_before(self, start: int) -> list[str]:
        """Words written for the sound before ``start``, as far as it is remembered."""
        return [*self.said, *(w for p in self.phrases if p.speech < start for w in p.words)]

    def looked_at(self, early: Early) -> "Memory":
        """The memory after a look at the open phrase."""
        return msgspec.structs.replace(self, early=early)

    def after(self, phrase: Phrase, beyond: Early, language: LanguageLock, context: int, vad_after: bytes) -> "Memory":
        """The memory once ``phrase`` is written: up to ``beyond.until``, and what was heard after its end."""
        words = (*self.early.words, *phrase.words)
        # Written words may lie behind a cut that came later, or across it: the next phrase must not say them again.
        early = msgspec.structs.replace(beyond, words=words[-3:] if beyond.until > phrase.end else ())
        phrase = msgspec.structs.replace(phrase, words=words[: len(words) - len(early.words)])
        phrases = (*self.phrases, phrase)
        kept = tuple(p for p in phrases if phrase.end - p.speech < context)
        gone = (w for p in phrases[: len(phrases) - len(kept)] for w in p.words)
        said = (*self.said, *gone)[-MOST_SAID:]
        return Memory(phrase.end, vad_after, kept, language, early, self.clear, said)

    def read(self, *, clear: bool) -> "Memory":
        """The memory after a reading that was ``clear`` or not."""
        return msgspec.structs.replace(self, clear=clear)

    def rested(self, end: int, vad: bytes) -> "Memory":
        """The memory after a stretch without words: what was said before it is no context any more."""
        return Memory(end, vad, (), self.language, clear=self.clear)
