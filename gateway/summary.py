"""A meeting as lists and feeds show it."""

import msgspec

from gateway.view import Facts


class MeetingSummary(msgspec.Struct, frozen=True):
    """``state``: live, ending, completed. Times: ``*_at`` wall clock seconds, ``duration_s`` seconds or None.

    ``participants``: who was said to be there and who joined.
    """

    id: str
    title: str
    state: str
    started_at: float
    ended_at: float | None
    duration_s: float | None
    language: str | None
    participants: tuple[str, ...]
    open_actions: int
    sample: bool


def summary_of(facts: Facts, open_actions: int) -> MeetingSummary:
    """The summary of a meeting with those facts."""
    return MeetingSummary(
        facts.meeting,
        facts.title,
        facts.state,
        facts.started_at,
        facts.ended_at,
        facts.duration_s,
        facts.language,
        tuple(dict.fromkeys((*facts.participants, *(p.name for p in facts.people)))),
        open_actions,
        facts.sample,
    )
