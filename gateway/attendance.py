"""Whether people who take part are there, as they or their connection say."""

import time
from collections.abc import Callable

from contracts.errors import NotFound
from contracts.people import ParticipantChanged, ParticipantLeft, PeopleRecord, Reason, State
from gateway import people
from gateway.lifecycle import Lifecycle
from gateway.people import Participant
from gateway.view import MeetingView


class Attendance:
    """All of it is in the meeting's lifecycle. Raises only Faults."""

    def __init__(self, lifecycle: Lifecycle) -> None:
        self._lifecycle = lifecycle

    async def change(self, meeting: str, participant: str, state: State) -> int:
        """They paused, went off the record, or are back. Raises NotFound."""

        def make(view: MeetingView, person: Participant) -> ParticipantChanged | None:
            same = person.state == state and person.left_at is None
            return None if same else ParticipantChanged(meeting, participant, state, time.time())

        return await self._lifecycle.write(meeting, _about(participant, make))

    async def left(self, meeting: str, participant: str, reason: Reason) -> int:
        """They are gone. Raises NotFound."""

        def make(view: MeetingView, person: Participant) -> ParticipantLeft | None:
            return ParticipantLeft(meeting, participant, time.time(), reason) if people.leaves(person, reason) else None

        return await self._lifecycle.write(meeting, _about(participant, make))


def _about(
    participant: str, make: Callable[[MeetingView, Participant], PeopleRecord | None]
) -> Callable[[MeetingView], PeopleRecord | None]:
    """``make`` with the participant, who must be known."""

    def with_person(view: MeetingView) -> PeopleRecord | None:
        person = view.person(participant)
        if person is None:
            raise NotFound("no such participant", source="client")
        return make(view, person)

    return with_person
