"""The recap: written from notes and chapters, never from a transcript that does not fit."""

import math
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from analyzer import grounding
from analyzer.guard import Guard
from analyzer.llm import LanguageModel
from analyzer.ops import tidy
from analyzer.prompt import CHAPTER_SCHEMA, SUMMARY_SCHEMA, Prompts, plain
from analyzer.transcript import Transcript
from contracts.errors import Fault
from contracts.notes import NoteItem, Notes
from contracts.recap import Chapter, Recap, TalkTime

T = TypeVar("T")
TEMPLATES = Path(__file__).with_name("templates")
MAX_SUMMARY_CHARS = 900
MAX_PART_LINES = 18
MAX_CHAPTER_LINES = 10
MAX_ITEM_LINES = 6
MAX_WORDS = 26
"""Of a line that the model reads: its time goes with the words, so a recap costs the same after any meeting."""
CHAPTER_TOKENS = 110
SUMMARY_TOKENS = 150
RECAP_S = 60.0
"""The model may take so long for the summary of a meeting that is over: nothing else waits for it then."""
_NO_WORDS = "Nothing was said in this meeting."


class _Chapter(msgspec.Struct):
    title: str
    summary: str


class _Summary(msgspec.Struct):
    summary: str


class _Ask(msgspec.Struct, Generic[T], frozen=True):
    name: str
    schema: dict[str, object]
    max_tokens: int
    kind: type[T]
    extra: str = ""


class Writer:
    """Titles and summaries by the model, or by plain means where it is not there. Never raises Fault."""

    def __init__(self, prompts: Prompts, guard: Guard, templates: Path = TEMPLATES) -> None:
        self._prompts = prompts
        self._guard = guard
        self._patient = Guard(RECAP_S)
        self._templates = {f.stem: f.read_text("utf-8").strip() for f in sorted(templates.glob("*.md"))}

    async def chapter(self, lines: list[str], start: float, end: float, model: LanguageModel | None) -> Chapter:
        """A part of the meeting from its telling ``lines``."""
        lines = [fluent for t in lines if (fluent := grounding.fluent(t))]
        asked = [shortened(t) for t in lines]
        body = await self._ask(_Ask("chapter", CHAPTER_SCHEMA, CHAPTER_TOKENS, _Chapter), asked, model)
        title, summary = (tidy(body.title)[:80], " ".join(body.summary.split())) if body else ("", "")
        if not grounding.titled(title, lines):
            title = grounding.title_of(lines) or _first_words(lines)
        summary = grounding.kept(summary, lines) or said([t.split(": ", 1)[-1] for t in grounding.key_lines(lines, 2)])
        return Chapter(title, start, end, bounded(summary))

    async def summary(
        self, lines: list[str], model: LanguageModel | None, template: str = "", *, within_s: float = 0.0
    ) -> str:
        """A bounded summary of ``lines``, which tell of parts; of many, neighbours are told by their key lines.

        After a meeting the model may take ``within_s``, and what it failed at before does not count.
        """
        if not lines:
            return ""
        wish = self._templates.get(template, "")
        ask = _Ask("summary", SUMMARY_SCHEMA, SUMMARY_TOKENS, _Summary, wish)
        body = await self._ask(ask, gathered(lines), model, within_s)
        text = grounding.kept(" ".join(body.summary.split()), lines) if body else ""
        return bounded(text or said(grounding.key_lines(lines, 4)))

    async def recap(
        self,
        transcript: Transcript,
        model: LanguageModel | None,
        made_at: float,
        template: str = "general",
        within_s: float = RECAP_S,
    ) -> Recap:
        """The recap of the meeting as its notes stand now, after at most ``within_s``."""
        notes = transcript.notes
        lines = gathered([plain(c.summary or c.title) for c in notes.chapters], MAX_CHAPTER_LINES)
        lines += [plain(i.text) for i in _telling(notes)]
        summary = _NO_WORDS
        if transcript.end_s > 0.0:
            summary = await self.summary(lines, model, template, within_s=within_s) or notes.summary
        return Recap(
            transcript.title or _title(notes),
            summary,
            tuple(_heard(c, transcript) for c in notes.chapters),
            template if template in self._templates else "general",
            model.name if model else "",
            made_at,
            talk_times(transcript),
        )

    async def _ask(
        self, ask: _Ask[T], lines: list[str], model: LanguageModel | None, patience_s: float = 0.0
    ) -> T | None:
        if model is None or not lines:
            return None
        guard, within_s = (self._patient, patience_s) if patience_s else (self._guard, math.inf)
        prompt = self._prompts.about_lines(ask.name, lines, ask.extra)
        try:
            answer = await guard.call(lambda: model.write(prompt, ask.schema, ask.max_tokens), within_s)
            return msgspec.json.decode(answer.text, type=ask.kind) if answer.complete else None
        except (Fault, msgspec.DecodeError, UnicodeError):
            return None


