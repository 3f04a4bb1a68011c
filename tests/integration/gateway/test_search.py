"""What was said and noted is found through the public interface."""

import json
from typing import Any

import msgspec
import pytest

from contracts import subjects
from contracts.asking import AskReply, AskRequest, WrittenSentence
from contracts.bus import Bus
from contracts.notes import Evidence, NoteItem, NotesCheckpoint, NotesUpdated
from tests.integration.gateway.client import Client, eventually
from tests.integration.gateway.conftest import Gateway
from tests.integration.gateway.test_meeting import append


async def say(client: Client, meeting: str, *said: tuple[str, str]) -> str:
    track = await client.track(meeting, "transcript")
    segments = [
        {"speaker": speaker, "start": n * 5.0, "end": n * 5.0 + 4, "text": text}
        for n, (speaker, text) in enumerate(said)
    ]
    answer = await client.http.post(f"/v1/meetings/{meeting}/segments", json={"track": track, "segments": segments})
    assert answer.status_code < 300, answer.text
    return track


async def found(client: Client, q: str, **filters: Any) -> dict[str, Any]:
    answer = await client.http.get("/v1/search", params={"q": q, **filters})
    assert answer.status_code == 200, answer.text
    page: dict[str, Any] = answer.json()
    return page


async def test_words_notes_and_titles_are_found_a_few_seconds_later(gateway: Gateway, client: Client, bus: Bus) -> None:
    meeting = await client.start("Budget review")
    await say(client, meeting, ("Ana", "Good morning."), ("Ben", "The batteries cost forty thousand euros this year."))
    item = NoteItem("i1", "action", "Compare prices of batteries", owner="Ana", evidence=(Evidence("x", "cost", 5, 9),))
    await append(bus, subjects.notes(meeting), NotesUpdated(meeting, NotesCheckpoint(), (item,)))

    async def three() -> bool:
        noted = (await found(client, "battery", kind="action"))["found"] == 1
        return noted and (await found(client, "battery"))["found"] >= 2

    await eventually(three)
    talk = (await found(client, "what does the battery cost?", kind="transcript"))["items"][0]
    assert (talk["meeting"], talk["title"], talk["snippet"]["at"], talk["snippet"]["speaker"]) == (
        meeting,
        "Budget review",
        5.0,
        "Ben",
    )
    words = [talk["snippet"]["text"][a:b] for a, b in talk["snippet"]["highlights"]]
    assert words == ["batteries", "cost"]
    action = (await found(client, "battery prices", kind="action", owner="Ana", status="open"))["items"][0]
    assert (action["id"], action["owner"]) == (f"{meeting}-n-i1", "Ana")
    assert (await found(client, "budget review", kind="recap"))["items"][0]["meeting"] == meeting


async def test_a_renamed_speaker_a_corrected_word_and_a_deletion_reach_the_index(
    gateway: Gateway, client: Client, bus: Bus
) -> None:
    meeting = await client.start("Secret")
    await say(client, meeting, ("Speaker 1", "We will ship the zeppelin in May."))

    async def hits(q: str) -> int:
        return int((await found(client, q, kind="transcript"))["found"])

    await eventually(lambda: _is(hits("zeppelin"), 1))
    await client.http.post(f"/v1/meetings/{meeting}/speakers", json={"speaker": "Speaker 1", "name": "Zoe"})

    async def renamed() -> bool:
        items = (await found(client, "zeppelin", speaker="Zoe"))["items"]
        return bool(items) and items[0]["speakers"] == ["Zoe"]

    await eventually(renamed)
    await client.http.delete(f"/v1/meetings/{meeting}")
    await eventually(lambda: _is(hits("zeppelin"), 0))


async def _is(count: Any, expected: int) -> bool:
    return bool(await count == expected)


@pytest.mark.parametrize("q", ["", "   ", "x" * 10_000])
async def test_no_question_and_far_too_much_of_one_are_refused(gateway: Gateway, client: Client, q: str) -> None:
    answer = await client.http.get("/v1/search", params={"q": q})
    assert (answer.status_code, answer.headers["content-type"].split(";")[0]) == (400, "application/problem+json")


@pytest.mark.parametrize(
    "q", ["'; DROP TABLE passage; --", '"', "<script>alert(1)</script>", "NEAR(a b)", "a*", "ünï\u202ecode 語"]
)
async def test_hostile_questions_are_only_words(gateway: Gateway, client: Client, q: str) -> None:
    async def ready() -> bool:
        return (await client.http.get("/v1/search", params={"q": q})).status_code == 200

    await eventually(ready)


async def test_a_kind_that_is_none_and_a_page_out_of_range_are_refused(gateway: Gateway, client: Client) -> None:
    for params in ({"q": "x", "kind": "nonsense"}, {"q": "x", "limit": 1000}, {"q": "x", "offset": 10**9}):
        assert (await client.http.get("/v1/search", params=params)).status_code == 400


@pytest.mark.parametrize("form", ["md", "docx", "pdf", "srt", "vtt", "json", "csv", "ics"])
async def test_a_meeting_is_exported_with_a_safe_name(gateway: Gateway, client: Client, bus: Bus, form: str) -> None:
    meeting = await client.start("Budget / review")
    await say(client, meeting, ("Ana", "Good morning."))
    answer = await client.http.get(f"/v1/meetings/{meeting}/export", params={"format": form})
    assert answer.status_code == 200, answer.text
    assert answer.content
    assert "Budget review." + form in answer.headers["content-disposition"]
    assert (await client.http.get(f"/v1/meetings/{meeting}/export", params={"format": "exe"})).status_code == 400
    assert (await client.http.get("/v1/meetings/none/export")).status_code == 404


