"""Groups inside groups: what average linkage joins on its way to the whole. Pure and deterministic."""

import numpy as np
from numpy.typing import NDArray


def subtrees(alike: NDArray[np.float32], weights: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Every group that is formed, one row of members each: the single ones first, never the whole."""
    count = len(alike)
    near = alike.astype(float)
    np.fill_diagonal(near, -np.inf)
    mass = weights.astype(float)
    members = np.eye(count, dtype=bool)
    formed = [members.copy()]
    for _ in range(count - 2):
        one, two = np.unravel_index(int(near.argmax()), near.shape)
        joined = (mass[one] * near[one] + mass[two] * near[two]) / (mass[one] + mass[two])
        near[one] = near[:, one] = joined
        near[two] = near[:, two] = near[one, one] = -np.inf
        mass[one] += mass[two]
        members[one] |= members[two]
        formed.append(members[one : one + 1].copy())
    return np.concatenate(formed)
