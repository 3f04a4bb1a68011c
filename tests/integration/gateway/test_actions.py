"""The board across meetings, through the public interface."""

import datetime as dt
from typing import Any

import httpx

from contracts import subjects
from contracts.bus import Bus
from contracts.notes import Evidence, NoteItem, NotesCheckpoint, NotesUpdated
from tests.integration.gateway.client import Client, eventually
from tests.integration.gateway.conftest import Gateway
from tests.integration.gateway.test_meeting import append

PAST = (dt.datetime.now(dt.UTC).date() - dt.timedelta(days=9)).isoformat()


async def board(client: Client, **filters: Any) -> dict[str, Any]:
    answer = await client.http.get("/v1/actions", params=filters)
    assert answer.status_code == 200, answer.text
    page: dict[str, Any] = answer.json()
    return page


async def two_meetings(client: Client, bus: Bus) -> tuple[str, str]:
    first, second = await client.start("First"), await client.start("Second")
    late = NoteItem("i1", "action", "Send the report", owner="Ana", due=PAST, evidence=(Evidence("s", "send", 1, 2),))
    done = NoteItem("i2", "action", "Order chairs", owner="Ben", due=PAST, status="done")
    other = NoteItem("i3", "decision", "We keep the name")
    await append(bus, subjects.notes(first), NotesUpdated(first, NotesCheckpoint(), (late, done, other)))
    await append(
        bus, subjects.notes(second), NotesUpdated(second, NotesCheckpoint(), (NoteItem("i1", "action", "Call"),))
    )

    async def three() -> bool:
        return bool((await board(client))["total"] == 3)

    await eventually(three)
    return first, second


async def test_actions_of_all_meetings_are_on_the_board_and_leave_it_with_an_edit(
    gateway: Gateway, client: Client, bus: Bus
) -> None:
    first, second = await two_meetings(client, bus)
    late = (await board(client, overdue=True))["items"]
    assert [(i["meeting"], i["title"], i["item"]["id"], i["overdue"]) for i in late] == [(first, "First", "i1", True)]
    assert late[0]["item"]["evidence"][0]["quote"] == "send"
    assert (await board(client))["counts"] == {"open": 2, "done": 1, "overdue": 1}
    assert [i["meeting"] for i in (await board(client, owner=""))["items"]] == [second]
    assert (await board(client, status="open", due_to=PAST))["total"] == 1
    await client.http.patch(f"/v1/meetings/{first}/notes/i1", json={"status": "done"})

    async def none_late() -> bool:
        return bool((await board(client, overdue=True))["total"] == 0)

    await eventually(none_late)


async def test_a_stranger_sees_no_item_and_no_count(gateway: Gateway, client: Client, bus: Bus) -> None:
    await two_meetings(client, bus)
    stranger = await gateway.services.accounts.add("Eve", "member")
    token = await gateway.services.accounts.issue(stranger, "token", 60)
    async with httpx.AsyncClient(base_url=gateway.url, headers={"authorization": f"Bearer {token}"}) as http:
        page = (await http.get("/v1/actions")).json()
    assert page == {"items": [], "total": 0, "next": None, "counts": {"overdue": 0}, "owners": []}


async def test_filters_out_of_range_are_refused(gateway: Gateway, client: Client) -> None:
    for params in ({"status": "lost"}, {"due_from": "tomorrow"}, {"limit": 0}, {"limit": 10**6}, {"offset": -1}):
        assert (await client.http.get("/v1/actions", params=params)).status_code == 400, params
    assert (await client.http.get("/v1/actions", params={"owner": "' OR 1=1 --"})).json()["total"] == 0
