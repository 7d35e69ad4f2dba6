"""Ids used twice, found in one pass over a file of any length, in 8 bytes a parcel."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray


class SeenIds:
    """The ids of the parcels read so far, as 64-bit hashes.

    Notes
    -----
    Hashes lie in sorted runs, each less than half as long as the one before, so that an id is merged some log2(n) times
    and looked up in as few runs. Two different ids share a hash with a probability of n^2 / 2^65: one in 90,000 for a
    province of 20 million parcels, one in 400 for a country of 300 million.

    Examples
    --------
    >>> seen = SeenIds()
    >>> seen.add(pa.array(["a", "b", "a"])).tolist()
    [False, False, True]
    >>> seen.add(pa.array(["c", "b"])).tolist()
    [False, True]
    """

    def __init__(self) -> None:
        self._runs: list[NDArray[np.uint64]] = []

    def add(self, ids: pa.StringArray) -> NDArray[np.bool_]:
        """Return, of shape (n,), whether each id was used before, and remember them all."""
        hashes = pd.util.hash_array(ids.to_numpy(zero_copy_only=False))
        # In order, neighbours are looked up where the last one was: several times faster in a run of millions.
        order = np.argsort(hashes, kind="stable")
        ordered = hashes[order]
        new = np.ones(len(ordered), dtype=bool)
        new[1:] = ordered[1:] != ordered[:-1]
        for run in self._runs:
            place = np.minimum(np.searchsorted(run, ordered), len(run) - 1)
            new &= run[place] != ordered
        repeated = np.empty(len(ordered), dtype=bool)
        repeated[order] = ~new
        added = ordered[new]
        while self._runs and len(self._runs[-1]) < 2 * len(added):
            added = np.concatenate([self._runs.pop(), added])
            added.sort(kind="stable")  # two sorted runs: merged, not sorted
        if len(added):
            self._runs.append(added)
        return repeated
