"""Written sentences rest on what was said, or they are not shown."""

from analyzer import grounding

LINES = [
    "Ana: The launch in Portugal is on the twenty first of March.",
    "Tom: About 200 translations are still missing.",
    "Ruth: Joana can take the missing strings.",
    "Ana: We go with nine euros for everybody.",
]


def test_a_sentence_about_nothing_is_not_supported() -> None:
    for text in (
        "The team was working hard to overcome the challenges.",
        "The main points discussed were the progress of the project and the challenges faced.",
        "The outcome was positive.",
        "It was a meeting.",
    ):
        assert not grounding.supported(text, LINES)


def test_a_sentence_in_other_words_about_what_was_said_is_supported() -> None:
    assert grounding.supported("The Portugal launch was set for the twenty first of March.", LINES)
    assert grounding.supported("Joana will take the missing strings.", LINES)


def test_a_name_or_number_that_nobody_said_is_refused() -> None:
    assert not grounding.supported("The launch in Spain is on the twenty first of March.", LINES)
    assert not grounding.supported("About 300 translations are still missing.", LINES)


def test_only_supported_sentences_are_kept_and_each_once() -> None:
    good = "About 200 translations are missing."
    assert grounding.kept(f"{good} Everyone was very motivated. {good}", LINES) == good


def test_key_lines_keep_their_order_and_come_from_the_lines() -> None:
    chosen = grounding.key_lines(LINES, 2)
    assert len(chosen) == 2
    assert chosen == [line for line in LINES if line in chosen]


def test_a_title_is_made_of_words_that_were_said() -> None:
    title = grounding.title_of(LINES)
    assert "Missing" in title
    assert grounding.titled(title, LINES)
    assert not grounding.titled("Team spirit and success", LINES)
    assert grounding.title_of([]) == ""


def test_other_languages_are_not_refused_for_their_words() -> None:
    lines = ["Die Übersetzungen fehlen noch.", "Wir starten in Portugal im März."]
    assert grounding.supported("Der Start in Portugal ist im März; die Übersetzungen fehlen.", lines)


def test_hesitations_and_repeated_words_are_left_out_and_nothing_else() -> None:
    assert grounding.fluent("Ana: So, um, I I think the the launch is, uh, on, on Monday.") == (
        "Ana: So, I think the launch is, on Monday."
    )
    assert grounding.fluent("Call 5 5 5, not 4.") == "Call 5 5 5, not 4."
    assert grounding.fluent("Um.") == ""
