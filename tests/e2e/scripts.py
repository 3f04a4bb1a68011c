"""What the scripted meetings contain: states for looking at, and for checks of the pages."""

import time
from collections.abc import Iterator
from typing import Any

TURNS = [
    ("Daniela", "Okay, I think everybody is here. The topic today is the launch in Portugal."),
    ("Kenji", "Before we start, is the recording running? I can see the little red dot."),
    ("Daniela", "Yes, it is. So, the first question is the date. We said the fourteenth of March."),
    ("Omar", "The fourteenth is a problem for us. The payment provider has a maintenance window that night."),
    ("Daniela", "What about a week later?"),
    ("Omar", "The twenty first would work."),
    ("Ruth", "The twenty first is better for support as well, because the new people start on the seventeenth."),
    ("Daniela", "Good, then we launch on the twenty first of March."),
    ("Kenji", "What about the translations? I saw that about two hundred strings are still missing."),
    ("Daniela", "Right. Ruth, your colleague in Porto offered to help, didn't she?"),
    ("Ruth", "Joana, yes. I'll ask her today whether she can take the missing strings."),
    ("Kenji", "If she sends me a spreadsheet, I will import everything by next Wednesday."),
    ("Daniela", "Perfect. Now, the price. Marketing wanted to test two prices, nine euros and eleven euros."),
    ("Kenji", "We could do that, but it means another week of work on the checkout."),
    ("Daniela", "That is not worth it. We go with nine euros for everybody."),
    ("Omar", "Agreed. Nine euros."),
]
RTL = [
    ("ليلى", "صباح الخير جميعًا. موضوعنا اليوم هو إطلاق المنتج في الشهر القادم."),
    ("דוד", "בוקר טוב. אני אשלח את מחירון המוצרים עד יום חמישי."),
    ("ليلى", "ممتاز، سأتصل بالعميل غدًا وأرسل لكم النتيجة."),
]
LONG_NAME = "Wolfeschlegelsteinhausenbergerdorff-Montgomery-Cholmondeley the Younger of Llanfairpwllgwyngyll"
TITLES = {
    "four": "Launch in Portugal",
    "fresh": "Weekly with the design team",
    "busy": "Launch in Portugal",
    "offline": "Launch in Portugal",
    "later": "Launch in Portugal",
    "done": "Launch in Portugal",
    "ending": "Launch in Portugal",
    "failed": "Board call",
    "rtl": "اجتماع الفريق · ישיבת צוות",
    "rtldone": "اجتماع الفريق · ישיבת צוות",
    "long": f"Quarterly review with {LONG_NAME} and everybody else who could make it this time",
    "huge": "The longest meeting",
    "hugeflow": "The longest meeting",
    "flood": "Launch in Portugal",
}


def summary(name: str, title: str) -> dict[str, Any]:
    """A meeting of the list."""
    done = name in ("done", "rtldone", "huge", "failed")
    started = time.time() - (4 * 3600 if name == "huge" else 126)
    return {
        "id": name,
        "title": title,
        "state": "completed" if done else "ending" if name == "ending" else "live",
        "started_at": started,
        "ended_at": None,
        "duration_s": 14400 if name == "huge" else 126.0,
        "language": "en",
        "participants": _people(name),
        "open_actions": 3,
        "sample": False,
    }


def _people(name: str) -> list[str]:
    if name.startswith("rtl"):
        return ["ليلى", "דוד"]
    return [LONG_NAME, "Ana", "Xi"] if name == "long" else ["Daniela", "Kenji", "Omar", "Ruth"]


def meeting(name: str) -> dict[str, Any] | None:
    """The meeting of that name; None when there is none."""
    return summary(name, TITLES[name]) if name in TITLES else None


def meetings() -> list[dict[str, Any]]:
    """What the home page lists."""
    now = time.time()
    past = [
        ("Price of the mobile plan", 5, 1860, ["Ana", "Tom", "Ruth"], 2),
        ("Interview: Mei Lin", 7, 3300, ["Mei Lin", "Kenji"], 0),
        ("Stand-up", 26, 540, ["Daniela", "Kenji", "Omar", "Ruth", "Tom", "Ana"], 1),
        ("Roadmap for the second half of the year, with the people from Porto", 29, 5400, ["Joana", "Daniela"], 6),
        ("Retrospective", 98, 2700, ["Kenji", "Ruth", "Tom"], 0),
    ]
    rows = [
        {
            **summary("done", title),
            "started_at": now - ago_h * 3600,
            "duration_s": duration,
            "participants": people,
            "open_actions": open_actions,
        }
        for title, ago_h, duration, people, open_actions in past
    ]
    return [summary("four", TITLES["four"]), *rows]


