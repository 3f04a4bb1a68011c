"""Whether a written sentence rests on what was said, and what to say when it does not. Pure.

A small model writes fluent sentences about nothing ("the team worked hard to overcome the challenges"). A sentence
is kept when most of its telling words, and all its names and numbers, occur in the lines that it is about.
"""

import re
from collections import Counter
from collections.abc import Sequence

MIN_SHARE = 0.6
MIN_TELLING = 2
_STEM_CHARS = 5
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_SENTENCE = re.compile(r"(?<=[.!?])\s+")
_HESITATIONS = frozenset(("uh", "um", "uhm", "uhh", "umm", "er", "erm", "hm", "hmm", "mm", "äh", "ähm", "euh", "ehm"))
_PLAIN_WORDS = frozenset(
    """
    about above absolutely actually after again agreed also although always and another any anybody anything
    anyway are around ask asked back basically because been before being between both but call can cannot come
    could definitely did didn does doesn doing don done down each early else enough even every everybody
    everyone everything exactly few final first for from further gave get gets getting give given goes going
    gonna good got great had has have having hello here him his how however into isn it's its just kind know
    last later least less let let's like little look made make makes many maybe mean meeting meetings might more
    most much must need needs never next nice not nothing now okay once one only open other our out over own
    part people perhaps please point points probably quite rather really right said same say says see seem seems
    shall she should since some somebody someone something soon still such sure take taken talk team than thank
    thanks that that's the their them then there these they they're thing things think this those though through
    today together too topic topics try under until use used very want wanted wants was way well were what when
    where whether which while who whole why will with within without won would yeah yes yet you you're your
    """.split()  # noqa: SIM905
)


def fluent(text: str) -> str:
    """``text`` without sounds of hesitation and words said twice in a row: what a writer, or a reader, needs of it."""
    words: list[str] = []
    for word in text.split():
        bare = word.strip(",.;:!?…-").lower()
        if bare in _HESITATIONS or (not bare and words):
            continue
        if words and bare == words[-1].strip(",.;:!?…-").lower() and not bare.isdigit():
            words.pop()
        words.append(word)
    return " ".join(words)


def telling_words(text: str) -> list[str]:
    """The words of ``text`` that carry what it is about, in order: no short and no plain words."""
    found = []
    for match in _WORD.finditer(text):
        word = match.group().replace("’", "'")
        if word.lower() not in _PLAIN_WORDS and (len(word) > 3 or word.isdigit() or (word.isupper() and len(word) > 1)):
            found.append(word)
    return found


def supported(sentence: str, lines: Sequence[str]) -> bool:
    """Whether ``sentence`` rests on ``lines``."""
    said = {_stem(m.group()) for line in lines for m in _WORD.finditer(line)}
    words = telling_words(sentence)
    if len(words) < MIN_TELLING:
        return False
    missing = [w for n, w in enumerate(words) if _stem(w) not in said]
    if any(w.isdigit() or (w[0].isupper() and not sentence.lstrip().startswith(w)) for w in missing):
        return False
    return len(words) - len(missing) >= MIN_SHARE * len(words)


def kept(text: str, lines: Sequence[str]) -> str:
    """The sentences of ``text`` that rest on ``lines``, each once; empty when none does."""
    sentences = dict.fromkeys(s.strip() for s in _SENTENCE.split(text) if s.strip())
    return " ".join(s for s in sentences if supported(s, lines))


def key_lines(lines: Sequence[str], count: int = 3) -> list[str]:
    """The ``count`` lines that hold most of what all of them are about, in their order."""
    weight = Counter(_stem(w) for line in lines for w in set(telling_words(line)))

    def telling(n: int) -> float:
        words = {_stem(w) for w in telling_words(lines[n])}
        return sum(weight[w] for w in words) / (3 + len(words))

    best = sorted(range(len(lines)), key=telling, reverse=True)[:count]
    return [lines[n] for n in sorted(best)]


def title_of(lines: Sequence[str], count: int = 3) -> str:
    """A title from the words that come up most; empty when there are none."""
    seen: Counter[str] = Counter()
    shape: dict[str, str] = {}
    for line in lines:
        for word in telling_words(line.split(": ", 1)[-1]):
            if word.isalpha():
                seen[_stem(word)] += 1
                shape.setdefault(_stem(word), word)
    words = [shape[stem] for stem, _ in seen.most_common(count)]
    text = ", ".join(words)
    return text[:1].upper() + text[1:]


def titled(title: str, lines: Sequence[str]) -> bool:
    """Whether at least half of the telling words of ``title``, and one, occur in ``lines``."""
    said = {_stem(m.group()) for line in lines for m in _WORD.finditer(line)}
    words = telling_words(title)
    hits = sum(_stem(w) in said for w in words)
    return hits > 0 and 2 * hits >= len(words)


def _stem(word: str) -> str:
    return word.lower().replace("’", "'").split("'")[0][:_STEM_CHARS]
