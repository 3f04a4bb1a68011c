"""Meeting views to rows and back: what is written here is exactly what the fold made."""

import functools
from collections.abc import Mapping

import msgspec
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import Insert as PostgresInsert
from sqlalchemy.dialects.sqlite import Insert as SqliteInsert
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.corrections import Corrected
from contracts.notes import NoteItem, Notes
from contracts.recap import Chapter, Recap
from gateway.store import models
from gateway.view import Change, Facts, Gap, MeetingView, Track

encode = msgspec.json.encode
decode = msgspec.json.decode
PROJECTION = "projection"
CONTENT = (models.Track, models.Segment, models.Item, models.Gap, models.Speaker, models.Membership)
"""Every table beside ``meetings`` that holds something of a meeting."""


async def load_view(session: AsyncSession, meeting: str) -> MeetingView | None:
    """The meeting as projected so far, or None when it is not known (or deleted)."""
    view = await load_naming(session, meeting)
    row = await session.get(models.Meeting, meeting)
    if view is None or row is None:
        return None
    view.gaps = [decode(d, type=Gap) for d in await _column(session, models.Gap, meeting)]
    view.segments = {s.base.id: s for s in await load_segments(session, meeting)}
    view.notes = msgspec.structs.replace(await _load_notes(session, row), names=dict(view.speakers))
    return view


async def load_outline(session: AsyncSession, meeting: str) -> MeetingView | None:
    """The meeting's facts and tracks, without words and notes; None when it is not known."""
    row = await session.get(models.Meeting, meeting)
    if row is None:
        return None
    view = MeetingView(meeting)
    view.seq = await get_cursor(session, PROJECTION)
    view.facts = decode(row.facts, type=Facts)
    view.tracks = {t.track: t for t in [decode(d, type=Track) for d in await _column(session, models.Track, meeting)]}
    return view


async def load_naming(session: AsyncSession, meeting: str) -> MeetingView | None:
    """The outline and the names of its speakers; None when it is not known."""
    view = await load_outline(session, meeting)
    if view is not None:
        query = select(models.Speaker).where(models.Speaker.meeting == meeting)
        named = (await session.scalars(query)).all()
        view.speakers = {s.label: s.name for s in named}
        view.recognised = {s.label: s.voice for s in named}
    return view


async def load_segments(session: AsyncSession, meeting: str) -> list[Corrected]:
    """The segments of a meeting, unsorted."""
    rows = await session.scalars(select(models.Segment.data).where(models.Segment.meeting == meeting))
    return [decode(data, type=Corrected) for data in rows.all()]


async def _column(
    session: AsyncSession, table: type[models.Track] | type[models.Gap] | type[models.Item], meeting: str
) -> list[bytes]:
    query = select(table.data).where(table.meeting == meeting).order_by(table.position)
    return list((await session.scalars(query)).all())


async def _load_notes(session: AsyncSession, row: models.Meeting) -> Notes:
    items = [decode(d, type=NoteItem) for d in await _column(session, models.Item, row.id)]
    return Notes(
        {i.id: i for i in items},
        row.summary,
        decode(row.chapters, type=tuple[Chapter, ...]),
        decode(row.recap, type=Recap) if row.recap else None,
    )


async def save_change(session: AsyncSession, view: MeetingView, change: Change, at: float) -> None:
    """Write what ``change`` says that changed; ``at`` is the server time of its record."""
    if change.deleted:
        await erase(session, view.meeting)
        return
    if view.facts is None:
        return
    await _upsert(session, models.Meeting, ["id"], _meeting_row(view, view.facts, at))
    if change.facts:
        member = {"meeting": view.meeting, "user": view.facts.owner, "role": "owner"}
        await _upsert(session, models.Membership, ["meeting", "user"], member)
    if change.segment:
        await _upsert(session, models.Segment, ["meeting", "id"], _segment_row(view, change.segment))
    if change.wordless:
        for table in (models.Segment, models.Gap):
            await session.execute(delete(table).where(table.meeting == view.meeting))
    await _save_tracks(session, view, change)
    positions = {item: n for n, item in enumerate(view.notes.items)} if change.items else {}
    for item in change.items:
        await _upsert(session, models.Item, ["meeting", "id"], _item_row(view, item, positions[item]))


