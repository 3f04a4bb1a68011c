"""Due dates: the words as said, and the day where they name one. The meeting is on Wednesday, 30 September 2026."""

from datetime import date

import pytest

from analyzer.dates import find, meeting_day

DAY = date(2026, 9, 30)


@pytest.mark.parametrize(
    ("said", "words", "day"),
    [
        ("I'll send it by Friday.", "by Friday", "2026-10-02"),
        ("I'll do it tomorrow morning.", "tomorrow morning", "2026-10-01"),
        ("I'll call her this afternoon.", "this afternoon", "2026-09-30"),
        ("It will be done by the end of the week.", "by the end of the week", "2026-10-02"),
        ("We launch on the twenty first of March.", "on the twenty first of March", "2027-03-21"),
        ("Send it by the fifth of October.", "by the fifth of October", "2026-10-05"),
        ("Let's talk on Monday next week.", "on Monday next week", "2026-10-05"),
        ("It takes until next Tuesday.", "until next Tuesday", "2026-10-06"),
        ("I'll be back in two weeks.", "in two weeks", "2026-10-14"),
        ("I'll do it on Wednesday.", "on Wednesday", "2026-10-07"),
        ("By the end of the month, please.", "By the end of the month", "2026-09-30"),
        ("We'll see next month.", "next month", None),
        ("I'll do it after this meeting.", "after this meeting", None),
    ],
)
def test_a_due_date_keeps_its_words_and_names_a_day_only_when_it_is_sure(
    said: str, words: str, day: str | None
) -> None:
    assert find(said, DAY) == (words, day)


def test_a_sentence_without_a_date_has_none() -> None:
    assert find("I may call you, march on.", DAY) is None


def test_the_day_is_that_of_the_meetings_time_zone() -> None:
    late = 1_790_809_200.0  # 30 September 2026, 23:00 UTC
    assert meeting_day(late, "UTC") == DAY
    assert meeting_day(late, "Europe/Berlin") == date(2026, 10, 1)
    assert meeting_day(late, "No/Where") == DAY
    assert meeting_day(late, "UTC", after_s=7200.0) == date(2026, 10, 1)
