"""Units of land: square metres, hectares (公顷) and 亩, and tables that add up in each of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qy_gis.errors import ArgumentError

#: 公顷 per square metre.
HECTARES_PER_M2 = 1e-4

#: 亩 per square metre: 1 亩 is 10 000 / 15 m2 exactly.
MU_PER_M2 = 0.0015


def to_hectares(area_m2: ArrayLike) -> NDArray[np.float64]:
    """Return areas in 公顷 from areas in m2."""
    return np.asarray(area_m2, dtype=np.float64) * HECTARES_PER_M2


def to_mu(area_m2: ArrayLike) -> NDArray[np.float64]:
    """Return areas in 亩 from areas in m2.

    Examples
    --------
    >>> float(to_mu(10_000))
    15.0
    """
    return np.asarray(area_m2, dtype=np.float64) * MU_PER_M2


def round_parts(parts: ArrayLike, *, decimals: int) -> NDArray[np.float64]:
    """Round the parts of a whole so that they add up to the rounded whole (强制平差, largest remainder).

    Parameters
    ----------
    parts
        Non-negative parts of shape (n,), in one unit.
    decimals
        Decimal places to keep.

    Returns
    -------
    numpy.ndarray
        The parts, each rounded down or up, whose sum is the sum of ``parts`` rounded to ``decimals``. Those that lose
        most by rounding down are rounded up; of equals, the first.

    Raises
    ------
    ArgumentError
        A part is negative or not a number.

    Examples
    --------
    >>> round_parts([1.004, 1.004, 1.004], decimals=2).tolist()
    [1.01, 1.0, 1.0]
    """
    exact = np.asarray(parts, dtype=np.float64)
    if not (exact >= 0).all():
        wrong = exact[~(exact >= 0)][:5].tolist()
        raise ArgumentError(
            f"parts must be numbers of at least 0, got {wrong}", zh=f"各部分应为不小于 0 的数，读到 {wrong}"
        )
    scaled = exact * 10**decimals
    # A part that is whole but for the last bits (2.9999999996) must not lose a unit, and then win it back by luck.
    whole = np.floor(scaled + 1e-6)
    missing = int(np.round(np.round(scaled.sum(), 6)) - whole.sum())
    largest_first = np.argsort(-(scaled - whole), kind="stable")
    whole[largest_first[:missing]] += 1
    return np.asarray(whole / 10**decimals)
