"""Fusion, speakers and places: what comes first, and why."""

import numpy as np

from contracts.int8 import to_int8
from gateway.index.port import Candidate, Card, Line, Passage
from gateway.index.quantise import cosines, to_bits
from gateway.index.rank import Weights, mode_of, rank
from gateway.index.snippets import snippet
from gateway.index.words import named, topic_words

CARD = Card("m", "Title", 0.0)


def candidate(
    position: int, keyword: float, cosine: float | None, *, speaker: str = "Ann", text: str = "words"
) -> Candidate:
    line = Line(f"s{position}", position * 10.0, position * 10 + 9, text, speaker)
    passage = Passage(f"p{position}", "m", "transcript", line.start, line.end, (line,), position=position)
    return Candidate(passage, CARD, keyword, cosine, cosine)


def order(question: str, *candidates: Candidate, weights: Weights | None = None) -> list[str]:
    return [r.candidate.passage.id for r in rank(question, candidates, weights or Weights(), 10)]


def test_good_in_both_comes_before_best_in_one() -> None:
    pool = (candidate(0, 9.0, 0.1), candidate(10, 8.0, 0.8), candidate(20, 0.0, 0.9), candidate(30, 0.1, 0.1))
    assert order("batteries", *pool)[0] == "p10"


def test_without_vectors_words_decide_and_the_mode_says_so() -> None:
    pool = (candidate(0, 1.0, None), candidate(10, 5.0, None))
    assert (order("x", *pool), mode_of(pool)) == (["p10", "p0"], "keyword")
    assert mode_of((*pool, candidate(3, 0, 0.4))) == "hybrid"


def test_the_person_asked_about_comes_first() -> None:
    pool = (candidate(0, 2.0, 0.52), candidate(10, 2.0, 0.5, speaker="Bob"), candidate(20, 0.0, 0.1))
    assert order("What did Bob say about it?", *pool)[0] == "p10"
    assert order("What was said about it?", *pool)[0] == "p0"


def test_the_neighbour_of_a_result_steps_back() -> None:
    pool = (candidate(0, 3.0, 0.9), candidate(1, 2.9, 0.89), candidate(7, 2.8, 0.88), candidate(30, 0.0, 0.0))
    assert order("x", *pool)[:3] == ["p0", "p7", "p1"]


def test_nothing_found_is_an_empty_list() -> None:
    assert rank("x", [], Weights(), 10) == []


def test_words_of_asking_and_common_words_are_left_out() -> None:
    assert topic_words("What did the team discuss about the battery life?") == ["battery", "life"]
    assert topic_words("What did they decide?") == ["decide"]
    assert topic_words("of the") == ["of", "the"]
    assert topic_words("") == []


def test_people_are_recognised_by_whole_name_or_a_part_that_is_theirs_alone() -> None:
    people = ["Anna Kim", "Ben Kim", "Project Manager"]
    assert named("what did anna say?", people) == {"Anna Kim"}
    assert named("what did Kim say?", people) == set()
    assert named("the project manager's view", people) == {"Project Manager"}
    assert named("what the Project Manager thinks of projects", people) == {"Project Manager"}


def test_a_snippet_starts_at_the_line_that_answers_and_marks_the_words() -> None:
    lines = (
        Line("s1", 10.0, 12.0, "Hello everyone.", "Ann"),
        Line("s2", 12.0, 15.0, "The batteries cost too much.", "Bob"),
        Line("s3", 15.0, 18.0, "Right.", "Ann"),
    )
    passage = Passage("p", "m", "transcript", 10.0, 18.0, lines, position=0)
    found = snippet(Candidate(passage, CARD, 2.0), ["battery", "costs"])
    assert (found.at, found.segment, found.speaker) == (12.0, "s2", "Bob")
    assert [found.text[a:b] for a, b in found.highlights] == ["batteries", "cost"]


def test_quantised_vectors_keep_their_cosines() -> None:
    rng = np.random.default_rng(0)
    query, *stored = rng.standard_normal((40, 384)).astype(np.float32)
    exact = [float(query @ v / np.linalg.norm(query) / np.linalg.norm(v)) for v in stored]
    assert np.abs(cosines(query, [to_int8(v) for v in stored]) - exact).max() < 0.01
    assert len(to_bits(query)) == 48
