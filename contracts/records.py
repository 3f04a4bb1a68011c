"""All records of the MEETING stream, and the one encoder and decoder for them.

``type`` in the JSON says which record it is. New fields get defaults; a type is never given another meaning.
"""

import msgspec

from contracts.errors import BadInput
from contracts.lifecycle import (
    MeetingCompleted,
    MeetingDeleted,
    MeetingEnding,
    MeetingRenamed,
    MeetingStarted,
    TrackAdded,
    WordsRemoved,
)
from contracts.notes import EditRecord, NotesRecord
from contracts.people import PeopleRecord
from contracts.transcript import (
    SegmentFinal,
    SegmentRevised,
    TrackAdvanced,
    TrackEpoch,
    TrackFinished,
    TrackGap,
)

TranscriptRecord = TrackEpoch | SegmentFinal | SegmentRevised | TrackGap | TrackAdvanced | TrackFinished
LifecycleRecord = (
    MeetingStarted
    | TrackAdded
    | MeetingRenamed
    | MeetingEnding
    | MeetingCompleted
    | WordsRemoved
    | MeetingDeleted
    | PeopleRecord
)
Record = TranscriptRecord | NotesRecord | EditRecord | LifecycleRecord

_decoder = msgspec.json.Decoder(Record)
_encoder = msgspec.json.Encoder()


def encode(record: Record) -> bytes:
    """The record as JSON, as it is stored and sent."""
    return _encoder.encode(record)


def decode(data: bytes) -> Record:
    """The record in ``data``. Raises BadInput when it is none of ours."""
    try:
        record: Record = _decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        raise BadInput("not a record of the MEETING stream", source="bus") from exc
    return record
