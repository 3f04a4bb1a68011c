"""A short text for an item from the speaker's own words, by their form alone: no model, no word that was not said.

``I'll send you the list by Friday, okay?`` becomes ``Send Ana the list`` when Ana is the one who is spoken to. Where
the form is not known, or a word stands for something said earlier, the sentence stays and counts as ``rough``: worth
a language model's time.
"""

import re
from collections.abc import Sequence

import msgspec

from analyzer import dates
from analyzer.ops import from_words, tidy
from analyzer.units import Unit
from contracts.notes import Kind

LONG_WORDS = 18
SHORT_WORDS = 3
_NAME = r"(?:[A-Z][\w'’-]+(?: [A-Z][\w'’-]+)?)"
_ALSO = (
    r"(?:(?:just|also|then|now|please|maybe|definitely|quickly|really|still|probably|again|all|both|go and|try and)"
    r"\s+)*"
)
_SELF = (
    r"(?:i|we)(?:(?: still| also| really)?(?: have to| need to)|['’]ll| will"
    r"| can| could|['’]m going to| am going to|['’]re going to| are going to|['’]m gonna"
    r"|['’]re gonna| have to| need to| should|['’]d like to|['’]d be happy to|['’]ve got to| want to)"
)
_YOU = (
    r"you(?:['’]ll| will| can| could|['’]re going to| are going to|['’]re gonna| have to| need to| should"
    r"| might want to| want to)"
)
_FORMS = tuple(
    re.compile(rf"^{form}\s+{_ALSO}(?P<deed>[a-z][\w'’-]*\b.*)$", re.S)
    for form in (
        rf"(?:(?i:{_SELF})|(?i:let me)|(?i:let['’]s))",
        rf"(?:{_NAME},? )?(?i:(?:can|could|would|will) (?:you|one of you|somebody|someone)(?: all| both| guys)?)",
        rf"(?:{_NAME},? )?(?i:{_YOU})",
        r"(?i:(?:i['’]d|i would) like you to|i need you to|(?:do you|would you) mind to|i want you to)",
        rf"(?:(?:the|The|our|Our) )?{_NAME}(?: \w+)?(?:['’]ll| will| is going to|['’]s going to| has to| needs to"
        r"| should| can)",
        r"(?i:(?:somebody|someone|one of us) (?:has|needs|ought|should|will)(?: to)?)",
    )
)
_PLEASE = re.compile(rf"^(?:{_NAME},\s+)?(?i:please)\s+{_ALSO}(?P<deed>[a-z].*)$", re.S)
_NO_DEED = re.compile(
    r"^(?:not|never|be|have(?! a (?:look|word|chat))|see(?! (?:him|her|them)\b)"
    r"|say|think|hope|guess|know|like|love|get it|do (?:it|that|this|so)|only|always|all|even"
    r"|(?!apply|reply|supply)\w+ly|been|it|to)\b",
    re.I,
)
_TAIL = re.compile(
    r"[,;]?\s+(?:okay|ok|right|please|thanks|thank you|yeah|if you can|then|too|to|all right)?\s*[.?!…]*$", re.I
)
_OPEN = re.compile(r"\b(?:it|that|this|them|those|these|they|him|her|he|she|there|ones|so|same|either)\b", re.I)
_HEAR = re.compile(r"\b(?:that|this|these|those)\s+(?!is\b|was\b|will\b)\w{3,}|\bso that\b", re.I)
_TRAILING = re.compile(rf"(?:,\s+{_NAME}|\s+(?:my|our)sel(?:f|ves))$")
_CALLED = re.compile(
    r"^(?P<rest>.*\b(?:the|a|an|my|our|your|his|her|their|this|these|those) (?:[a-z][\w-]+ )?"
    r"(?!(?:to|with|and|or|for|from|by|of|at|about|like|as|than|not|ask|tell|call)\b)[a-z][\w-]+)"
    r" (?P<name>[A-Z][\w-]+)$",
    re.S,
)
_OPENING = re.compile(r"^(?:[^,;:]{1,24}[,;:]\s+){1,2}(?:(?:and|so|then|but)\s+)?(?=i\b|i['’]|we\b|please\b)", re.I)
"""Short clauses before the promise: *Of course, I'll …*, *He did, and I'll …*, *Joana, yes, I'll …*."""
_DECIDED = re.compile(
    r"^(?:(?:so )?(?:we|we've|we have) (?:all )?(?:agreed|decided|settled)(?: (?:that|on|to))?|"
    r"(?:then|so) (?:it's agreed|that's agreed|we're agreed)(?: that)?|agreed)[:,]?\s+",
    re.I,
)


