"""Train the detector's head: ``python -m tests.eval.train_detector [--out analyzer/detector.npz]``.

Data: the 91 AMI meetings of more_ami.jsonl.gz (CC BY 4.0) and our own lines in ``detector_data/`` (CC0). The
public 30 meetings and ``tests/eval/meetings`` are never trained on. Needs scikit-learn.
"""

import argparse
import os
import random
from collections import Counter
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix, hstack
from sklearn.linear_model import LogisticRegression

from analyzer.detector import KINDS, WEIGHTS, dense_features, gram_features
from contracts.embedder import Embedder
from contracts.settings import models_dir
from tests.eval import corpus, lines

CACHE = models_dir(os.environ).parent / "eval-notes"
MIN_COUNT = 8
KEEP_NEGATIVE = 0.2
STRENGTH = {"action": 0.05, "decision": 0.02, "question": 0.05, "risk": 0.05}
DENSE_SCALE = 3.0


def examples(seed: int, limit: int) -> tuple[list[list[str]], np.ndarray, np.ndarray, np.ndarray]:
    """Word features, dense features, labels and weights of all training units that are kept."""
    rng = random.Random(seed)
    embedder = Embedder.load(models_dir(os.environ), threads=1)
    names: list[list[str]] = []
    dense, marks, weights = [], [], []
    for meeting in [*corpus.more()[:limit], *lines.dialogues()]:
        ours = meeting["id"].startswith("own-")
        units = corpus.units(meeting)
        vectors = embedder.embed([u.text for u in units]) if ours else corpus.vectors(meeting, units, embedder, CACHE)
        found, label = dense_features(vectors), corpus.labels(meeting, units)
        for row in range(len(units)):
            if not ours and not label[row].any() and rng.random() > KEEP_NEGATIVE:
                continue
            names.append(gram_features(units, row))
            dense.append(found[row])
            marks.append(label[row])
            weights.append(_weights(label[row], ours))
    return names, np.array(dense, np.float32), np.array(marks), np.array(weights)


def _weights(label: np.ndarray, ours: bool) -> np.ndarray:
    """Per kind: kept negatives stand for those left out; AMI says nothing of open questions and risks."""
    if ours:
        return np.full(len(KINDS), lines.WEIGHT)
    base = 1.0 if label.any() else 1.0 / KEEP_NEGATIVE
    return np.array([base, base, 0.05, 0.05])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    parser.add_argument("--meetings", type=int, default=1000, help="at most so many AMI meetings")
    args = parser.parse_args()
    names, dense, marks, weights = examples(seed=1, limit=args.meetings)
    counts = Counter(n for row in names for n in row)
    vocabulary = {n: c for c, n in enumerate(sorted(n for n, count in counts.items() if count >= MIN_COUNT))}
    rows = [(r, vocabulary[n]) for r, found in enumerate(names) for n in found if n in vocabulary]
    index = np.array(rows)
    words = csr_matrix((np.ones(len(index)), (index[:, 0], index[:, 1])), shape=(len(names), len(vocabulary)))
    data = hstack([csr_matrix(dense * DENSE_SCALE), words]).tocsr()
    columns, biases = [], []
    for column, kind in enumerate(KINDS):
        if not marks[:, column].any():
            columns.append(np.zeros(data.shape[1]))
            biases.append(-20.0)
            continue
        head = LogisticRegression(C=STRENGTH[kind], max_iter=300, solver="liblinear")
        head.fit(data, marks[:, column], sample_weight=weights[:, column])
        columns.append(head.coef_[0])
        biases.append(float(head.intercept_[0]))
        print(f"{kind}: {int(marks[:, column].sum())} positives of {len(names)} kept units")
    matrix = np.array(columns).T
    size = dense.shape[1]
    strong = np.abs(matrix[size:]).max(axis=1) > 0.01
    np.savez_compressed(
        args.out,
        dense=(matrix[:size] * DENSE_SCALE).astype(np.float16),
        grams=np.array([n for n, c in vocabulary.items() if strong[c]]),
        gram_weights=matrix[size:][strong].astype(np.float16),
        bias=np.array(biases, np.float32),
    )
    print(f"{args.out}: {int(strong.sum())} word features, {args.out.stat().st_size} bytes")


if __name__ == "__main__":
    main()
