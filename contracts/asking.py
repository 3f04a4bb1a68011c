"""A question to the analyzers and the answer: request and reply on core NATS, in a queue group. May be lost.

The gateway chooses the lines, an analyzer writes sentences on them, the gateway drops those that do not stand there.
"""

import msgspec

MAX_LINES = 16
MAX_SENTENCES = 5


class AskRequest(msgspec.Struct, frozen=True, omit_defaults=True):
    """``lines`` ("Ann: we take the yellow one") are numbered from 1. After ``until`` (wall clock) nobody waits.

    ``judge``: only whether the lines, then excerpts of several, answer is asked, not for sentences.
    """

    question: str
    lines: tuple[str, ...]
    until: float
    judge: bool = False


class WrittenSentence(msgspec.Struct, frozen=True, omit_defaults=True):
    """One sentence of the answer and the number of the line that it rests on."""

    text: str
    line: int


class AskReply(msgspec.Struct, frozen=True, omit_defaults=True):
    """Empty when the lines do not answer, or when the writer is not there or failed.

    ``chance``: how likely the lines answer, for who asked for that; None when nobody could judge.
    """

    sentences: tuple[WrittenSentence, ...] = ()
    chance: float | None = None
