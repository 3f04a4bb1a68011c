"""Who is paused or off the record right now: nothing of their sound may be stored, whatever their client sends."""

from contracts.lifecycle import MeetingCompleted, MeetingDeleted
from contracts.people import ParticipantChanged, ParticipantJoined, State
from contracts.records import Record
from gateway.view import MeetingView


class Quiet:
    """The states of participants, as the newest record that this process has seen says. Nothing is awaited here."""

    def __init__(self) -> None:
        self._states: dict[str, dict[str, tuple[int, State]]] = {}

    def learn(self, meeting: str, participant: str, state: State, seq: int) -> None:
        """``state`` holds since the record ``seq``; older news change nothing."""
        people = self._states.setdefault(meeting, {})
        if seq >= people.get(participant, (0, state))[0]:
            people[participant] = (seq, state)

    def apply(self, meeting: str, seq: int, record: Record) -> None:
        """Take in a record of a meeting's lifecycle."""
        match record:
            case ParticipantJoined():
                self.learn(meeting, record.participant, "on", seq)
            case ParticipantChanged():
                self.learn(meeting, record.participant, record.state, seq)
            case MeetingCompleted() | MeetingDeleted():
                self._states.pop(meeting, None)

    def cause(self, meeting: str, participant: str) -> str:
        """Why nothing of theirs may be kept, or an empty text."""
        _, state = self._states.get(meeting, {}).get(participant, (0, "on"))
        return "" if state == "on" else state


def cause_of(view: MeetingView, track: str) -> str:
    """The same for the person whose track it is, by the meeting's own records."""
    known = view.tracks.get(track)
    person = view.person(known.user) if known is not None and known.user else None
    return "" if person is None or person.state == "on" else person.state
