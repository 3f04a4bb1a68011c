"""Train the detector's heads: ``python -m tests.eval.train_detector [--out analyzer/detector.npz]``.

Data: the 91 AMI meetings of more_ami.jsonl.gz and the 8 ICSI meetings of the public set (CC BY 4.0), and our own
lines in ``detector_data/`` (CC0). Never trained on: the 22 AMI meetings of the public set, ``tests/eval/meetings``,
the three clips of the test data. Two sorts of heads: ``scene`` heads learn where minute-takers of those corpora
marked something; ``plain`` heads learn the plain forms of our own lines, with corpus sentences as faint contrast.
Needs scikit-learn and scipy.
"""

import argparse
import os
import random
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
from scipy.sparse import csr_matrix, hstack
from sklearn.linear_model import LogisticRegression

from analyzer.detector import WEIGHTS, dense_features, gram_features
from analyzer.units import Unit
from contracts.embedder import Embedder
from contracts.settings import models_dir
from tests.eval import corpus, lines

CACHE = models_dir(os.environ).parent / "eval-notes"


class Head(msgspec.Struct, frozen=True):
    """One column. ``shift`` is added to its log-odds, so that 0 is the point at which it is trusted alone."""

    column: int
    sort: str
    strength: float
    dense_scale: float
    negative: float
    own: float
    keep: float
    min_count: int
    shift: float


HEADS = (
    Head(0, "scene", 0.1, 4.0, 2.0, 4.0, 0.2, 8, 0.8),
    Head(1, "scene", 0.02, 6.0, 1.0, 4.0, 0.2, 8, 0.24),
    Head(2, "plain", 0.1, 6.0, 0.05, 1.0, 0.15, 4, 2.2),
    Head(3, "plain", 0.1, 6.0, 0.05, 1.0, 0.15, 4, 1.9),
    Head(1, "plain", 0.1, 6.0, 0.05, 1.0, 0.15, 4, 1.35),
)
"""In the order of the detector's columns: KINDS, then a second one for decisions."""


class Piece(NamedTuple):
    """One meeting, ready for training."""

    ours: bool
    units: list[Unit]
    dense: Any
    labels: Any


def pieces(limit: int) -> list[Piece]:
    """All training meetings with their features."""
    embedder = Embedder.load(models_dir(os.environ), threads=1)
    icsi = [m for m in corpus.public() if m["corpus"] == "ICSI"]
    found = []
    for meeting in [*corpus.more()[:limit], *icsi[:limit], *lines.dialogues()]:
        ours = meeting["id"].startswith("own-")
        units = corpus.units(meeting)
        vectors = embedder.embed([u.text for u in units]) if ours else corpus.vectors(meeting, units, embedder, CACHE)
        found.append(Piece(ours, units, dense_features(vectors), corpus.labels(meeting, units)))
    return found


def kept(head: Head, piece: Piece, rng: random.Random) -> list[int]:
    """Rows of ``piece`` that train ``head``: all of ours, all marked ones of a scene, a share of the others."""
    marked = piece.labels.any(axis=1)
    if piece.ours:
        return list(range(len(piece.units)))
    if head.sort == "scene":
        return [r for r in range(len(piece.units)) if marked[r] or rng.random() < head.keep]
    return [r for r in range(len(piece.units)) if not marked[r] and rng.random() < head.keep]


def train(head: Head, data: list[Piece], seed: int) -> tuple[Any, dict[str, float], float]:
    """Dense weights, word weights and bias of one head."""
    rng = random.Random(seed)
    chosen = [(piece, kept(head, piece, rng)) for piece in data]
    grams = [gram_features(piece.units, r) for piece, rows in chosen for r in rows]
    counts = Counter(name for found in grams for name in found)
    names = sorted(n for n, count in counts.items() if count >= head.min_count)
    place = {name: n for n, name in enumerate(names)}
    index = np.array([(n, place[name]) for n, found in enumerate(grams) for name in found if name in place])
    total = len(grams)
    words = csr_matrix((np.ones(len(index), np.float32), (index[:, 0], index[:, 1])), shape=(total, len(names)))
    dense = np.concatenate([piece.dense[rows] for piece, rows in chosen]) * head.dense_scale
    label = np.concatenate([piece.labels[rows, head.column] for piece, rows in chosen])
    weight = np.concatenate([_weight(head, piece, rows) for piece, rows in chosen])
    model = LogisticRegression(C=head.strength, max_iter=300, solver="liblinear")
    model.fit(hstack([csr_matrix(dense), words]).tocsr(), label, sample_weight=weight)
    size = dense.shape[1]
    print(f"column {head.column} {head.sort}: {int(label.sum())} positives of {total} sentences", flush=True)
    return (
        model.coef_[0][:size] * head.dense_scale,
        dict(zip(names, model.coef_[0][size:], strict=True)),
        float(model.intercept_[0]) + head.shift,
    )


def _weight(head: Head, piece: Piece, rows: list[int]) -> Any:
    if piece.ours:
        return np.full(len(rows), head.own)
    return np.where(piece.labels[rows].any(axis=1), 1.0, head.negative)


def stored(path: Path) -> list[tuple[Any, dict[str, float], float]]:
    """The heads in a file of weights."""
    with np.load(path) as file:
        names = [str(n) for n in file["grams"]]
        return [
            (file["dense"][:, c], dict(zip(names, file["gram_weights"][:, c], strict=True)), float(file["bias"][c]))
            for c in range(len(HEADS))
        ]


def main() -> None:
    """Train all heads and write the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    parser.add_argument("--only", type=int, help="train this head (0 …) and keep the other columns of --out")
    parser.add_argument("--meetings", type=int, default=1000, help="at most so many meetings of each corpus")
    args = parser.parse_args()
    data = pieces(args.meetings)
    if args.only is None:
        trained = [train(head, data, seed=1) for head in HEADS]
    else:
        trained = stored(args.out)
        trained[args.only] = train(HEADS[args.only], data, seed=1)
    names = sorted({n for _, words, _ in trained for n, weight in words.items() if abs(weight) > 0.01})
    table = np.array([[words.get(name, 0.0) for _, words, _ in trained] for name in names])
    np.savez_compressed(
        args.out,
        dense=np.stack([dense for dense, _, _ in trained], axis=1).astype(np.float16),
        grams=np.array(names),
        gram_weights=table.astype(np.float16),
        bias=np.array([bias for _, _, bias in trained], np.float32),
    )
    print(f"{args.out}: {len(names)} word features, {args.out.stat().st_size} bytes")


if __name__ == "__main__":
    main()