def events(text: str) -> list[tuple[str, dict[str, Any]]]:
    blocks = [block.splitlines() for block in text.replace("\r\n", "\n").strip().split("\n\n")]
    fields = [dict(line.split(": ", 1) for line in block) for block in blocks]
    return [(f["event"], json.loads(f["data"])) for f in fields]


async def test_an_answer_quotes_segments_that_exist_and_says_when_there_is_none(
    gateway: Gateway, client: Client, bus: Bus
) -> None:
    meeting = await client.start("Budget")
    await say(
        client,
        meeting,
        ("Ana", "Good morning to all of you."),
        ("Ben", "The batteries for the remote control cost forty thousand euros this year."),
    )

    async def asked(question: str, **more: Any) -> list[tuple[str, dict[str, Any]]]:
        answer = await client.http.post("/v1/ask", json={"question": question, **more})
        assert answer.status_code == 200, answer.text
        return events(answer.text)

    async def answered() -> bool:
        return (await asked("How much do the batteries for the remote control cost?"))[-1][1]["found"] is True

    await eventually(answered)
    sentences = await asked("How much do the batteries for the remote control cost?", meetings=[meeting])
    segments = {
        s["id"]: s["text"] for s in (await client.http.get(f"/v1/meetings/{meeting}/transcript")).json()["segments"]
    }
    quoted = [data for event, data in sentences if event == "sentence"]
    assert any("forty thousand" in s["text"] for s in quoted)
    assert all(segments[s["citation"]["segment"]] == s["text"] for s in quoted)
    nothing = await asked("Which vineyard delivers the wine for the wedding of the dentist?")
    assert [(event, data["found"]) for event, data in nothing] == [("done", False)]
    missed = await asked("What did I miss?", meetings=[meeting], last_s=600)
    assert [event for event, _ in missed][-1] == "done"
    assert missed[-1][1]["found"] is True


async def test_a_written_answer_keeps_what_stands_and_falls_back_to_quotes(
    gateway: Gateway, client: Client, bus: Bus
) -> None:
    meeting = await client.start("Budget")
    line = "The batteries for the remote control cost forty thousand euros this year."
    await say(client, meeting, ("Ben", line))
    replies = [
        AskReply((WrittenSentence("The batteries cost forty thousand euros.", 1), WrittenSentence("Zoe pays.", 1)))
    ]

    async def answer(data: bytes) -> bytes:
        request = msgspec.json.decode(data, type=AskRequest)
        assert request.lines == ((line,) if request.judge else (f"Ben: {line}",))
        if request.judge:
            return msgspec.json.encode(AskReply(chance=0.9))
        return msgspec.json.encode(replies.pop() if replies else AskReply())

    async def asked() -> list[tuple[str, dict[str, Any]]]:
        body = {"question": "What do the batteries for the remote control cost?", "write": True}
        return events((await client.http.post("/v1/ask", json=body)).text)

    async def quoted() -> bool:
        return [(e, d.get("how")) for e, d in await asked()] == [
            ("quote", None),
            ("sentence", None),
            ("done", "quoted"),
        ]

    await eventually(quoted)  # nobody serves yet: the quotes come at once
    await bus.serve(subjects.ASK, subjects.ASK_QUEUE, answer)
    written = await asked()
    assert [(e, d.get("text"), d.get("how")) for e, d in written] == [
        ("quote", line, None),
        ("sentence", "The batteries cost forty thousand euros.", None),
        ("done", None, "written"),
    ]
    assert written[1][1]["citation"] == written[0][1]["citation"]
    assert await quoted()


async def test_where_it_is_not_sure_a_model_judges_whether_anything_answers(
    gateway: Gateway, client: Client, bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("SURE_FROM", "TOLD_FROM"):
        monkeypatch.setattr(f"gateway.index.answers.{name}", 100.0)
    meeting = await client.start("Budget")
    await say(client, meeting, ("Ben", "The batteries for the remote control cost forty thousand euros this year."))
    chances: list[float | None] = [None, 0.9, 0.1]

    async def answer(data: bytes) -> bytes:
        judge = msgspec.json.decode(data, type=AskRequest).judge
        return msgspec.json.encode(AskReply(chance=chances[0] if judge else None))

    async def found(write: bool) -> tuple[list[str], bool]:
        body = {"question": "What do the batteries for the remote control cost?", "write": write}
        told = events((await client.http.post("/v1/ask", json=body)).text)
        return [event for event, _ in told[:-1]], told[-1][1]["found"]

    async def quoted() -> bool:
        return await found(False) == (["sentence"], True)

    await eventually(quoted)  # nobody serves yet
    await bus.serve(subjects.ASK, subjects.ASK_QUEUE, answer)
    while chances:
        answers = chances[0] is None or chances[0] > 0.5
        assert await found(False) == (["sentence"] if answers else [], answers)
        assert await found(True) == (["quote", "sentence"] if answers else ["quote"], answers)
        chances.pop(0)


@pytest.mark.parametrize(
    "body", [{}, {"question": ""}, {"question": "x" * 501}, {"question": "x", "meetings": ["../etc"]}]
)
async def test_a_bad_question_is_refused(gateway: Gateway, client: Client, body: dict[str, Any]) -> None:
    assert (await client.http.post("/v1/ask", json=body)).status_code == 400
