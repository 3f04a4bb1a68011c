"""Whether a written sentence stands in the line that it cites. Pure.

A name or a figure that is not there, or too few of the words, and the sentence is dropped: a small model writes
fluently about nothing.
"""

import re
from collections.abc import Sequence

from contracts.asking import WrittenSentence
from gateway.index.words import WORD, root, topic_words, words_of

MIN_SHARE = 0.6
"""Share of the sentence's telling words that the cited line must have."""
MIN_TELLING = 2
MAX_CHARS = 400
_FIGURE = re.compile(r"\d+(?:[.,:]\d+)*")
_NUMBERS = frozenset(
    words_of("""
    two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen
    nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million billion half
    monday tuesday wednesday thursday friday saturday sunday january february march april june july august september
    october november december not never""")
)


def stands(sentence: str, line: str, question: str) -> bool:
    """Whether all names and figures of the sentence, and most of its telling words, are in the line.

    Words of the question count as known, names and figures do not. A question answers nothing.
    """
    if not sentence or len(sentence) > MAX_CHARS or sentence.endswith("?"):
        return False
    said = {root(w) for w in words_of(line)}
    if any(figure not in line and root(figure) not in said for figure in _FIGURE.findall(sentence)):
        return False
    if any(root(name.lower()) not in said for name in _names(sentence)):
        return False
    spoken = words_of(sentence)
    if any(root(w) not in said for w in spoken if w in _NUMBERS):
        return False
    telling = [root(w) for w in topic_words(sentence)]
    known = said | {root(w) for w in words_of(question)}
    present = sum(w in said for w in telling)
    return present >= MIN_TELLING and sum(w in known for w in telling) >= MIN_SHARE * len(telling)


def standing(written: Sequence[WrittenSentence], lines: Sequence[str], question: str) -> list[WrittenSentence]:
    """The sentences that stand in the line they cite, each once; one that cites a wrong number moves to its line."""
    kept: dict[str, WrittenSentence] = {}
    for sentence in written:
        text = _bare(sentence, lines)
        order = sorted(range(1, len(lines) + 1), key=lambda n: n != sentence.line)
        for number in order:
            if stands(text, lines[number - 1], question):
                kept.setdefault(text, WrittenSentence(text, number))
                break
    return list(kept.values())


def _bare(sentence: WrittenSentence, lines: Sequence[str]) -> str:
    """The sentence on one line, without the speaker's name before it when it is the line word for word."""
    text = " ".join(sentence.text.split())
    who, mark, said = text.partition(": ")
    speakers = {line.partition(": ")[0] for line in lines if ": " in line}
    return said if mark and who in speakers else text


def _names(sentence: str) -> list[str]:
    """Words with a capital that do not open the sentence, and an opening one that is no usual word."""
    words = WORD.findall(sentence)
    inner = [w for w in words[1:] if w[0].isupper() and w not in ("I", "I'm", "I'll", "I've", "I'd")]
    opening = words[:1] if words and words[0][0].isupper() and topic_words(words[0]) and len(words[0]) > 2 else []
    return inner + [w for w in opening if w.lower() not in _OPENERS]


_OPENERS = frozenset(words_of("yes no they the there people everybody both two one nobody"))
