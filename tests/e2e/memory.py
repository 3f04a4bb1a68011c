"""What the scripted server answers about all meetings together: search, questions, the board of action items."""

import datetime as dt
import json
import time
from collections.abc import AsyncIterator
from typing import Any

from tests.e2e import scripts

DAY_S = 86_400


def found(wanted: str) -> dict[str, Any]:
    """The answer of the search: lines that hold the text."""
    items = []
    for segment in scripts.segments("done"):
        at = segment["text"].lower().find(wanted.lower())
        if at < 0:
            continue
        snippet = {
            "text": segment["text"],
            "highlights": [[at, at + len(wanted)]],
            "at": segment["start"],
            "speaker": "Kenji",
        }
        items.append(
            {
                "id": segment["id"],
                "meeting": "done",
                "title": scripts.TITLES["done"],
                "started_at": time.time() - 1e5,
                "kind": "transcript",
                "snippet": snippet,
            }
        )
    kinds = [{"value": "transcript", "label": "", "count": len(items)}, {"value": "decision", "label": "", "count": 1}]
    return {"items": items, "found": len(items), "mode": "hybrid", "facets": {"kind": kinds}}


async def answer(question: str, *, write: bool) -> AsyncIterator[bytes]:
    """Two quotes, and a sentence written from them when somebody writes; nothing to a question about lunch, and what is
    only near to one about tax."""
    said = [segment for segment in scripts.segments("done") if "price" in segment["text"] or "nine" in segment["text"]]
    quotes = [] if "lunch" in question else [_cited(segment, segment["text"]) for segment in said[-2:]]
    wrote = write and bool(quotes) and "exactly" not in question
    for quote in quotes if write else []:
        yield _event("quote", quote)
    if "tax" in question:
        quotes, wrote = [], False
    for sentence in [{**quotes[-1], "text": "The price is nine euros for everybody."}] if wrote else quotes:
        yield _event("sentence", sentence)
    yield _event("done", {"found": bool(quotes), "how": "written" if wrote else "quoted", "took_ms": 12.0})


def _cited(segment: dict[str, Any], text: str) -> dict[str, Any]:
    citation = {"meeting": "done", "title": scripts.TITLES["done"], "segment": segment["id"], "speaker": "Daniela"}
    return {"text": text, "citation": {**citation, "start": segment["start"], "end": segment["end"]}}


def related(name: str) -> dict[str, Any]:
    """An action item that has been open for long, and a decision that was another one before."""
    if name not in ("four", "done"):
        return {"items": []}
    day = dt.datetime(dt.date.today().year, 1, 12, 10).timestamp()
    link = {"meeting": "done", "started_at": day, "likeness": 0.8}
    quote = {"text": "I will import whatever comes from Porto.", "segment": "done-11", "start": 47.0}
    again = {
        **link,
        "relation": "open_since",
        "title": "Roadmap",
        "item": "x1",
        "text": "Import the strings from Porto",
    }
    other = {**link, "relation": "differs", "title": "Kick-off", "item": "x2", "text": "The price is eleven euros."}
    return {
        "items": [
            {"item": "n11action", "text": "", "quote": quote, "links": [{**again, "quote": quote}]},
            {"item": "n14decision", "text": "", "quote": quote, "links": [{**other, "quote": quote}]},
        ]
    }


def _event(name: str, data: dict[str, Any]) -> bytes:
    return f"event: {name}\r\ndata: {json.dumps(data)}\r\n\r\n".encode()


def board(owners: list[str], statuses: list[str]) -> dict[str, Any]:
    """Action items of three meetings: late ones, near ones, far ones, undated and done ones."""
    today = dt.date.today()
    rows = [
        ("Send the price list to the people in Porto", "Tom", -3, "open", "Price of the mobile plan", 6),
        ("Ask Joana whether she can take the missing strings", "Ruth", -1, "open", "Launch in Portugal", 2),
        ("Import the translated strings", "Kenji", 4, "open", "Launch in Portugal", 2),
        ("Book the room for the workshop", None, 6, "open", "Roadmap", 9),
        ("Write down how refunds work, with the cases that support sees most", "Ruth", 24, "open", "Roadmap", 9),
        ("Look at the checkout on small telephones", "Kenji", None, "open", "Retrospective", 12),
        ("Send the invitation for the next meeting", "Daniela", -2, "done", "Launch in Portugal", 2),
    ]
    entries = [_entry(index, *row, today) for index, row in enumerate(rows)]
    shown = [
        entry
        for entry in entries
        if (not statuses or entry["item"]["status"] in statuses)
        and (not owners or (entry["item"]["owner"] or "") in owners)
    ]
    open_ = [entry for entry in entries if entry["item"]["status"] == "open"]
    names = dict.fromkeys(entry["item"]["owner"] for entry in open_)
    return {
        "items": shown,
        "total": len(shown),
        "next": None,
        "counts": {"open": len(open_), "done": 1, "overdue": sum(entry["overdue"] for entry in entries)},
        "owners": [
            {"owner": name, "open": sum(e["item"]["owner"] == name for e in open_), "overdue": 0} for name in names
        ],
    }


def _entry(  # one row of the table above
    index: int, text: str, owner: str | None, days: int | None, status: str, title: str, ago: int, today: dt.date
) -> dict[str, Any]:
    item = {
        "id": f"a{index}",
        "kind": "action",
        "text": text,
        "rev": 1,
        "owner": owner,
        "due": None if days is None else (today + dt.timedelta(days)).isoformat(),
        "status": status,
        "evidence": [{"segment_id": "done-11", "quote": "I will do that.", "start": 47.0, "end": 50.3}],
    }
    return {
        "meeting": "done",
        "title": title,
        "started_at": time.time() - ago * DAY_S,
        "item": item,
        "overdue": status == "open" and days is not None and days < 0,
    }


def voices() -> list[dict[str, Any]]:
    """Two people whose voices are remembered."""
    return [
        {"voice": "v1", "name": "Daniela", "seconds": 48.2, "at": 1_770_000_000.0},
        {"voice": "v2", "name": "Maximiliana von Hohenstein-Wartenberg", "seconds": 131.0, "at": 1_790_000_000.0},
    ]