def _segment(name: str, index: int, speaker: str, text: str, start: float) -> dict[str, Any]:
    words = text.split()
    step = 0.3
    spoken = [
        {"w": word, "s": round(start + i * step, 2), "e": round(start + i * step + 0.28, 2)}
        for i, word in enumerate(words)
    ]
    return {
        "id": f"{name}-{index}",
        "track": "t1",
        "start": start,
        "end": spoken[-1]["e"],
        "text": text,
        "words": spoken,
        "rev": 0,
        "speaker": f"S{sorted({s for s, _ in _turns(name)}).index(speaker) + 1}",
        "final": True,
    }


def _turns(name: str) -> list[tuple[str, str]]:
    if name.startswith("rtl"):
        return RTL
    if name == "long":
        return [(LONG_NAME, text) if speaker == "Daniela" else (speaker, text) for speaker, text in TURNS]
    return TURNS


def segments(name: str) -> list[dict[str, Any]]:
    if name in ("fresh",) or name.startswith("new"):
        return []
    if name.startswith("huge"):
        return [_segment(name, i, *TURNS[i % len(TURNS)], i * 0.72) for i in range(20_000)]
    segments, at = [], 0.3
    for index, (speaker, text) in enumerate(_turns(name)):
        segments.append(_segment(name, index, speaker, text, round(at, 2)))
        at = segments[-1]["end"] + 0.6
    return segments


def _note(segments: list[dict[str, Any]], at: int, kind: str, text: str, **fields: Any) -> dict[str, Any]:
    segment = segments[min(at, len(segments) - 1)]
    quote = {
        "segment_id": segment["id"],
        "quote": segment["text"].split(". ")[-1],
        "start": segment["start"],
        "end": segment["end"],
    }
    return {
        "id": f"n{at}{kind}",
        "kind": kind,
        "text": text,
        "rev": 1,
        "status": "open",
        "evidence": [quote],
        "locked": [],
        "history": [],
        **fields,
    }


def _notes(name: str, segments: list[dict[str, Any]]) -> list[dict[str, Any]]:
    if not segments or name == "failed":
        return []
    if name.startswith("rtl"):
        return [
            _note(segments, 1, "action", "לשלוח את מחירון המוצרים", owner="דוד", due_words="עד יום חמישי"),
            _note(segments, 2, "action", "الاتصال بالعميل غدًا", owner="ليلى"),
        ]
    changed = [
        {
            "at": 0,
            "by": "analyzer",
            "what": "changed",
            "reason": "First the fourteenth was said; Omar asked for a week later.",
        }
    ]
    gone = [
        {
            "at": 0,
            "by": "analyzer",
            "what": "withdrawn",
            "reason": "Daniela said that a second week of work is not worth it.",
        }
    ]
    return [
        _note(
            segments,
            10,
            "action",
            "Ask Joana whether she can take the missing strings",
            owner=_who(name, "Ruth"),
            due_words="today",
        ),
        _note(
            segments,
            11,
            "action",
            "Import the translated strings",
            owner="Kenji",
            due="2026-03-18",
            due_words="by next Wednesday",
            locked=["owner"],
        ),
        _note(
            segments,
            9,
            "action",
            "Send the invitation for the next meeting",
            owner=_who(name, "Daniela"),
            status="done",
        ),
        _note(segments, 7, "decision", "The launch in Portugal is on the twenty first of March.", history=changed),
        _note(segments, 14, "decision", "The price is nine euros for everybody."),
        _note(
            segments, 12, "decision", "Two prices are tested, nine and eleven euros.", status="withdrawn", history=gone
        ),
        _note(segments, 8, "question", "Who translates the two hundred missing strings?", status="answered"),
        _note(segments, 3, "risk", "The payment provider has a maintenance window on the fourteenth."),
    ]


def _who(name: str, person: str) -> str:
    return LONG_NAME if name == "long" else person


