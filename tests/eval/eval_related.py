"""How well notes of one meeting are linked to those of earlier ones: ``python -m tests.eval.eval_related``.

Pairs in ``related_pairs.txt`` are made by hand, with negatives of the same field. The bound was set on pairs with even
numbers; figures of the odd ones are the honest ones.
"""

import os
from pathlib import Path
from typing import NamedTuple

import numpy as np

from contracts.embedder import Embedder
from contracts.settings import models_dir
from gateway.index import related


class Pair(NamedTuple):
    """An earlier and a new note, and what they are to each other (``-`` = nothing)."""

    kind: str
    old: str
    new: str
    expected: str


def pairs() -> list[Pair]:
    """The made pairs."""
    lines = (Path(__file__).parent / "related_pairs.txt").read_text().splitlines()
    return [Pair(*(f.strip() for f in line.split("|"))) for line in lines if line and not line.startswith("#")]


def report(name: str, chosen: list[Pair], cosines: dict[Pair, float]) -> tuple[float, float]:
    """Precision and recall of links, and how many of the right links say the right thing."""
    found = {p: related.relation(p.kind, p.new, p.old, cosines[p]) for p in chosen}
    links = [p for p in chosen if found[p]]
    right = [p for p in links if p.expected != "-"]
    said = [p for p in right if found[p][0] == p.expected]  # type: ignore[index]  # only those with a link
    wanted = sum(p.expected != "-" for p in chosen)
    precision, recall = len(right) / max(1, len(links)), len(right) / wanted
    print(
        f"{name:12s} n={len(chosen):3d} precision {precision:.3f} recall {recall:.3f} "
        f"relation right {len(said) / max(1, len(right)):.3f}"
    )
    return precision, recall


def main() -> None:
    """Embed, compare, print."""
    made = pairs()
    model = Embedder.load(models_dir(os.environ))
    old, new = model.embed([p.old for p in made]), model.embed([p.new for p in made])
    cosines = dict(zip(made, np.sum(old * new, axis=1).tolist(), strict=True))
    report("even pairs", made[0::2], cosines)
    report("odd pairs", made[1::2], cosines)
    report("all", made, cosines)


if __name__ == "__main__":
    main()
