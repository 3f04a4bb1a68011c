"""What an answer quotes: the words that a note rests on, a reply beside its question, each line once."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gateway.index.answers import Answerer, after_questions
from gateway.index.port import Candidate, Card, Line, Needle, Passage, Scope
from gateway.index.rank import Weights
from gateway.index.searcher import Searcher

ASKED = "What happens if the translations are late?"
TALK = (
    Line("s1", 0, 2, "The weather is fine today.", "Ann"),
    Line("s2", 2, 4, ASKED, "Cy"),
    Line("s3", 4, 6, "Then we launch with English in the gaps.", "Ben"),
    Line("s4", 6, 8, "Somebody ordered lunch for noon.", "Ann"),
)
NOTE = (Line("s2", 2, 4, "Late translations"), Line("s2", 2, 4, ASKED))


class _Words:
    """Vectors of words: texts with the same words are near."""

    async def embed(self, texts: list[str]) -> NDArray[np.float32]:
        vectors = np.zeros((len(texts), 64), np.float32)
        for row, text in enumerate(texts):
            for word in text.lower().strip("?.").split():
                vectors[row, sum(map(ord, word)) % 64] += 1
        unit: NDArray[np.float32] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return unit


class _Index:
    def __init__(self, *found: Candidate) -> None:
        self._found = list(found)

    async def candidates(self, needle: Needle, scope: Scope, limit: int) -> list[Candidate]:
        return self._found


def answerer(*found: Candidate) -> Answerer:
    return Answerer(Searcher(_Index(*found), _Words(), Weights()), _Words())  # type: ignore[arg-type]  # asked only so


def candidate(kind: str, lines: Sequence[Line], nearest: float) -> Candidate:
    passage = Passage(f"m-{kind}", "m", kind, lines[0].start, lines[-1].end, tuple(lines))
    return Candidate(passage, Card("m", "Launch", 0.0), 2.0, nearest, nearest)


async def test_a_near_note_does_not_push_out_the_talk_with_the_reply() -> None:
    found = answerer(candidate("question", NOTE, 0.95), candidate("transcript", TALK, 0.45))
    quoted = await found.answer(ASKED, Scope(None))
    assert [(s.citation.segment, s.text) for s in quoted] == [("s2", ASKED), ("s3", TALK[2].text)]


async def test_a_line_that_says_just_this_answers_though_its_passage_is_about_other_things() -> None:
    far = answerer(candidate("transcript", TALK, 0.1))
    assert "s2" in {s.citation.segment for s in await far.answer(ASKED, Scope(None))}
    assert await far.answer("Which dentist repairs the vineyard?", Scope(None)) == []


def test_a_line_after_a_question_counts_nearly_as_much() -> None:
    raised = after_questions(np.array([0.1, 0.8, 0.2, 0.3], np.float32), TALK)
    assert np.allclose(raised, [0.1, 0.8, 0.76, 0.3])


async def test_what_is_only_near_comes_with_excerpts_to_judge_by() -> None:
    near = answerer(candidate("transcript", TALK, 0.35))
    found = await near.found("Are translations late there?", Scope(None))
    assert found.sentences
    assert found.doubtful == (" ".join(line.text for line in TALK[:3]),)
    sure = await answerer(candidate("transcript", TALK, 0.9)).found(ASKED, Scope(None))
    assert sure.sentences
    assert not sure.doubtful
