"""Live memory: what an earlier meeting has to do with a note that was just made. Notes are compared as they are shown.

An action item is linked to the same one that is still open since an earlier meeting; a decision to an earlier decision
on the same thing, which it repeats or from which it differs. Nothing is written: the links are found when they are
asked for, with the asker's rights inside the query.
"""

import re
from collections import OrderedDict
from collections.abc import Sequence
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from contracts.notes import NoteItem
from gateway.index.port import Candidate, Line, Needle, Scope, SearchIndex
from gateway.index.searcher import TextEmbedder
from gateway.index.words import root, topic_words, words_of

Relation = Literal["open_since", "decided", "differs"]
LOOKED_FOR = {"action": ("action", "open"), "decision": ("decision", None)}
"""Kind of a new note -> kind and status of the earlier ones that it is compared with."""
POOL = 12
MAX_LINKS = 3
SAME_FROM = 0.62
"""Likeness (see ``likeness``) from which two notes speak of the same thing."""
KEPT_VECTORS = 2000
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_VALUES = frozenset(
    words_of("""
    one two three four five six seven eight nine ten eleven twelve fifteen twenty thirty forty fifty sixty seventy
    eighty ninety hundred thousand million half quarter monday tuesday wednesday thursday friday saturday sunday january
    february march april may june july august september october november december spring summer autumn winter today
    tomorrow not no never without cancel cancelled drop dropped stop postpone postponed remove removed abandon reject
    rejected anymore""")
)


class Quote(msgspec.Struct, frozen=True, omit_defaults=True):
    """The words that a note rests on, and where to hear them; ``segment`` "" when it was written by hand."""

    text: str
    segment: str
    start: float


class Link(msgspec.Struct, frozen=True, omit_defaults=True):
    """An earlier note that has to do with a new one. ``item`` and ``quote`` are of the earlier meeting.

    ``open_since``: the same action item, still open; ``decided``: an earlier decision on the same thing;
    ``differs``: one that names another number, day, name or says the opposite.
    """

    relation: Relation
    meeting: str
    title: str
    started_at: float
    item: str
    text: str
    likeness: float
    quote: Quote
    owner: str | None = None
    due: str | None = None


class Related(msgspec.Struct, frozen=True):
    """A note of this meeting with its own quote, and what earlier meetings have to do with it, most alike first."""

    item: str
    text: str
    quote: Quote
    links: tuple[Link, ...]


class Relater:
    """Finds links. Keeps only vectors of texts that were compared lately."""

    def __init__(self, index: SearchIndex, embedder: TextEmbedder) -> None:
        self._index = index
        self._embedder = embedder
        self._vectors: OrderedDict[str, NDArray[np.float32]] = OrderedDict()

    async def related(self, items: Sequence[NoteItem], scope: Scope) -> list[Related]:
        """Those of ``items`` that have links among the notes that ``scope`` allows. Raises Unavailable."""
        asked = [i for i in items if i.kind in LOOKED_FOR]
        found = [(i, await self._links(i, scope)) for i in asked]
        return [Related(i.id, i.text, _own_quote(i), links) for i, links in found if links]

    async def _links(self, item: NoteItem, scope: Scope) -> tuple[Link, ...]:
        kind, status = LOOKED_FOR[item.kind]
        statuses = frozenset({status} if status else ())
        narrowed = msgspec.structs.replace(scope, kinds=frozenset({kind}), statuses=statuses)
        (vector,) = await self._embedded([item.text])
        needle = Needle(tuple(dict.fromkeys(topic_words(item.text))), vector)
        pool = await self._index.candidates(needle, narrowed, POOL)
        vectors = await self._embedded([c.passage.lines[0].text for c in pool])
        links = [_link(item, c, float(vector @ v)) for c, v in zip(pool, vectors, strict=True)]
        best = sorted((link for link in links if link is not None), key=lambda link: -link.likeness)
        return tuple(best[:MAX_LINKS])

    async def _embedded(self, texts: Sequence[str]) -> list[NDArray[np.float32]]:
        missing = list(dict.fromkeys(t for t in texts if t not in self._vectors))
        if missing:
            made = await self._embedder.embed(missing)
            self._vectors.update(zip(missing, made, strict=True))
        found = [self._vectors[t] for t in texts]
        while len(self._vectors) > KEPT_VECTORS:
            self._vectors.popitem(last=False)
        return found


def relation(kind: str, new: str, old: str, cosine: float) -> tuple[Relation, float] | None:
    """What an earlier note of the same kind is to a new one, and how alike they are; None = nothing."""
    alike = likeness(new, old, cosine)
    if alike < SAME_FROM:
        return None
    if kind == "action":
        return "open_since", alike
    return ("differs" if differ(new, old) else "decided"), alike


def likeness(new: str, old: str, cosine: float) -> float:
    """How much two short notes speak of the same thing, 0 to 1: meaning, and the share of words that they have both."""
    a, b = _stems(new), _stems(old)
    shared = len(a & b) / min(len(a), len(b)) if a and b else 0.0
    return max(0.0, 0.7 * cosine + 0.3 * shared)


def differ(new: str, old: str) -> bool:
    """Whether two notes on the same thing name different numbers, days, names, or one denies what the other says."""
    a, b = _values(new), _values(old)
    return bool(a ^ b)


def _stems(text: str) -> set[str]:
    return {root(w) for w in topic_words(text)}


def _values(text: str) -> set[str]:
    """What can be decided otherwise: numbers, days, names (a capital inside the sentence), words that deny."""
    said = words_of(text)
    names = {w.lower() for w in re.findall(r"(?<=[a-z,;] )[A-ZÀ-Þ][\w-]+", text)}
    denied = {"not"} if any(w.endswith("n't") for w in said) else set()
    return set(_NUMBER.findall(text)) | (set(said) & _VALUES) | names | denied


def _link(item: NoteItem, candidate: Candidate, cosine: float) -> Link | None:
    passage, card = candidate.passage, candidate.card
    text = passage.lines[0].text
    found = relation(item.kind, item.text, text, cosine)
    if found is None:
        return None
    quote = passage.lines[1] if len(passage.lines) > 1 else Line("", passage.start, passage.end, "")
    return Link(
        found[0],
        passage.meeting,
        card.title,
        card.started_at,
        passage.id.removeprefix(f"{passage.meeting}-n-"),
        text,
        round(found[1], 3),
        Quote(quote.text, quote.segment, quote.start),
        passage.owner,
        passage.due,
    )


def _own_quote(item: NoteItem) -> Quote:
    first = item.evidence[0] if item.evidence else None
    return Quote(first.quote, first.segment_id, first.start) if first else Quote("", "", 0.0)
