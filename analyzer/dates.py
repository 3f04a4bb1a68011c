"""Dates as they are said: the words, and the day they mean when that is sure.

Nothing is guessed: words that could mean two days (``soon``, ``after the call``) keep their words and get no date.
"""

import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_CARDINALS = "one two three four five six seven eight nine ten eleven twelve"
_COUNT = {word: n for n, word in enumerate(_CARDINALS.split(), 1)} | {"a": 1, "an": 1, "a couple of": 2}
_TEENS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth "
    "fifteenth sixteenth seventeenth eighteenth nineteenth twentieth"
)
_ORDINALS = (
    {word: n for n, word in enumerate(_TEENS.split(), 1)}
    | {f"twenty {word}": 20 + n for n, word in enumerate(_TEENS.split()[:9], 1)}
    | {"thirtieth": 30, "thirty first": 31}
)

_DAY = "|".join(_DAYS)
_MONTH = "|".join(_MONTHS)
_SURE_MONTH = "|".join(m for m in _MONTHS if m not in ("may", "march"))
_NUMBER = "|".join(sorted(_COUNT, key=len, reverse=True))
_ORDINAL = r"\d{1,2}(?:st|nd|rd|th)?|" + "|".join(sorted((o.replace(" ", "[ -]") for o in _ORDINALS), key=len)[::-1])
_LEAD = r"(?:(?:by|before|until|till|on|for|at|no later than)\s+)?"
_TAIL = r"(?:\s+(?:morning|afternoon|evening|night|noon|at noon|lunch(?:time)?|midday|at the latest))?"
_PATTERNS = tuple(
    (name, re.compile(rf"\b{_LEAD}(?:the\s+)?{body}{_TAIL}\b", re.I))
    for name, body in (
        ("month_day", rf"(?P<day>{_ORDINAL})\s+(?:of\s+)?(?P<month>{_MONTH})"),
        ("month_day", rf"(?P<month>{_MONTH})\s+(?:the\s+)?(?P<day>{_ORDINAL})"),
        ("vague", r"(?:this\s+|(?:over\s+)?the\s+)weekend"),
        ("vague", r"(?:this|next)\s+(?:sprint|round|quarter|year)"),
        ("week_end", r"(?:end\s+of\s+(?:the|this)\s+week|this\s+week)"),
        ("next_week_end", r"end\s+of\s+next\s+week"),
        ("month_end", r"(?:end\s+of\s+(?:the|this)\s+month|this\s+month|month[ -]end)"),
        ("next_weekday", rf"(?P<day>{_DAY})\s+(?:next\s+week|week)"),
        ("next_weekday", rf"next\s+(?P<day>{_DAY})"),
        ("weekday", rf"(?:(?:this|coming|the)\s+)?(?P<day>{_DAY})"),
        ("after_tomorrow", r"(?:the\s+)?day\s+after\s+tomorrow"),
        ("tomorrow", r"(?:end\s+of\s+(?:day\s+)?)?tomorrow"),
        ("today", r"(?:today|tonight|this\s+(?:morning|afternoon|evening)|end\s+of\s+(?:the\s+)?day|eod)"),
        ("ahead", rf"(?:in|within)\s+(?:the\s+next\s+)?(?P<n>\d+|{_NUMBER})\s+(?P<unit>day|week|month)s?"),
        ("vague", rf"(?:end\s+of\s+|early\s+|mid[ -]?)?(?:{_SURE_MONTH})"),
        ("vague", r"next\s+(?:week|month|quarter|meeting|sprint|time)"),
        ("vague", r"end\s+of\s+(?:the\s+)?(?:quarter|year|sprint)"),
        ("vague", r"(?:right\s+)?(?:after|before)\s+(?:this|the|our|the\s+next|our\s+next)\s+(?:call|meeting)"),
    )
)  # fmt: skip


def find(text: str, meeting_day: date) -> tuple[str, str | None] | None:
    """The first due words in ``text`` and their ISO date; date None when they do not name one day."""
    best: tuple[int, int, str, re.Match[str]] | None = None
    for order, (name, pattern) in enumerate(_PATTERNS):
        match = pattern.search(text)
        if match and (best is None or _longer(match, best[3])):
            best = (match.start(), order, name, match)
    if best is None:
        return None
    day = _resolve(best[2], best[3], meeting_day)
    return best[3].group().strip(), day.isoformat() if day else None


def without_last(text: str) -> str:
    """``text`` without the due words that it ends with; unchanged when it ends with others."""
    plain = text.rstrip(" .,;!?…")
    ends = [m.start() for _, pattern in _PATTERNS for m in pattern.finditer(plain) if m.end() == len(plain)]
    return plain[: min(ends)].rstrip(" ,;") if ends else plain


def meeting_day(started_at: float, timezone: str, after_s: float = 0.0) -> date:
    """The day in the meeting's time zone at ``after_s`` meeting seconds; UTC when the zone is unknown."""
    try:
        zone: ZoneInfo | None = ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        zone = None
    return datetime.fromtimestamp(started_at + after_s, zone or UTC).date()


def _longer(match: re.Match[str], other: re.Match[str]) -> bool:
    """An overlapping longer match says more; of two apart the first counts."""
    if match.start() < other.end() and other.start() < match.end():
        return len(match.group()) > len(other.group())
    return match.start() < other.start()


def _resolve(name: str, match: re.Match[str], today: date) -> date | None:
    groups = match.groupdict()
    fixed = {
        "today": today,
        "tomorrow": today + timedelta(1),
        "after_tomorrow": today + timedelta(2),
        "week_end": today + timedelta(max(0, 4 - today.weekday())),
        "next_week_end": today + timedelta(11 - today.weekday()),
        "month_end": (today.replace(day=28) + timedelta(4)).replace(day=1) - timedelta(1),
    }
    if name in fixed:
        return fixed[name]
    if name == "month_day":
        return _month_day(groups["day"], groups["month"], today)
    if name == "ahead":
        return _ahead(groups["n"], groups["unit"], today)
    if name in ("weekday", "next_weekday"):
        weekday = _DAYS.index(groups["day"].lower())
        if name == "next_weekday":
            return today + timedelta(7 - today.weekday() + weekday)
        return today + timedelta((weekday - today.weekday() - 1) % 7 + 1)
    return None


def _month_day(said_day: str, said_month: str, today: date) -> date | None:
    words = said_day.lower().replace("-", " ")
    digits = re.match(r"\d+", words)
    number = int(digits.group()) if digits else _ORDINALS.get(words, 0)
    month = _MONTHS.index(said_month.lower()) + 1
    for year in (today.year, today.year + 1):
        try:
            found = date(year, month, number)
        except ValueError:
            continue
        if found >= today:
            return found
    return None


def _ahead(said: str, unit: str, today: date) -> date | None:
    count = int(said) if said.isdigit() else _COUNT.get(said.lower(), 0)
    if not 0 < count < 400 or unit.lower() == "month":
        return None
    return today + timedelta(count * (7 if unit.lower() == "week" else 1))
