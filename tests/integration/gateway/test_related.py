"""Live memory through the public interface: a new note finds what an earlier meeting says, with the asker's rights."""

from typing import Any

import httpx

from contracts import subjects
from contracts.bus import Bus
from contracts.notes import Evidence, NoteItem, NotesCheckpoint, NotesUpdated
from gateway.store.models import Membership
from tests.integration.gateway.client import Client, eventually
from tests.integration.gateway.conftest import Gateway
from tests.integration.gateway.test_meeting import append


def note(name: str, kind: str, text: str, quote: str, **more: Any) -> NoteItem:
    return NoteItem(name, kind, text, evidence=(Evidence(f"s-{name}", quote, 5.0, 9.0),), **more)  # type: ignore[arg-type]


async def test_a_new_note_is_linked_to_the_open_action_and_the_other_decision_of_an_earlier_meeting(
    gateway: Gateway, client: Client, bus: Bus
) -> None:
    earlier, now = await client.start("Spring review"), await client.start("Autumn review")
    old = (
        note("a", "action", "Send the revised budget to finance", "I will send finance the budget", owner="Ana"),
        note("b", "action", "Book a room for the workshop", "I book a room", status="done"),
        note("c", "decision", "The release is on 12 May", "so we release on the twelfth of May"),
    )
    new = (
        note("x", "action", "Send finance the updated budget", "finance still needs the budget"),
        note("y", "action", "Reserve a room for the workshop", "somebody reserves a room"),
        note("z", "decision", "The release is on 19 May", "the release moves to the nineteenth"),
    )
    await append(bus, subjects.notes(earlier), NotesUpdated(earlier, NotesCheckpoint(), old))
    await append(bus, subjects.notes(now), NotesUpdated(now, NotesCheckpoint(), new))

    async def linked(http: httpx.AsyncClient, **params: Any) -> dict[str, Any]:
        answer = await http.get(f"/v1/meetings/{now}/related", params=params)
        return {i["item"]: i for i in answer.json()["items"]} if answer.status_code == 200 else {}

    async def both() -> bool:
        return set(await linked(client.http)) == {"x", "z"}

    await eventually(both)
    found = await linked(client.http)
    open_, differs = found["x"]["links"][0], found["z"]["links"][0]
    assert (open_["relation"], open_["meeting"], open_["item"], open_["owner"]) == ("open_since", earlier, "a", "Ana")
    assert (found["x"]["quote"]["text"], open_["quote"]["text"]) == (
        "finance still needs the budget",
        "I will send finance the budget",
    )
    assert (differs["relation"], differs["title"], differs["quote"]["segment"]) == ("differs", "Spring review", "s-c")
    assert set(await linked(client.http, item="z")) == {"z"}
    assert (await client.http.get(f"/v1/meetings/{earlier}/related")).json() == {"items": []}

    guest = await gateway.services.accounts.add("Eve", "member")
    async with gateway.services.database.writing() as session:
        session.add(Membership(meeting=now, user=guest.id, role="member"))
    token = await gateway.services.accounts.issue(guest, "token", 60)
    async with httpx.AsyncClient(base_url=gateway.url, headers={"authorization": f"Bearer {token}"}) as http:
        assert (await http.get(f"/v1/meetings/{now}/related")).json() == {"items": []}
        assert (await http.get(f"/v1/meetings/{earlier}/related")).status_code == 404
