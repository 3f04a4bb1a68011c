"""Train the model of what surrounds a task: ``python -m tests.eval.train_context [--out analyzer/context.json]``.

Data: the places that the detector marks in its own training meetings (91 of AMI, and our own dialogues). On meetings
that it has seen it would be too sure of itself, so each fifth of them is marked by heads trained on the other four.
The table that is printed is of meetings that neither the detector nor this model was trained on: the 22 AMI meetings
of the public set, ``tests/eval/meetings``, and the clips. A place is right when it hits a gold action item. Needs
scikit-learn and scipy.
"""

import argparse
import json
import os
import random
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from analyzer import spots
from analyzer.chain import LOW
from analyzer.context import ALONE, NAMES, WEIGHTS, features
from analyzer.detector import Detector, gram_features
from analyzer.units import Unit
from contracts.embedder import Embedder
from contracts.settings import models_dir
from tests.eval import corpus, lines, score_notes, train_detector

CACHE = models_dir(os.environ).parent / "eval-notes"
STRENGTH = 0.1
FOLDS = 5
SHIFT = 0.75
"""Added to the log-odds, so that 0 is the point from which a place is published."""


class Places(NamedTuple):
    """The places of one meeting."""

    meeting: corpus.Meeting
    units: list[Unit]
    rows: list[tuple[int, ...]]
    found: Any
    right: Any


def places(meeting: corpus.Meeting, units: list[Unit], marks: list[float]) -> Places:
    """What ``marks`` point at in ``meeting``, and whether it is right."""
    spotted = spots.places("action", units, marks, LOW)
    found = np.array([features(units, marks, row, also) for row, also in spotted]).reshape(len(spotted), len(NAMES))
    rows = [(row, *also) for row, also in spotted]
    gold = [g for g in meeting.get("actions", []) if g["evidence"]]
    right = [any(_hits(meeting, units, r, g) for g in gold) for r in rows]
    return Places(meeting, units, rows, found, np.array(right, int))


def _hits(meeting: corpus.Meeting, units: list[Unit], rows: tuple[int, ...], gold: dict[str, Any]) -> bool:
    within_s = score_notes.tolerance_s(meeting)
    times = [t for r in rows for t in (units[r].start, units[r].end)]
    return any(e["start"] - within_s <= t <= e["end"] + within_s for e in gold["evidence"] for t in times)


def crossed() -> list[Places]:
    """The training meetings without those of ICSI, each marked by a head that has not seen it."""
    data = train_detector.pieces(1000)
    meetings = [*corpus.more(), *(m for m in corpus.public() if m["corpus"] == "ICSI"), *lines.dialogues()]
    rng = random.Random(3)
    fold = [rng.randrange(FOLDS) for _ in data]
    found = []
    for number in range(FOLDS):
        rest = [piece for piece, of in zip(data, fold, strict=True) if of != number]
        head = train_detector.train(train_detector.HEADS[0], rest, seed=1)
        for meeting, piece, of in zip(meetings, data, fold, strict=True):
            if of == number and meeting.get("corpus") != "ICSI":
                found.append(places(meeting, piece.units, _marks(piece, *head)))
    return found


def _marks(piece: train_detector.Piece, dense: Any, words: dict[str, float], bias: float) -> list[float]:
    forms = [sum(words.get(name, 0.0) for name in gram_features(piece.units, r)) for r in range(len(piece.units))]
    return [float(v) for v in piece.dense @ dense + bias + np.array(forms)]


def unseen(detector: Detector, embedder: Embedder) -> list[Places]:
    """The meetings on which figures are given, marked by the product's detector."""
    found = []
    for meeting in [*(m for m in corpus.public() if m["corpus"] == "AMI"), *corpus.own(), *corpus.clips()]:
        units = corpus.units(meeting)
        scores = detector.scores(units, corpus.vectors(meeting, units, embedder, CACHE))
        found.append(places(meeting, units, [float(s) for s in scores[:, 0]]))
    return found


def fitted(data: list[Places]) -> tuple[StandardScaler, LogisticRegression]:
    """The model of ``data``."""
    found, right = np.concatenate([p.found for p in data]), np.concatenate([p.right for p in data])
    scaler = StandardScaler().fit(found)
    return scaler, LogisticRegression(C=STRENGTH, max_iter=1000).fit(scaler.transform(found), right)


def scored(one: Places, scaler: StandardScaler, model: LogisticRegression) -> Any:
    """Log-odds of the places of ``one``, as the product makes them."""
    around = model.decision_function(scaler.transform(one.found)) + SHIFT if one.rows else np.zeros(0)
    return np.maximum(around, one.found[:, 0] - ALONE)


def report(data: list[Places], scores: list[Any], bar: float) -> str:
    """Recall and false items at ``bar``, for AMI and for the others."""
    parts = []
    for name, wanted in (("ami", True), ("others", False)):
        gold = hit = false = barren = items = 0
        minutes = barren_minutes = 0.0
        for one, marks in zip(data, scores, strict=True):
            if ("corpus" in one.meeting) != wanted:
                continue
            kept = [r for r, mark in zip(one.rows, marks, strict=True) if mark >= bar]
            known = [g for g in one.meeting.get("actions", []) if g["evidence"]]
            wrong = sum(not any(_hits(one.meeting, one.units, r, g) for g in known) for r in kept)
            gold, items, false = gold + len(known), items + len(kept), false + wrong
            hit += sum(any(_hits(one.meeting, one.units, r, g) for r in kept) for g in known)
            minutes += score_notes.minutes(one.meeting)
            if not known:
                barren, barren_minutes = barren + wrong, barren_minutes + score_notes.minutes(one.meeting)
        empty = f"{10 * barren / barren_minutes:5.2f}" if barren_minutes else "    -"
        parts.append(
            f"{name}: recall {hit / gold:.3f}, {items} items, {10 * false / minutes:5.2f} per 10 min ({empty})"
        )
    return f"{bar:6.2f}  " + "   ".join(parts)


def main() -> None:
    """Train on the meetings of the detector, write the weights, and print what they reach elsewhere."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    parser.add_argument("--weights", type=Path, default=train_detector.WEIGHTS, help="the detector that is measured")
    args = parser.parse_args()
    scaler, model = fitted([one for one in crossed() if one.rows])
    data = unseen(Detector.load(args.weights), Embedder.load(models_dir(os.environ), threads=1))
    scores = [scored(one, scaler, model) for one in data]
    print("\n".join(report(data, scores, bar) for bar in (-0.5, -0.3, -0.2, -0.1, 0.0, 0.1, 0.2, 0.3, 0.5)))
    body = {
        "names": NAMES,
        "mean": [round(float(v), 4) for v in scaler.mean_],
        "scale": [round(float(v), 4) for v in scaler.scale_],
        "weights": [round(float(v), 4) for v in model.coef_[0]],
        "bias": round(float(model.intercept_[0]) + SHIFT, 4),
    }
    args.out.write_text(json.dumps(body, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