def _heard(chapter: Chapter, transcript: Transcript) -> Chapter:
    """``chapter`` without its mood when the words that it rests on were corrected away."""
    if chapter.mood is None:
        return chapter
    heard = transcript.heard.get(chapter.mood.segment_id)
    stands = heard is not None and chapter.mood.quote in heard.segment.text
    return chapter if stands else msgspec.structs.replace(chapter, mood=None)


def gathered(lines: list[str], most: int = MAX_PART_LINES) -> list[str]:
    """At most ``most`` lines of at most MAX_WORDS words that tell of all ``lines``, in their order."""
    groups = [lines[n * len(lines) // most : (n + 1) * len(lines) // most] for n in range(most)]
    told = lines if len(lines) <= most else [grounding.key_lines(g, 1)[0] for g in groups]
    return [shortened(line) for line in told]


def shortened(line: str) -> str:
    """The first sentence of ``line``, and the next while there is room; at most MAX_WORDS words."""
    words = line.split()
    if len(words) <= MAX_WORDS:
        return line
    head = " ".join(words[:MAX_WORDS])
    stop = head.rfind(". ")
    return head[: stop + 1] if stop > len(head) // 3 else head + " …"


def _telling(notes: Notes) -> list[NoteItem]:
    """Decisions and actions that the recap's summary should know of: the surest, in their order."""
    found = [i for i in notes.shown() if i.kind in ("decision", "action")]
    best = sorted(found, key=lambda i: -(i.confidence or 1.0))[:MAX_ITEM_LINES]
    return [i for i in found if i in best]


def talk_times(transcript: Transcript) -> tuple[TalkTime, ...]:
    """Seconds, turns and words per speaker; a turn is a run of segments of one speaker."""
    seconds: dict[str, float] = {}
    turns: dict[str, int] = {}
    words: dict[str, int] = {}
    last: str | None = None
    for heard in transcript.in_time_order():
        who = transcript.speaker(heard.segment)
        if who is not None:
            seconds[who] = seconds.get(who, 0.0) + max(0.0, heard.segment.end - heard.segment.start)
            words[who] = words.get(who, 0) + len(heard.segment.text.split())
            turns[who] = turns.get(who, 0) + (who != last)
        last = who
    return tuple(TalkTime(who, round(seconds[who], 1), turns[who], words[who]) for who in seconds)


def bounded(text: str) -> str:
    """``text`` with at most MAX_SUMMARY_CHARS, ended at a sentence where there is one."""
    if len(text) <= MAX_SUMMARY_CHARS:
        return text
    cut = text[:MAX_SUMMARY_CHARS]
    stop = cut.rfind(". ")
    return cut[: stop + 1] if stop > MAX_SUMMARY_CHARS // 2 else cut[: MAX_SUMMARY_CHARS - 1] + "…"


def said(lines: list[str]) -> str:
    """Lines as running text, each ended like a sentence."""
    texts = (text.strip() for text in lines)
    return " ".join(t if t.endswith((".", "!", "?", "…")) else f"{t}." for t in texts if t)


def _first_words(lines: list[str]) -> str:
    said = lines[0].split(": ", 1)[-1] if lines else "Start"
    words = said.split()
    return " ".join(words[:6]) + ("…" if len(words) > 6 else "")


def _title(notes: Notes) -> str:
    return notes.chapters[0].title if notes.chapters else "Meeting"
