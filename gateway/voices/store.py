"""The voices that users want to have recognised, in SQL and nowhere else. Their user's, and nobody else's."""

import time

from sqlalchemy import delete, func, select

from contracts.errors import Conflict, NotFound
from contracts.subjects import new_id
from gateway.store.database import Database
from gateway.store.models import Audit
from gateway.store.models import Voice as Row
from gateway.voices.matching import Voice, joined

MOST_VOICES = 200
REMEMBERED, FORGOTTEN = "voice.remembered", "voice.forgotten"


class VoiceStore:
    """Every call is about the voices of one user. Raises Faults."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, user: str) -> list[Row]:
        """All of them, by name."""
        async with self._database.reading() as session:
            rows = await session.scalars(select(Row).where(Row.user == user).order_by(Row.name, Row.id))
            return list(rows.all())

    async def keep(self, user: str, name: str, model: str, heard: Voice, notice: str) -> Row:
        """Remember a voice, or more of one that has this name. Raises Conflict when that is another voice."""
        async with self._database.writing() as session:
            rows = (await session.scalars(select(Row).where(Row.user == user))).all()
            row = next((r for r in rows if r.name.casefold() == name.casefold()), None)
            if row is None:
                if len(rows) >= MOST_VOICES:
                    raise Conflict(f"at most {MOST_VOICES} voices are remembered: forget one first", source="client")
                row = Row(id=new_id(), user=user, name=name, mean=heard.mean, seconds=heard.seconds)
                session.add(row)
            elif row.model == model:
                both = joined(voice_of(row), heard)
                if both is None:
                    raise Conflict("another voice is remembered by this name: forget it first", source="client")
                row.mean, row.seconds = both.mean, both.seconds
            else:
                row.mean, row.seconds = heard.mean, heard.seconds
            row.model, row.notice, row.at = model, notice, time.time()
            session.add(Audit(at=row.at, user=user, what=REMEMBERED))
            return row

    async def forget(self, user: str, voice: str) -> None:
        """Delete a voice; its bytes are overwritten. Raises NotFound."""
        async with self._database.writing() as session:
            known = await session.scalar(select(func.count()).where(Row.id == voice, Row.user == user))
            if not known:
                raise NotFound("no such voice", source="client")
            await session.execute(delete(Row).where(Row.id == voice, Row.user == user))
            session.add(Audit(at=time.time(), user=user, what=FORGOTTEN))
        await self._database.compact()


def voice_of(row: Row) -> Voice:
    """A stored voice, for comparing."""
    return Voice(row.id, row.mean, row.seconds)