async def _save_tracks(session: AsyncSession, view: MeetingView, change: Change) -> None:
    meeting = view.meeting
    changed = list(view.tracks) if change.wordless else [change.track] if change.track else []
    for name in changed:
        track = view.tracks[name]
        position = list(view.tracks).index(name)
        row: dict[str, object] = {"meeting": meeting, "id": track.track, "position": position, "data": encode(track)}
        await _upsert(session, models.Track, ["meeting", "id"], row)
    if change.gap:
        row = {"meeting": meeting, "position": len(view.gaps) - 1, "data": encode(change.gap)}
        await _upsert(session, models.Gap, ["meeting", "position"], row)
    if change.speaker:
        name, voice = view.speakers[change.speaker], view.recognised.get(change.speaker, "")
        row = {"meeting": meeting, "label": change.speaker, "name": name, "voice": voice}
        await _upsert(session, models.Speaker, ["meeting", "label"], row)


def _meeting_row(view: MeetingView, facts: Facts, at: float) -> dict[str, object]:
    return {
        "id": view.meeting,
        "state": facts.state,
        "started_at": facts.started_at,
        "active_at": at,
        "open_actions": view.open_actions(),
        "seq": view.seq,
        "facts": encode(facts),
        "summary": view.notes.summary,
        "chapters": encode(view.notes.chapters),
        "recap": encode(view.notes.recap) if view.notes.recap else None,
    }


def _segment_row(view: MeetingView, segment: str) -> dict[str, object]:
    state = view.segments[segment]
    shown = state.shown()
    return {
        "meeting": view.meeting,
        "id": segment,
        "start_s": shown.start,
        "speaker": shown.speaker,
        "text": shown.text,
        "data": encode(state),
    }


def _item_row(view: MeetingView, item: str, position: int) -> dict[str, object]:
    note = view.notes.items[item]
    row: dict[str, object] = {"meeting": view.meeting, "id": item, "position": position, "data": encode(note)}
    return row | {"kind": note.kind, "status": note.status, "owner": note.owner, "due": note.due}


async def _upsert(
    session: AsyncSession, table: type[models.Base], keys: list[str], values: Mapping[str, object]
) -> None:
    sqlite = session.get_bind().dialect.name == "sqlite"
    await session.execute(_upserting(table, tuple(keys), tuple(values), sqlite=sqlite), values)


@functools.cache
def _upserting(
    table: type[models.Base], keys: tuple[str, ...], columns: tuple[str, ...], *, sqlite: bool
) -> SqliteInsert | PostgresInsert:
    """Made once: a projection that is made again runs it for every record."""
    known = models.Base.metadata.tables[table.__tablename__]
    made = SqliteInsert(known) if sqlite else PostgresInsert(known)
    rest = {name: made.excluded[name] for name in columns if name not in keys}
    return made.on_conflict_do_update(index_elements=keys, set_=rest)


async def erase(session: AsyncSession, meeting: str) -> None:
    """Remove every row with content of the meeting."""
    await session.execute(delete(models.Meeting).where(models.Meeting.id == meeting))
    for table in CONTENT:
        await session.execute(delete(table).where(table.meeting == meeting))
    await forget_guests(session)


async def forget_guests(session: AsyncSession) -> None:
    """Remove guests who are of no meeting any more, and what lets them in."""
    of_a_meeting = select(models.Membership.user)
    gone = select(models.Person.id).where(models.Person.role == "guest", models.Person.id.not_in(of_a_meeting))
    await session.execute(delete(models.Credential).where(models.Credential.user.in_(gone)))
    await session.execute(
        delete(models.Person).where(models.Person.role == "guest", models.Person.id.not_in(of_a_meeting))
    )


async def get_cursor(session: AsyncSession, name: str) -> int:
    """Up to which sequence the reader ``name`` has worked."""
    row = await session.get(models.Cursor, name)
    return row.seq if row else 0


async def set_cursor(session: AsyncSession, name: str, seq: int) -> None:
    """Move the cursor, in this transaction."""
    await _upsert(session, models.Cursor, ["name"], {"name": name, "seq": seq})
