"""Keeps the index up with the records: which meetings changed, what of them changed, only that is embedded again.

Records only say which meeting to look at; what it holds now is read from the projected view. The index's own cursor
moves after the puts, so a crash or an outage repeats work and loses none.
"""

import asyncio
import hashlib
import time
from collections import OrderedDict
from collections.abc import Sequence
from typing import Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from contracts import log, subjects
from contracts.bus import Bus, Stored
from contracts.errors import BadInput, Fault
from contracts.records import decode
from contracts.transcript import TrackAdvanced, TrackEpoch, TrackGap
from gateway.index.meeting_passages import card_of, passages_of
from gateway.index.passages import Borders, parts
from gateway.index.port import Card, Entry, Passage, SearchIndex
from gateway.index.searcher import TextEmbedder
from gateway.view import MeetingView

SETTLE_S = 2.0
"""Changes are gathered for this long, so that talk is embedded by the passage and not by the utterance."""
LONGEST_SETTLE_S = 10.0
REST = 8.0
"""And for so many times as long as the last changes took: with many meetings talk goes before search."""
RETRY_S = 2.0
BACKFILL_S = 20.0
BACKFILL_BATCH = 16
REMEMBERED = 64
"""Meetings whose stored passages are known by heart; others are compared after a look at the index."""
KEPT_VECTORS = 1500
"""Vectors of parts that are kept, for when only something beside their words changes."""
_QUIET = (TrackEpoch, TrackAdvanced, TrackGap)


class Views(Protocol):
    """The read model, as far as the indexer needs it."""

    async def wait_for(self, seq: int) -> bool:
        """Whether the read model holds everything up to ``seq`` within a few seconds."""
        ...

    async def view(self, meeting: str) -> MeetingView | None:
        """The meeting now; None when it is unknown or deleted."""
        ...


