"""What may be published: items whose quotes stand in the cited words, in texts that rest on them. Pure.

This is the last gate: whatever a model says, nothing passes here that the transcript does not carry.
"""

import hashlib
import re
from collections.abc import Mapping

import msgspec

from analyzer.transcript import Heard
from analyzer.units import Unit
from contracts.notes import Change, Evidence, Kind, NoteItem

MAX_EVIDENCE = 12
MAX_TEXT_CHARS = 240
GROUNDED_SHARE = 0.75
ABOUT_WORDS = 2
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_FILLER = re.compile(r"\b(?:um+|uh+|er+m?|hmm+|mm-hmm|you know|I mean)\b[,.]?\s*", re.I)
_LEAD = re.compile(
    r"^(?:(?:and|so|but|okay|ok|yeah|yes|well|right|now|then|sure|alright|all right|great|good|no problem|no|oh|fine"
    r"|perfect|of course|not at all|absolutely|you know what)"
    r"\b[,.!]*\s+)+",
    re.I,
)
_COMMON_WORDS = (
    "the a an of to for and or in on at by with from is are be will was were it that this as has have not do does "
    "his her their our my your its who what when which about into than then also new all any can could should would "
    "ensure provide regarding task decided decision agreed group team meeting need needs make create use get "
    "complete finish prepare send check review discuss write work plan"
)
_PRONOUNS = frozenset(
    [
        "i",
        "i'll",
        "i'm",
        "you",
        "we",
        "we'll",
        "he",
        "she",
        "they",
        "let",
        "me",
        "us",
        "going",
        "gonna",
        "okay",
        "yes",
        "sure",
        "then",
        "so",
    ]
)
_SUBJECT = re.compile(
    r"^(?:(?:The )?[A-Z]\w+(?: [A-Z]\w+){0,2}|I|We|They|He|She|You)"
    r"(?:['’]ll| will| is going to| are going to| has to| have to| needs to| need to| should| must| shall)\s+"
    r"(?:also |then |be responsible for )?(?=\w)"
)
_COMMON = frozenset(_COMMON_WORDS.split())


class Draft(msgspec.Struct, frozen=True):
    """An item before the gate: the units it rests on, the telling one first."""

    kind: Kind
    text: str
    units: tuple[Unit, ...]
    owner: str | None = None
    due: str | None = None
    due_words: str | None = None
    confidence: float | None = None


def publishable(draft: Draft, heard: Mapping[str, Heard], people: list[str], at: float) -> NoteItem | None:
    """The item, or None when a quote is not found word for word or nothing is left of the text."""
    evidence = evidence_of(draft.units)
    text = tidy(draft.text)
    if not evidence or not all(stands(e, heard) for e in evidence) or not text:
        return None
    said = " ".join(u.text for u in draft.units)
    return NoteItem(
        id=item_id(draft.kind, draft.units[0]),
        kind=draft.kind,
        text=text,
        owner=draft.owner if draft.owner and known(draft.owner, people, said) else None,
        due=draft.due,
        due_words=draft.due_words,
        evidence=evidence,
        confidence=None if draft.confidence is None else round(draft.confidence, 3),
        history=(Change(at, "analyzer", "added"),),
    )


def evidence_of(units: tuple[Unit, ...]) -> tuple[Evidence, ...]:
    """The units as evidence, a line for each segment they are said in: all of the first, then up to MAX_EVIDENCE."""
    parts = [(p, n > 0) for u in units for n, p in enumerate(u.parts)]
    most = max(MAX_EVIDENCE, len(units[0].parts) if units else 0)
    return tuple(Evidence(p.segment_id, p.text, p.start, p.end, more) for p, more in parts[:most])


def stands(evidence: Evidence, heard: Mapping[str, Heard]) -> bool:
    """Whether the quote is found word for word in the newest version of the cited segment."""
    cited = heard.get(evidence.segment_id)
    quote = evidence.quote.strip()
    if cited is None or not quote:
        return False
    return f" {' '.join(quote.split())} " in f" {' '.join(cited.segment.text.split())} "


def known(owner: str, people: list[str], said: str) -> bool:
    """Whether ``owner`` is a person of the meeting, or a name or role that occurs in the words."""
    return owner in people or re.search(rf"\b{re.escape(owner)}\b", said, re.I) is not None


def item_id(kind: str, unit: Unit) -> str:
    """The id of the item that rests on ``unit``: found again after a crash, it is the same item."""
    name = f"{kind}:{unit.segment_id}:{unit.index}"
    return f"{kind[0]}-{hashlib.blake2s(name.encode(), digest_size=8).hexdigest()}"


def grounded(text: str, excerpt: str) -> bool:
    """Whether most content words of ``text`` occur in ``excerpt`` (by their stems), and every number does."""
    stems = {_stem(w) for w in _words(excerpt)}
    content = [w for w in _words(text) if w not in _COMMON]
    if not content or any(w.isdigit() and w not in stems for w in content):
        return False
    return sum(_stem(w) in stems for w in content) / len(content) >= GROUNDED_SHARE


def about(text: str, sentence: str) -> bool:
    """Whether ``text`` shares enough content words with the cited ``sentence``, or that sentence has too few."""
    own = {_stem(w) for w in _words(sentence) if w not in _COMMON and w not in _PRONOUNS}
    shared = own & {_stem(w) for w in _words(text)}
    return len(shared) >= min(ABOUT_WORDS, len(own))


def without_subject(text: str) -> str:
    """``Tom will send the list`` as ``send the list``: who does it has a place of its own."""
    return _SUBJECT.sub("", text.strip())


def leading_name(text: str, people: list[str]) -> bool:
    """Whether ``text`` still starts with a person of the meeting: the model has told a story, not a task."""
    return any(text.startswith(f"{n} ") for p in people for n in (p, p.split()[0]))


def from_words(unit: Unit) -> str:
    """A text for an item when no model can write one: the sentence without its fillers."""
    return tidy(_LEAD.sub("", _FILLER.sub("", unit.text)))


def tidy(text: str) -> str:
    """One line, bounded, with a capital and without quotes around it."""
    flat = " ".join(text.split()).strip(" \"'“”`-*,;")
    if len(flat) > MAX_TEXT_CHARS:
        flat = flat[: MAX_TEXT_CHARS - 1].rsplit(" ", 1)[0] + "…"
    return flat[:1].upper() + flat[1:]


def _words(text: str) -> list[str]:
    return [w.lower() for w in _WORD.findall(text)]


def _stem(word: str) -> str:
    for suffix in ("ations", "ation", "ings", "ing", "ies", "ied", "ers", "er", "ed", "es", "s", "e", "y"):
        if word.endswith(suffix) and len(word) - len(suffix) >= 3:
            return word[: -len(suffix)]
    return word
