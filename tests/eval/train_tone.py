"""Train the tone of a sentence: ``python -m tests.eval.train_tone [--out analyzer/tone.npz]``.

Data: our own lines in ``tone_lines.txt`` (CC0) and, as faint contrast, sentences drawn from the AMI meetings of the
training set (CC BY 4.0), nearly all of which say nothing of a mood. Prints what it reaches on ``tone_unseen.txt``,
which is never trained on. Needs scikit-learn.
"""

import argparse
import os
import random
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

from analyzer.tone import FELT, SHORTEST_WORDS, WEIGHTS, Tone
from contracts.embedder import Embedder
from contracts.settings import models_dir
from tests.eval import corpus

SIGNS = "-0+"
STRENGTH = 10.0
CONTRAST = 0.1
MEETINGS, EACH = 50, 20


def read(name: str) -> tuple[list[str], Any]:
    """Lines of a file and their tones, -1, 0 or 1."""
    rows = [line.split(" ", 1) for line in Path(__file__).with_name(name).read_text("utf-8").splitlines()]
    marked = [row for row in rows if row[0] in tuple(SIGNS)]
    return [text for _, text in marked], np.array([SIGNS.index(sign) - 1 for sign, _ in marked])


def contrast() -> list[str]:
    """Sentences of real meetings, drawn with a fixed seed."""
    rng = random.Random(1)
    found: list[str] = []
    for meeting in corpus.more()[:MEETINGS]:
        said = [u.text for u in corpus.units(meeting) if len(u.text.split()) >= SHORTEST_WORDS]
        found += rng.sample(said, min(EACH, len(said)))
    return found


def report(tone: Tone, embedder: Embedder) -> str:
    """What ``tone`` makes of the unseen lines."""
    texts, known = read("tone_unseen.txt")
    scores = tone.scores(embedder.embed(texts))
    said = np.where(scores >= FELT, 1, np.where(scores <= -FELT, -1, 0))
    told = known != 0
    return (
        f"{len(texts)} unseen lines: right {np.mean(said == known):.2f}; of those with a tone found "
        f"{np.mean(said[told] == known[told]):.2f}, turned round {np.mean(said[told] * known[told] < 0):.2f}; "
        f"of those without one given a tone {np.mean(said[~told] != 0):.2f}"
    )


def main() -> None:
    """Train, write the weights, print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    args = parser.parse_args()
    embedder = Embedder.load(models_dir(os.environ), threads=1)
    texts, tones = read("tone_lines.txt")
    faint = contrast()
    weight = np.concatenate([np.ones(len(texts)), np.full(len(faint), CONTRAST)])
    label = np.concatenate([tones, np.zeros(len(faint), int)])
    model = LogisticRegression(C=STRENGTH, max_iter=2000)
    model.fit(embedder.embed([*texts, *faint]), label, sample_weight=weight)
    np.savez_compressed(args.out, weights=model.coef_.T.astype(np.float16), bias=model.intercept_.astype(np.float32))
    print(report(Tone.load(args.out), embedder))


if __name__ == "__main__":
    main()