def snapshot(name: str, meeting: dict[str, Any]) -> dict[str, Any]:
    """The first message of the feed."""
    lines = segments(name)
    people = sorted({s for s, _ in _turns(name)})
    chapters = [
        {
            "title": "The date of the launch",
            "start": 0.3,
            "end": 34,
            "summary": "From the fourteenth to the twenty first of March.",
            "mood": {
                "value": -0.4,
                "segment_id": "s1",
                "quote": "I'm worried about the maintenance window.",
                "start": 8.0,
                "end": 11.0,
            },
        },
        {"title": "Missing translations", "start": 35.0, "end": 56, "summary": ""},
        {"title": "One price or two", "start": 57.0, "end": 80},
    ]
    text = (
        "The team moved the launch in Portugal to the twenty first of March, because the payment provider has a "
        "maintenance window on the fourteenth. Nine euros is the price for everybody. "
        "Ruth asks Joana about the missing translations."
    )
    over = meeting.get("state") == "completed"
    has_text = bool(lines) and not name.startswith("rtl") and name != "failed"
    return {
        "type": "snapshot",
        "seq": 10,
        "meeting": meeting,
        "tracks": [{"track": "t1", "source": "mic", "label": "Microphone", "offset_s": 0}],
        "segments": lines,
        "notes": _notes(name, lines),
        "summary": text if has_text else "",
        "chapters": chapters if has_text else [],
        "recap": {"title": "", "summary": text, "chapters": chapters} if over and has_text else None,
        "gaps": [{"track": "t1", "start": 33.0, "end": 47.0, "cause": "sleep"}] if name == "done" else [],
        "speakers": {f"S{i + 1}": person for i, person in enumerate(people)},
        "recognised": ["S2"],
        "interims": [],
    }


def health(name: str) -> list[dict[str, Any]]:
    """The first health messages."""
    if name == "busy":
        return [
            {"type": "health", "track": "t1", "lag_ms": 6200, "interims": False},
            {"type": "health", "notes": "busy", "lag_ms": 95000},
        ]
    return [{"type": "health", "track": "t1", "lag_ms": 480}, {"type": "health", "notes": "ok", "lag_ms": 4000}]


def script(name: str) -> Iterator[tuple[float, dict[str, Any]]]:
    """What comes after the snapshot: seconds to wait, message."""
    if name == "later":
        note = _note(segments(name), 15, "decision", "A note that has just arrived")
        yield 2.0, {"type": "notes.updated", "items": [note]}
    if name in ("flood", "hugeflow"):
        yield from _flow(name)
    if name not in ("four", "busy", "long"):
        return
    said = TURNS[6][1].split()
    for count in range(3, len(said) - 3):
        segment = {
            "id": "open",
            "track": "t1",
            "start": 90.0,
            "end": 90 + count * 0.3,
            "text": " ".join(said[:count]),
            "speaker": "S4" if name != "long" else "S3",
            "final": False,
            "stable": max(0, count - 3),
            "words": [{"w": w, "s": 90 + i * 0.3, "e": 90.2 + i * 0.3} for i, w in enumerate(said[:count])],
        }
        yield 0.05, {"type": "interim", "track": "t1", "segment": segment, "audio_s": 95.0}


def _flow(name: str) -> Iterator[tuple[float, dict[str, Any]]]:
    """Somebody speaks on and on: interim words that grow and become final, a hundred times."""
    said = [
        "So",
        "this",
        "is",
        "how",
        "it",
        "goes",
        "on",
        "and",
        "on",
        "until",
        "somebody",
        "looks",
        "at",
        "the",
        "clock",
    ]
    yield 4.0, {"type": "health", "track": "t1", "lag_ms": 480}
    start = 14_410.0 if name == "hugeflow" else 90.0
    for turn in range(100):
        at = start + turn * 5.0
        final = _segment(name, 30_000 + turn, "Ruth" if turn % 2 else "Kenji", " ".join(said), at)
        for count in range(1, len(said)):
            text = " ".join(said[:count])
            segment = {**final, "text": text, "words": final["words"][:count], "final": False, "stable": count - 1}
            yield 0.008, {"type": "interim", "track": "t1", "segment": segment, "audio_s": at}
        yield 0.008, {"type": "segment.updated", "segment": final}
