"""The embedded nats-server: its binary, its configuration, its users and what each of them may not touch."""

import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import msgspec

from contracts import subjects
from contracts.errors import Misconfigured

OLDEST = (2, 11)
"""First version with markers for expired keys, which the leases need."""
FEATURE_FLAGS_SINCE = (2, 14)
ROLES = ("gateway", "worker", "analyzer", "admin")
_SOURCE = "nats-server"
_ANY = "*"
_NO_STREAM_CHANGES = ("$JS.API.STREAM.DELETE.>", "$JS.API.STREAM.UPDATE.>", "$JS.API.STREAM.RESTORE.>")


class NatsPlan(msgspec.Struct, frozen=True):
    """Where the server listens and who may sign in; ``passwords`` by role."""

    binary: Path
    version: tuple[int, int]
    port: int
    monitor_port: int
    store: Path
    max_store_bytes: int
    passwords: dict[str, str]

    def url(self, role: str) -> str:
        """The address with the credentials of ``role``."""
        return f"nats://{role}:{self.passwords[role]}@127.0.0.1:{self.port}"

    @property
    def health_url(self) -> str:
        """Answers 200 while the server and its store are well."""
        return f"http://127.0.0.1:{self.monitor_port}/healthz"


def plan(data: Path, env: Mapping[str, str], max_store_bytes: int) -> NatsPlan:
    """A server with random loopback ports and fresh passwords. Raises Misconfigured."""
    binary = find_binary(env)
    return NatsPlan(
        binary=binary,
        version=version_of(binary),
        port=free_port(),
        monitor_port=free_port(),
        store=data / "jetstream",
        max_store_bytes=max_store_bytes,
        passwords={role: secrets.token_urlsafe(24) for role in ROLES},
    )


def find_binary(env: Mapping[str, str]) -> Path:
    """NATS_SERVER_BIN, or the binary beside this Python, or the one on PATH. Raises Misconfigured."""
    named = env.get("NATS_SERVER_BIN")
    beside = Path(sys.executable).with_name("nats-server")
    on_path = shutil.which("nats-server")
    found = Path(named) if named else beside if beside.exists() else Path(on_path) if on_path else None
    if found is None or not found.exists():
        raise Misconfigured(f"no nats-server {'at ' + named if named else 'found: run make setup'}", source=_SOURCE)
    return found


def version_of(binary: Path) -> tuple[int, int]:
    """Major and minor version. Raises Misconfigured when it does not run or is too old."""
    try:
        said = subprocess.run([binary, "--version"], capture_output=True, text=True, timeout=10, check=True).stdout  # noqa: S603
    except (OSError, subprocess.SubprocessError) as exc:
        raise Misconfigured(f"{binary} does not run", source=_SOURCE) from exc
    match = re.search(r"v(\d+)\.(\d+)\.", said)
    if match is None or (int(match[1]), int(match[2])) < OLDEST:
        raise Misconfigured(f"{binary} is {said.strip()!r}; 2.{OLDEST[1]} or newer is needed", source=_SOURCE)
    return int(match[1]), int(match[2])


def free_port() -> int:
    """A loopback port that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def denied(role: str) -> tuple[str, ...]:
    """Subjects that ``role`` may not publish to: each log has one kind of writer, and only admins change streams."""
    logs = {
        "transcript": f"meeting.{_ANY}.transcript.{_ANY}",
        "notes": f"meeting.{_ANY}.notes",
        "edits": f"meeting.{_ANY}.edits",
        "lifecycle": subjects.LIFECYCLE_ALL,
        "audio": subjects.AUDIO_ALL,
        "voices": subjects.VOICES_ALL,
    }
    own = {
        "gateway": {"transcript", "edits", "lifecycle", "audio", "voices"},
        "worker": {"transcript"},
        "analyzer": {"notes"},
    }
    if role == "admin":
        return ()
    others = tuple(subject for log, subject in logs.items() if log not in own[role])
    return others + (("$JS.API.STREAM.DELETE.>",) if role == "gateway" else _NO_STREAM_CHANGES)


def render(planned: NatsPlan) -> str:
    """The configuration file."""
    users = "\n".join(_user(role, password) for role, password in planned.passwords.items())
    flags = "feature_flags { js_ack_fc_v2: false }" if planned.version >= FEATURE_FLAGS_SINCE else ""
    return f"""# made at every start by the supervisor; holds passwords
server_name: rapporteur
listen: "127.0.0.1:{planned.port}"
http: "127.0.0.1:{planned.monitor_port}"
max_payload: 1MB
ping_interval: "5s"
jetstream {{
  store_dir: {_quoted(str(planned.store))}
  sync_interval: always
  max_file_store: {planned.max_store_bytes}
}}
{flags}
authorization {{
  users: [
{users}
  ]
}}
"""


def _user(role: str, password: str) -> str:
    inboxes = [f"_INBOX.{other}.>" for other in ROLES if other != role and role != "admin"]
    if role != "worker":
        inboxes.append(subjects.VOICES_ALL)
    rules = ""
    if role != "admin":
        publish = ", ".join(map(_quoted, denied(role)))
        subscribe = ", ".join(map(_quoted, inboxes))
        rules = f", permissions: {{ publish: {{ deny: [{publish}] }}, subscribe: {{ deny: [{subscribe}] }} }}"
    return f"    {{ user: {role}, password: {_quoted(password)}{rules} }}"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def write(planned: NatsPlan, path: Path) -> None:
    """Write the configuration so that only this user can read it."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as out:
        out.write(render(planned))