_TO_ALL = re.compile(
    r"^(send|mail|text|give|bring|post|forward|build|get) (?:you|us)(?: both| all| guys)? "
    r"(?=(?:the|our|my|a|an|some|two|three|\w+s)\b)",
    re.I,
)
"""*Send you all the plan*: where it is not plain who that is, the plan is what is to be sent."""
_ASIDE = re.compile(r",\s+(?:I|we|they|it)\b(?!\s+(?:think|guess|suppose|mean)\b).*$", re.S)
"""What is said about a task behind a comma: *Prepare the papers, I only need the number*."""
_THAT = re.compile(r"^(?:do|take care of|handle|sort out) (?:it|that|this|so)\b", re.I)
LOOK_BACK = 2
"""Sentences before a promise to *do it* that may say what."""


class Phrase(msgspec.Struct, frozen=True):
    """A text, and whether a better one would be worth its cost."""

    text: str
    rough: bool
    says: int | None = None
    """The row that says what is to be done, where the place itself says only who does it and when."""


def phrase(kind: Kind, units: list[Unit], row: int, people: Sequence[str] = ()) -> Phrase:
    """The item's text from unit ``row`` of ``units``; ``people`` are others who are there, silent or not."""
    plain = from_words(units[row])
    if kind == "action":
        deed = _deed(plain) or _deed(_OPENING.sub("", plain))
        if deed is None:
            return _told_before(units, row, people) or Phrase(plain, rough=True)
        deed = _uncalled(_without_due(_addressed(deed, units, row)), units, row, people)
        text = tidy(_TRAILING.sub("", deed))
        if len(text.split()) < SHORT_WORDS - 1:
            return Phrase(plain, rough=True)
        return Phrase(text, rough=_unclear(text))
    text = tidy(_DECIDED.sub("", plain)) if kind == "decision" else plain
    return Phrase(text or plain, rough=_unclear(text) and kind == "decision")


def _told_before(units: list[Unit], row: int, people: Sequence[str]) -> Phrase | None:
    """The task that *I'll do it* takes on: what one of the sentences before asked for or said there is to do."""
    forms = (
        form.match(text)
        for text in (from_words(units[row]), _OPENING.sub("", from_words(units[row])))
        for form in _FORMS
    )
    if not any(m and _THAT.match(m["deed"]) for m in forms):
        return None
    for before in range(row - 1, max(-1, row - 1 - LOOK_BACK), -1):
        asked = _deed(from_words(units[before])) is not None
        found = phrase("action", units[: row + 1], before, people) if asked else None
        if found is not None:
            return msgspec.structs.replace(found, says=before)
    return None


def _deed(plain: str) -> str | None:
    """What is to be done, from its verb on; None when the sentence is not of a known form."""
    for pattern in (*_FORMS, _PLEASE):
        match = pattern.match(plain)
        if match and not _NO_DEED.match(match["deed"]):
            deed: str = match["deed"]
            alone = _ASIDE.sub("", deed)
            return (alone if len(alone.split()) >= SHORT_WORDS - 1 else deed).rstrip(" .?!…") or None
    return None


def _addressed(deed: str, units: list[Unit], row: int) -> str:
    """``deed`` with names for *me* and *you* where it is plain whom they mean."""
    asker = units[row].speaker
    others = {u.speaker for u in units if u.speaker and u.speaker != asker}
    request = _FORMS[0].match(from_words(units[row])) is None
    if request and asker and _named(asker):
        deed = re.sub(r"\bme\b", _plainly(asker), re.sub(r"\bmy\b", f"{_plainly(asker)}'s", deed))
    other = next(iter(others)) if len(others) == 1 else None
    if not request and other and _named(other):
        deed = re.sub(r"\byour\b", f"{_plainly(other)}'s", deed)
        deed = re.sub(r"\byou\b(?!\s+(?:can|will|have|want|need|know|see|said|are))", _plainly(other), deed)
    return _TO_ALL.sub(r"\1 ", deed)


def _uncalled(deed: str, units: list[Unit], row: int, people: Sequence[str]) -> str:
    """``deed`` without the name of another person behind a whole object: *call the agency Omar* lost a comma."""
    match = _CALLED.match(deed)
    there = {*people, *(u.speaker or "" for u in units)} - {units[row].speaker or ""}
    others = {name.split(" ")[0] for name in there}
    return match["rest"] if match and match["name"] in others else deed


def _named(speaker: str) -> bool:
    return speaker[:1].isupper() and not any(c.isdigit() for c in speaker) and len(speaker) > 1


def _plainly(speaker: str) -> str:
    return speaker.replace("\\", "")


def _without_due(deed: str) -> str:
    """``deed`` without the due words at its end, which have a place of their own."""
    cut = dates.without_last(_TAIL.sub("", deed + "."))
    return cut if len(cut.split()) >= SHORT_WORDS - 1 else deed


def _unclear(text: str) -> bool:
    """Whether something in ``text`` needs what was said before it, or it is long."""
    if len(text.split()) > LONG_WORDS or len(text.split()) < SHORT_WORDS:
        return True
    return _OPEN.search(_HEAR.sub("", text)) is not None
