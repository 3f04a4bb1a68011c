"""Every subject, stream, bucket and durable name, and nothing that talks to a server.

Ids are made by us and never contain user text: ``[A-Za-z0-9_-]{1,64}``.
"""

import re
import secrets

from contracts.errors import BadInput

AUDIO_STREAM = "AUDIO"
MEETING_STREAM = "MEETING"
LEASE_BUCKET = "LEASE"
WORK_BUCKET = "WORK"
LEASE_TTL_S = 3.0

AUDIO_ALL = "audio.*.*"
MEETING_ALL = "meeting.>"
LIVE_ALL = "live.>"
LIFECYCLE_ALL = "meeting.*.lifecycle"
TRACK_WORK_ALL = "track.>"
MEETING_WORK_ALL = "meeting.*"

ASK = "ask.write"
"""Requests for a written answer, core NATS; an analyzer of the queue group replies."""
ASK_QUEUE = "analyzers"

VOICES = "voices.heard"
"""Requests for the voices of a meeting, core NATS; a worker of the queue group replies."""
VOICES_QUEUE = "workers"
VOICES_ALL = "voices.>"

PROJECTOR_DURABLE = "projector"
CLOSER_DURABLE = "closer"

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


def new_id() -> str:
    """A fresh id, unguessable (80 bits), safe in subjects, paths and URLs."""
    return secrets.token_hex(10)


def check_id(value: str) -> str:
    """``value`` when it has the form of an id, else BadInput."""
    if not _ID.fullmatch(value):
        raise BadInput("not an id", source="client")
    return value


def audio(meeting: str, track: str) -> str:
    """Sound frames of one track."""
    return f"audio.{check_id(meeting)}.{check_id(track)}"


def transcript(meeting: str, track: str) -> str:
    """Finals and checkpoint of one track."""
    return f"meeting.{check_id(meeting)}.transcript.{check_id(track)}"


def notes(meeting: str) -> str:
    """Analyzer output and checkpoint of one meeting."""
    return f"meeting.{check_id(meeting)}.notes"


def all_transcripts(meeting: str) -> str:
    """Filter for the words of all tracks."""
    return f"meeting.{check_id(meeting)}.transcript.*"


def edits(meeting: str) -> str:
    """What people changed."""
    return f"meeting.{check_id(meeting)}.edits"


def lifecycle(meeting: str) -> str:
    """Start, tracks, end."""
    return f"meeting.{check_id(meeting)}.lifecycle"


def everything(meeting: str) -> str:
    """All records of one meeting, in feed order."""
    return f"meeting.{check_id(meeting)}.>"


def live(meeting: str, part: str) -> str:
    """Interim text and health of a track, or of ``analyzer``: may be lost, never replayed."""
    return f"live.{check_id(meeting)}.{check_id(part)}"


def all_audio(meeting: str) -> str:
    """Sound frames of all tracks of a meeting (a pattern)."""
    return f"audio.{check_id(meeting)}.*"


def is_work_of(key: str, meeting: str) -> bool:
    """Whether a key of the WORK or LEASE bucket belongs to the meeting."""
    return key == meeting_work(meeting) or key.startswith(f"track.{check_id(meeting)}.")


def meeting_of(subject: str) -> str:
    """The meeting id in a subject of any of our kinds."""
    return subject.split(".")[1]


def track_work(meeting: str, track: str) -> str:
    """Key of an open track in the WORK and LEASE buckets."""
    return f"track.{check_id(meeting)}.{check_id(track)}"


def meeting_work(meeting: str) -> str:
    """Key of an open meeting in the WORK and LEASE buckets."""
    return f"meeting.{check_id(meeting)}"


def next_messages(stream: str, consumer: str) -> str:
    """Where the server is asked for what ``consumer`` delivers next."""
    return f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{consumer}"
