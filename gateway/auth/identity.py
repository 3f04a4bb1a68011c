"""A caller, and the secrets that prove who they are. No I/O."""

import hashlib
import secrets
from typing import Literal

import msgspec

Role = Literal["owner", "admin", "member", "viewer", "guest"]
Scope = Literal["audio", "feed"]
OWNER_TOKEN_FILE = "owner.token"  # noqa: S105  # a file name


class User(msgspec.Struct, frozen=True):
    """Somebody who is signed in. Owners and admins see every meeting; viewers and guests change nothing."""

    id: str
    name: str
    role: Role

    @property
    def sees_all(self) -> bool:
        """Whether every meeting is theirs to see."""
        return self.role in ("owner", "admin")

    @property
    def is_guest(self) -> bool:
        """Whether they came by an invitation: only what says so is open to them."""
        return self.role == "guest"

    @property
    def may_write(self) -> bool:
        """Whether they may change anything at all."""
        return self.role not in ("viewer", "guest")


class Ticket(msgspec.Struct, frozen=True):
    """What a one-use ticket stands for."""

    user: User
    meeting: str
    scope: Scope
    track: str | None = None


def new_secret() -> str:
    """An unguessable secret of 256 bits, safe in URLs."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """What we keep of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()
