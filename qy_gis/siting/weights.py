"""Weights of criteria: by hand, equal, or from comparisons in pairs (AHP)."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qy_gis.errors import ArgumentError, Fault, join_faults
from qy_gis.siting.criteria import Criteria

#: Mean consistency index of random matrices of order 1, 2, 3 … (Saaty, The Analytic Hierarchy Process, 1980).
RANDOM_INDEX = (0.0, 0.0, 0.58, 0.90, 1.12, 1.24, 1.32, 1.41, 1.45, 1.49)

#: Saaty's limit: above it the comparisons contradict one another too much to be used.
MOST_INCONSISTENT = 0.1


def weigh_criteria(criteria: Criteria) -> pd.Series:
    """Return the weights of criteria, which add up to 1, indexed by their keys.

    Raises
    ------
    ArgumentError
        AHP comparisons that are not one for each pair, not positive, or too inconsistent.
    """
    keys = [criterion.key for criterion in criteria.criteria]
    if criteria.weights == "equal":
        return pd.Series(1 / len(keys), index=keys)
    if criteria.weights == "given":
        given = np.array([criterion.weight for criterion in criteria.criteria])
        return pd.Series(given / given.sum(), index=keys)
    weights, ratio = derive_weights(_fill_matrix(criteria))
    if ratio > MOST_INCONSISTENT:
        raise ArgumentError(
            f"comparisons: their consistency ratio is {ratio:.3f}; accepted is at most {MOST_INCONSISTENT}. "
            "Look for three criteria of which the comparisons go round in a circle",
            zh=f"comparisons 的一致性比率为 {ratio:.3f}，应不大于 {MOST_INCONSISTENT}；"
            "请找出两两比较互相矛盾的三个准则",
        )
    return pd.Series(weights, index=keys)


def derive_weights(matrix: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """Return the weights that a matrix of comparisons implies, and its consistency ratio.

    Parameters
    ----------
    matrix
        Shape (n, n), n at most 10: how many times the criterion of the row matters more than that of the column, with
        1 on the diagonal and reciprocals across it.

    Returns
    -------
    weights
        The principal eigenvector, adding up to 1, of shape (n,).
    ratio
        (largest eigenvalue - n) / (n - 1), over its mean for random matrices of this order; 0 is perfectly consistent.

    Examples
    --------
    >>> weights, ratio = derive_weights(np.array([[1, 2, 4], [1 / 2, 1, 2], [1 / 4, 1 / 2, 1]]))
    >>> weights.round(4).tolist(), abs(round(ratio, 6))
    ([0.5714, 0.2857, 0.1429], 0.0)
    """
    order = len(matrix)
    if order > len(RANDOM_INDEX):
        raise ArgumentError(
            f"comparisons of {order} criteria: accepted are at most {len(RANDOM_INDEX)}",
            zh=f"comparisons 有 {order} 个准则，最多 {len(RANDOM_INDEX)} 个；请合并或减少准则",
        )
    values, vectors = np.linalg.eig(matrix)
    largest = int(np.argmax(values.real))
    principal = np.abs(vectors[:, largest].real)
    if order < 3:
        return principal / principal.sum(), 0.0
    index = (values[largest].real - order) / (order - 1)
    return principal / principal.sum(), float(index / RANDOM_INDEX[order - 1])


def find_inconsistency(criteria: Criteria) -> float | None:
    """Return the consistency ratio of the comparisons of criteria; None if their weights do not come from comparisons.

    Raises
    ------
    ArgumentError
        The comparisons are not one for each pair, or not positive.
    """
    return derive_weights(_fill_matrix(criteria))[1] if criteria.weights == "ahp" else None


def _fill_matrix(criteria: Criteria) -> NDArray[np.float64]:
    keys = [criterion.key for criterion in criteria.criteria]
    matrix = np.full((len(keys), len(keys)), np.nan)
    np.fill_diagonal(matrix, 1.0)
    faults: list[Fault] = []
    for first, second, times in criteria.comparisons:
        row, column = keys.index(first), keys.index(second)
        if not times > 0:
            faults.append(
                Fault(
                    f"comparisons: {first} over {second} is {times}: accepted is a number over 0",
                    f"comparisons：{first} 比 {second} 为 {times}，应为大于 0 的数",
                )
            )
        elif not np.isnan(matrix[row, column]):
            faults.append(
                Fault(
                    f"comparisons: {first} and {second} are compared twice, or one with itself; keep one comparison",
                    f"comparisons：{first} 与 {second} 比较了两次，或与自身比较；请只留一次",
                )
            )
        else:
            matrix[row, column], matrix[column, row] = times, 1 / times
    faults += [
        Fault(
            f"comparisons: {keys[row]} and {keys[column]} are not compared; compare each pair once",
            f"comparisons：{keys[row]} 与 {keys[column]} 没有比较；每一对都须比较一次",
        )
        for row, column in np.argwhere(np.isnan(matrix))
        if row < column
    ]
    if faults:
        said = join_faults(faults)
        raise ArgumentError(said.en, zh=said.zh)
    return matrix
