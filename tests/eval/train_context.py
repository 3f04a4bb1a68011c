"""Train the model of what surrounds a task: ``python -m tests.eval.train_context [--out analyzer/context.json]``.

Data: the places that the detector marks in meetings that it was not trained on: the 22 AMI meetings of the public
set, ``tests/eval/meetings`` and the clips. A place is right when it hits a gold action item. As these are also the
meetings on which figures are reported, the table that is printed leaves out each meeting in turn: nothing in it was
scored with weights that have seen it. Needs scikit-learn.
"""

import argparse
import json
import os
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from analyzer import spots
from analyzer.chain import LOW
from analyzer.context import ALONE, NAMES, WEIGHTS, features
from analyzer.detector import Detector
from analyzer.units import Unit
from contracts.embedder import Embedder
from contracts.settings import models_dir
from tests.eval import corpus, score_notes

CACHE = models_dir(os.environ).parent / "eval-notes"
STRENGTH = 0.03


class Places(NamedTuple):
    """The places of one meeting."""

    meeting: corpus.Meeting
    units: list[Unit]
    rows: list[tuple[int, ...]]
    found: Any
    right: Any


def places(meeting: corpus.Meeting, detector: Detector, embedder: Embedder) -> Places:
    """What the detector points at in ``meeting``, and whether it is right."""
    units = corpus.units(meeting)
    marks = [float(s) for s in detector.scores(units, corpus.vectors(meeting, units, embedder, CACHE))[:, 0]]
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


def fitted(data: list[Places]) -> tuple[StandardScaler, LogisticRegression]:
    """The model of ``data``."""
    found, right = np.concatenate([p.found for p in data]), np.concatenate([p.right for p in data])
    scaler = StandardScaler().fit(found)
    return scaler, LogisticRegression(C=STRENGTH, max_iter=1000).fit(scaler.transform(found), right)


def left_out(data: list[Places]) -> list[Any]:
    """Per meeting the log-odds of its places by a model that has not seen it."""
    scores = []
    for number, one in enumerate(data):
        scaler, model = fitted(data[:number] + data[number + 1 :])
        around = model.decision_function(scaler.transform(one.found)) if one.rows else np.zeros(0)
        scores.append(np.maximum(around, one.found[:, 0] - ALONE))
    return scores


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
    """Print the table with each meeting left out, and write the weights of all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    args = parser.parse_args()
    embedder, detector = Embedder.load(models_dir(os.environ), threads=1), Detector.load()
    meetings = [*(m for m in corpus.public() if m["corpus"] == "AMI"), *corpus.own(), *corpus.clips()]
    data = [places(m, detector, embedder) for m in meetings]
    scores = left_out(data)
    print("\n".join(report(data, scores, bar) for bar in (-1.2, -0.8, -0.6, -0.5, -0.4, -0.3, -0.2, 0.0, 0.4)))
    scaler, model = fitted(data)
    body = {
        "names": NAMES,
        "mean": [round(float(v), 4) for v in scaler.mean_],
        "scale": [round(float(v), 4) for v in scaler.scale_],
        "weights": [round(float(v), 4) for v in model.coef_[0]],
        "bias": round(float(model.intercept_[0]), 4),
    }
    args.out.write_text(json.dumps(body, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
