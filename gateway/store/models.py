"""Tables. Everything about meetings is made from the records and can be made again; accounts can not."""

from sqlalchemy import BigInteger, Float, Index, Integer, LargeBinary, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

ID = String(64)


class Base(DeclarativeBase):
    """All tables."""


class Person(Base):
    """A user. ``role``: owner, admin, member, viewer or guest."""

    __tablename__ = "users"
    id: Mapped[str] = mapped_column(ID, primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[float] = mapped_column(Float)


class Credential(Base):
    """A secret that proves who somebody is; only its hash is kept. ``kind``: session, token or link."""

    __tablename__ = "credentials"
    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    user: Mapped[str] = mapped_column(ID, index=True)
    expires_at: Mapped[float | None] = mapped_column(Float)


class Membership(Base):
    """A user's right to one meeting. ``role``: owner, member, viewer or guest."""

    __tablename__ = "memberships"
    meeting: Mapped[str] = mapped_column(ID, primary_key=True)
    user: Mapped[str] = mapped_column(ID, primary_key=True, index=True)
    role: Mapped[str] = mapped_column(String(16))


class Meeting(Base):
    """A meeting; ``facts`` is the whole ``view.Facts``, the columns are for queries."""

    __tablename__ = "meetings"
    id: Mapped[str] = mapped_column(ID, primary_key=True)
    state: Mapped[str] = mapped_column(String(16), index=True)
    started_at: Mapped[float] = mapped_column(Float, index=True)
    active_at: Mapped[float] = mapped_column(Float, default=0.0)
    """Server time of the last record."""
    open_actions: Mapped[int] = mapped_column(Integer, default=0)
    seq: Mapped[int] = mapped_column(BigInteger, default=0)
    facts: Mapped[bytes] = mapped_column(LargeBinary)
    summary: Mapped[str] = mapped_column(Text, default="")
    chapters: Mapped[bytes] = mapped_column(LargeBinary, default=b"[]")
    recap: Mapped[bytes | None] = mapped_column(LargeBinary)


class Track(Base):
    """A source of a meeting."""

    __tablename__ = "tracks"
    meeting: Mapped[str] = mapped_column(ID, primary_key=True)
    id: Mapped[str] = mapped_column(ID, primary_key=True)
    position: Mapped[int] = mapped_column(Integer)
    data: Mapped[bytes] = mapped_column(LargeBinary)


class Segment(Base):
    """A run of words with people's corrections; ``data`` is ``corrections.Corrected``."""

    __tablename__ = "segments"
    meeting: Mapped[str] = mapped_column(ID, primary_key=True)
    id: Mapped[str] = mapped_column(String(96), primary_key=True)
    start_s: Mapped[float] = mapped_column(Float)
    speaker: Mapped[str | None] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text)
    data: Mapped[bytes] = mapped_column(LargeBinary)
    __table_args__ = (Index("segments_in_order", "meeting", "start_s"),)


class Item(Base):
    """A note after the fold; ``position`` is its order of first appearance."""

    __tablename__ = "items"
    meeting: Mapped[str] = mapped_column(ID, primary_key=True)
    id: Mapped[str] = mapped_column(String(96), primary_key=True)
    position: Mapped[int] = mapped_column(Integer)
    kind: Mapped[str] = mapped_column(String(16))
    status: Mapped[str] = mapped_column(String(16))
    owner: Mapped[str | None] = mapped_column(String(200))
    due: Mapped[str | None] = mapped_column(String(32))
    data: Mapped[bytes] = mapped_column(LargeBinary)


class Gap(Base):
    """Missing sound of a meeting, in the order in which it was noticed."""

    __tablename__ = "gaps"
    meeting: Mapped[str] = mapped_column(ID, primary_key=True)
    position: Mapped[int] = mapped_column(Integer, primary_key=True)
    data: Mapped[bytes] = mapped_column(LargeBinary)


class Speaker(Base):
    """The name that a speaker label has; ``voice``: by which remembered voice, empty when a person gave it."""

    __tablename__ = "speakers"
    meeting: Mapped[str] = mapped_column(ID, primary_key=True)
    label: Mapped[str] = mapped_column(String(200), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    voice: Mapped[str] = mapped_column(ID, default="")


class Voice(Base):
    """A voice that a user wants to have recognised in later meetings: a voiceprint, so biometric data.

    ``mean`` is the int8 mean of ``seconds`` of speech; ``notice`` names the text that the user confirmed.
    """

    __tablename__ = "voices"
    id: Mapped[str] = mapped_column(ID, primary_key=True)
    user: Mapped[str] = mapped_column(ID, index=True)
    name: Mapped[str] = mapped_column(String(200))
    model: Mapped[str] = mapped_column(String(64))
    mean: Mapped[bytes] = mapped_column(LargeBinary)
    seconds: Mapped[float] = mapped_column(Float)
    notice: Mapped[str] = mapped_column(String(32))
    at: Mapped[float] = mapped_column(Float)


class Cursor(Base):
    """Up to which stream sequence a reader has worked; moves in the transaction of its effects."""

    __tablename__ = "cursors"
    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger)


class Audit(Base):
    """Who did what to which meeting, never with content; append only. ``erased_at`` for a deletion carried out."""

    __tablename__ = "audit"
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    at: Mapped[float] = mapped_column(Float)
    user: Mapped[str] = mapped_column(ID)
    what: Mapped[str] = mapped_column(String(64))
    meeting: Mapped[str | None] = mapped_column(ID, index=True)
    seq: Mapped[int] = mapped_column(BigInteger, default=0)
    erased_at: Mapped[float | None] = mapped_column(Float)
