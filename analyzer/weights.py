"""Trained weights that are committed beside the code."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contracts.errors import Misconfigured


def stored(path: Path, names: tuple[str, ...], whose: str) -> list[NDArray[Any]]:
    """The arrays called ``names`` in a file of weights. Raises Misconfigured when it is missing or damaged."""
    try:
        with np.load(path, allow_pickle=False) as file:
            return [file[name] for name in names]
    except (OSError, KeyError, ValueError) as exc:
        raise Misconfigured(f"the weights of the {whose} are missing or damaged", source=whose) from exc