class Indexer:
    """Follows the records of all meetings. One per index."""

    def __init__(self, bus: Bus, views: Views, index: SearchIndex, embedder: TextEmbedder) -> None:
        self._bus = bus
        self._views = views
        self._index = index
        self._embedder = embedder
        self._known: OrderedDict[str, dict[str, bytes]] = OrderedDict()
        self._borders: dict[str, Borders] = {}
        self._embedded: OrderedDict[bytes, NDArray[np.float32]] = OrderedDict()
        self._putting = asyncio.Lock()  # a backfill must not put back what a re-indexing has just replaced
        self._log = log.get()
        self.cursor = 0

    async def run(self) -> None:
        """Index for ever; an outage of any part is waited out."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._follow(), name="search.index")
            tasks.create_task(self._backfill(), name="search.backfill")

    async def _follow(self) -> None:
        while True:
            try:
                await self._read_on()
            except Fault as fault:
                self._log.warning("search.index_waits", source=fault.source, code=fault.code)
                await asyncio.sleep(RETRY_S)

    async def _read_on(self) -> None:
        self.cursor = await self._index.cursor()
        reader = self._bus.reader(subjects.MEETING_STREAM, subjects.MEETING_ALL, self.cursor + 1)
        took_s = 0.0
        try:
            while True:
                dirty = _touched(await reader.fetch(timeout_s=5.0, batch=256))
                settled = time.monotonic() + min(LONGEST_SETTLE_S, max(SETTLE_S, REST * took_s))
                while dirty and (left := settled - time.monotonic()) > 0:
                    dirty |= _touched(await reader.fetch(timeout_s=left, batch=256))
                began = time.monotonic()
                await self._work_in(dirty, reader.next_seq - 1)
                took_s = time.monotonic() - began
        finally:
            await reader.close()

    async def _work_in(self, dirty: set[str], seq: int) -> None:
        if seq <= self.cursor:
            return
        if dirty:
            while not await self._views.wait_for(seq):
                self._log.info("search.index_waits", source="projector", code="behind")
        for meeting in sorted(dirty):
            async with self._putting:
                await self._reindex(meeting)
        await self._index.advance(seq)
        self.cursor = seq

    async def _reindex(self, meeting: str) -> None:
        started = time.perf_counter()
        view = await self._views.view(meeting)
        card = card_of(view) if view is not None else None
        if view is None or card is None:
            await self._index.delete(meeting)
            self._forget(meeting)
            return
        known = await self._stored(meeting)
        passages = passages_of(view, self._borders[meeting])
        digests = {p.id: _digest(p, card) for p in passages}
        changed = [p for p in passages if known.get(p.id) != digests[p.id]]
        gone = [id_ for id_ in known if id_ not in digests]
        await self._index.put(card, [Entry(p, await self._vectors(p)) for p in changed], gone)
        self._known[meeting] = digests
        took = round((time.perf_counter() - started) * 1000)
        self._log.info("meeting.indexed", meeting_id=meeting, changed=len(changed), gone=len(gone), took_ms=took)

    async def _stored(self, meeting: str) -> dict[str, bytes]:
        """What the index holds of the meeting; its contents are unknown after a restart, so all of it counts as old."""
        if meeting not in self._known:
            ids = await self._index.ids(meeting)
            self._known[meeting] = dict.fromkeys(ids, b"")
            self._borders[meeting] = Borders.from_ids(ids)
            while len(self._known) > REMEMBERED:
                self._forget(next(iter(self._known)))
        self._known.move_to_end(meeting)
        return self._known[meeting]

    def _forget(self, meeting: str) -> None:
        self._known.pop(meeting, None)
        self._borders.pop(meeting, None)

    async def _vectors(self, passage: Passage) -> NDArray[np.float32] | None:
        """One vector per part; None while the model is not there. Only parts with new words are embedded."""
        texts = parts(passage)
        keys = [hashlib.blake2b(text.encode(), digest_size=16).digest() for text in texts]
        missing = {k: t for k, t in zip(keys, texts, strict=True) if k not in self._embedded}
        if missing:
            try:
                made = await self._embedder.embed(list(missing.values()))
            except Fault:
                return None
            self._embedded.update(zip(missing, made, strict=True))
        found = np.stack([self._embedded[k] for k in keys])
        while len(self._embedded) > KEPT_VECTORS:
            self._embedded.popitem(last=False)
        return found

    async def _backfill(self) -> None:
        """Give vectors to passages that were stored while the model was not there."""
        while True:
            await asyncio.sleep(BACKFILL_S)
            try:
                await self.embed_waiting()
            except Fault as fault:
                self._log.debug("search.backfill_waits", source=fault.source, code=fault.code)

    async def embed_waiting(self) -> int:
        """Embed what waits; returns how many passages. Raises the Fault of what does not answer."""
        done = 0
        while batch := await self._embed_batch():
            done += batch
        return done

    async def _embed_batch(self) -> int:
        async with self._putting:
            waiting = await self._index.unembedded(BACKFILL_BATCH)
            cards: dict[str, tuple[Card, list[Entry]]] = {}
            for card, passage in waiting:
                entry = Entry(passage, await self._embedder.embed(parts(passage)))
                cards.setdefault(card.id, (card, []))[1].append(entry)
            for card, entries in cards.values():
                await self._index.put(card, entries)
        return len(waiting)


def _touched(messages: Sequence[Stored]) -> set[str]:
    """The meetings to look at again: those with a record that may change what is found."""
    return {subjects.meeting_of(m.subject) for m in messages if not _is_quiet(m.data)}


def _is_quiet(data: bytes) -> bool:
    try:
        return isinstance(decode(data), _QUIET)
    except BadInput:
        return False  # a record of a newer version: a needless look does no harm


def _digest(passage: Passage, card: Card) -> bytes:
    return hashlib.blake2b(msgspec.msgpack.encode((passage, card)), digest_size=16).digest()
