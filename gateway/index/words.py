"""What a question is about: its words without those that any question has, and the people it names."""

import functools
import re
from collections import Counter
from collections.abc import Iterable

WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?", re.UNICODE)


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_COMMON = _set("""
    a about according after all also am an and any are as at be been before being but by can could did do does
    doing done for from had has have having he her here him his how i if in into is it its just may me might must
    my much many no nor not of on or our ours out over shall she should so some such than that the their them then there
    these they this those to too towards under up us very was we were what when where which while who whom whose why
    will with would you your yours it's i'm we're don't didn't isn't wasn't what's who's that's there's""")
"""Words that carry no meaning of their own."""

_ASKING = _set("""
    summarize summarise summary summarized overview recap discuss discussed discusses discussing discussion
    discussions talk talked talking mention mentioned say said says saying state stated tell told explain explained
    describe described think thought thinks thoughts opinion opinions view views attitude attitudes feel felt idea
    ideas believe believed suggest suggested suggestion suggestions propose proposed proposal proposals recommend
    recommended raise raised bring brought come came point points question questions decide decided decision
    decisions conclude concluded conclusion conclusions finalize finalized agree agreed disagree reason reasons
    regarding concerning related relation respect terms team group participant participants people person everyone
    member members meeting meetings speaker speakers someone anybody anyone give gave given make made detail details
    detailed specific put forward hold held want wanted find found include included including choose chose chosen pick
    picked settle settled happen happens happened""")
"""Words of asking about a meeting: they say what kind of answer is wanted, not what it is about."""

_ENDING = re.compile(r"(?:ations?|ings?|ments?|ness|ions?|edly|ed|ies|es|ly|e|s|y)$")


def words_of(text: str) -> list[str]:
    """The words of a text in lower case, without a possessive ending."""
    return [w.replace("’", "'").removesuffix("'s") for w in WORD.findall(text.lower())]


def topic_words(question: str, names: Iterable[str] = ()) -> list[str]:
    """What the question is about: without common words, words of asking, and ``names``.

    A question of nothing else keeps its less common words, so that something can always be matched.
    """
    said = words_of(question)
    people = {part for name in names for part in words_of(name)}
    for leave_out in (_COMMON | _ASKING | people, _COMMON | _ASKING, _COMMON):
        kept = [w for w in said if w not in leave_out]
        if kept:
            return kept
    return said


def _numbers(words: str, first: int, step: int = 1) -> dict[str, str]:
    return {word: str(first + step * n) for n, word in enumerate(words.split())}


_FIGURES = (
    _numbers("three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen", 3)
    | _numbers("seventeen eighteen nineteen", 17)
    | _numbers("twenty thirty forty fifty sixty seventy eighty ninety", 20, 10)
    | _numbers("third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth", 3)
    | _numbers("fifteenth sixteenth seventeenth eighteenth nineteenth", 15)
    | _numbers("twentieth thirtieth", 20, 10)
)
"""Numbers up to two are left out: "one", "first" and "second" are said all the time and mean other things."""
_ORDINAL = re.compile(r"(\d+)(?:st|nd|rd|th)")


def figure(word: str) -> str | None:
    """A number as a figure: "fourteenth", "14th" and "14" are all "14"; None for a word that is no number."""
    found = _ORDINAL.fullmatch(word)
    return found[1] if found else word if word.isdecimal() else _FIGURES.get(word)


def spellings(word: str) -> list[str]:
    """The word and, when it is a number, the other ways in which it may have been written down."""
    number = figure(word)
    if number is None:
        return [word]
    ending = "th" if number[-2:] in ("11", "12", "13") else {"1": "st", "2": "nd", "3": "rd"}.get(number[-1], "th")
    spelt = [w for w, n in _FIGURES.items() if n == number]
    return list(dict.fromkeys([word, number, number + ending, *spelt]))


@functools.lru_cache(maxsize=50_000)
def root(word: str) -> str:
    """A crude stem, for highlights and comparing: the word without its usual ending, a number as a figure."""
    bare = word.lower().removesuffix("'s")
    if (number := figure(bare)) is not None:
        return number
    stem = _ENDING.sub("", bare)
    return stem if len(stem) >= 3 else bare


def named(question: str, speakers: Iterable[str]) -> set[str]:
    """Those of ``speakers`` that the question names: by the whole name, else by a part that only one of them has."""
    asked = _parts(question)
    line = f" {' '.join(asked)} "
    everyone = {name: _parts(name) for name in speakers}
    whole = {name for name, said in everyone.items() if said and f" {' '.join(said)} " in line}
    if whole:
        return whole
    bearers = Counter(part for said in everyone.values() for part in set(said))
    wanted = {w for w in asked if len(w) > 1 and bearers[w] == 1} - _COMMON - _ASKING
    return {name for name, said in everyone.items() if not wanted.isdisjoint(said)} if wanted else set()


@functools.lru_cache(maxsize=10_000)
def _parts(name: str) -> tuple[str, ...]:
    return tuple(words_of(name))
