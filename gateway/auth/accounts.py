"""Users, sessions, tokens and sign-in links in SQL; only hashes of secrets are kept."""

import os
import time
from pathlib import Path

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.errors import Misconfigured, NotSignedIn
from contracts.subjects import new_id
from gateway.auth.identity import OWNER_TOKEN_FILE, Role, User, digest, new_secret
from gateway.settings import GatewaySettings
from gateway.store.database import Database
from gateway.store.models import Credential, Membership, Person
from gateway.store.views import forget_guests

_MIN_SECRET_CHARS = 32


class Accounts:
    """Everything about who can sign in."""

    def __init__(self, database: Database, settings: GatewaySettings) -> None:
        self._database = database
        self._settings = settings

    async def ensure_owner(self) -> User:
        """The owner, made at the first start, and their token file (0600) in the data folder. Raises Misconfigured."""
        token = _owner_token(self._settings.data_path / OWNER_TOKEN_FILE)
        async with self._database.writing() as session:
            owner = (await session.scalars(select(Person).where(Person.role == "owner").limit(1))).first()
            if owner is None:
                owner = Person(id=new_id(), name="Owner", role="owner", created_at=time.time())
                session.add(owner)
            await session.execute(delete(Credential).where(Credential.kind == "token", Credential.user == owner.id))
            session.add(Credential(hash=digest(token), kind="token", user=owner.id, expires_at=None))
            return _user(owner)

    async def add(self, name: str, role: Role) -> User:
        """A new user."""
        person = Person(id=new_id(), name=name, role=role, created_at=time.time())
        async with self._database.writing() as session:
            session.add(person)
        return _user(person)

    async def add_guest(self, meeting: str, user: User | None, until: float) -> tuple[User, str | None]:
        """A guest of the meeting: ``user`` when they are known (also as a guest elsewhere), else a new one.

        Who has no account gets the secret of a session that ends at ``until``. Their name is kept only in the
        records of the meeting, so that it goes with them.
        """
        async with self._database.writing() as session:
            if user is None:
                person = Person(id=new_id(), name="Guest", role="guest", created_at=time.time())
                session.add(person)
                user = _user(person)
            if await session.get(Membership, (meeting, user.id)) is None:
                session.add(Membership(meeting=meeting, user=user.id, role="guest"))
            secret = new_secret() if user.is_guest else None
            if secret is not None:
                session.add(Credential(hash=digest(secret), kind="session", user=user.id, expires_at=until))
        return user, secret

    async def remove_guest(self, meeting: str, user: str) -> None:
        """They may not come in any more; a member of the meeting stays one."""
        async with self._database.writing() as session:
            member = await session.get(Membership, (meeting, user))
            if member is not None and member.role == "guest":
                await session.delete(member)
                await session.flush()
                await forget_guests(session)

    async def user_of(self, secret: str, kind: str) -> User | None:
        """Whose ``secret`` it is, or None."""
        async with self._database.reading() as session:
            found = await _valid(session, secret, kind)
            person = await session.get(Person, found.user) if found else None
            return _user(person) if person else None

    async def issue(self, user: User, kind: str, ttl_s: float) -> str:
        """A new secret of that kind."""
        secret = new_secret()
        async with self._database.writing() as session:
            await session.execute(delete(Credential).where(Credential.expires_at < time.time()))
            session.add(Credential(hash=digest(secret), kind=kind, user=user.id, expires_at=time.time() + ttl_s))
        return secret

    async def sign_in(self, code: str) -> str:
        """Use up a sign-in link; returns the secret of the new session. Raises NotSignedIn."""
        async with self._database.writing() as session:
            found = await _valid(session, code, "link")
            if found is None:
                raise NotSignedIn("the sign-in link is unknown, used or expired", source="client")
            await session.delete(found)
            secret = new_secret()
            until = time.time() + self._settings.session_ttl_s
            session.add(Credential(hash=digest(secret), kind="session", user=found.user, expires_at=until))
        return secret

    async def revoke(self, secret: str) -> None:
        """Forget a session or token."""
        async with self._database.writing() as session:
            await session.execute(delete(Credential).where(Credential.hash == digest(secret)))


async def _valid(session: AsyncSession, secret: str, kind: str) -> Credential | None:
    found = await session.get(Credential, digest(secret))
    if found is None or found.kind != kind:
        return None
    return None if found.expires_at is not None and found.expires_at < time.time() else found


def _user(person: Person) -> User:
    return User(person.id, person.name, person.role)  # type: ignore[arg-type]  # only we write roles


def _owner_token(path: Path) -> str:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(new_secret() + "\n")
    token = path.read_text().strip()
    if len(token) < _MIN_SECRET_CHARS:
        raise Misconfigured(f"{path} holds no token of at least {_MIN_SECRET_CHARS} characters", source="settings")
    return token
