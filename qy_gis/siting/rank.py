"""Rank sites, say what each criterion contributes, and how sure the ranking is."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qy_gis.errors import ArgumentError
from qy_gis.overlay.index import Progress
from qy_gis.plan.model import Plan
from qy_gis.siting.criteria import Criteria, measure_criteria
from qy_gis.siting.weights import weigh_criteria

Values = NDArray[np.float64]

#: Scores closer than this are a tie, which the order of the sites decides.
_SAME = 1e-12


def rank_sites(
    sites: gpd.GeoDataFrame,
    plan: Plan,
    *,
    criteria: Criteria,
    draws: int = 1000,
    seed: int = 0,
    progress: Progress | None = None,
) -> gpd.GeoDataFrame:
    """Rank sites by criteria.

    Parameters
    ----------
    sites
        Polygons with a CRS and unique ``parcel_id``, from `qy_gis.find_sites` or your own. Left untouched.
    plan
        Holds the layers that criteria name.
    criteria
        From `qy_gis.read_criteria`.
    draws, seed
        How many weights are drawn for the stability, and from which seed: the same seed gives the same figures.
    progress
        Called as ``progress(done, total, what)`` before each criterion is measured.

    Returns
    -------
    geopandas.GeoDataFrame
        The sites, the best first, with ``rank`` (1 is best), ``score`` (0-1), ``p_first`` and ``p_top3`` (the share of
        draws in which the site is first, and among the first three), ``shift`` (of the winner: the smallest share of
        all weight that, moved between criteria, lets another site draw level; of any other site: the share that lets
        it draw level with the winner; NaN if no weights do), and for each criterion ``<key>_value`` (in its unit),
        ``<key>_worth`` (0-1) and ``<key>_part`` (worth x weight: the parts add up to the score).

    Raises
    ------
    ArgumentError
        No sites, ids that are not unique, fewer than 1 draw, or faults of the criteria.

    Notes
    -----
    Weights are drawn from a Dirichlet distribution whose mean is the weights given and whose parameters add up to the
    number of criteria: with equal weights every set of weights is equally likely.
    """
    if not len(sites) or not sites["parcel_id"].is_unique:
        raise ArgumentError(
            f"sites: {len(sites)} rows; accepted are one or more sites, each with a parcel_id of its own",
            zh=f"sites 有 {len(sites)} 行；应有一行以上，且各行 parcel_id 不重复",
        )
    values = measure_criteria(sites, plan, criteria, progress=progress)
    worth = pd.DataFrame({each.key: each.value.worth(values[each.key].to_numpy()) for each in criteria.criteria})
    weights = weigh_criteria(criteria)
    parts = worth.to_numpy() * weights.to_numpy()
    score = parts.sum(axis=1)
    places = place_sites(worth.to_numpy(), weights.to_numpy(), draws=draws, seed=seed)
    table = sites.copy()
    table["rank"] = _places(score[None, :])[0] + 1
    table["score"] = score
    table["p_first"] = (places == 0).mean(axis=0)
    table["p_top3"] = (places < 3).mean(axis=0)
    table["shift"] = weight_shifts(worth.to_numpy(), weights.to_numpy())
    for number, key in enumerate(worth):
        table[f"{key}_value"] = values[key].to_numpy()
        table[f"{key}_worth"] = worth[key].to_numpy()
        table[f"{key}_part"] = parts[:, number]
    return table.sort_values("rank", kind="stable")


def rank_stability(ranked: gpd.GeoDataFrame, criteria: Criteria, *, draws: int = 1000, seed: int = 0) -> pd.DataFrame:
    """Return in which share of the draws each site takes each rank.

    Parameters
    ----------
    ranked
        What `rank_sites` returned.
    criteria, draws, seed
        As for `rank_sites`.

    Returns
    -------
    pandas.DataFrame
        Index ``parcel_id`` in the order of ``ranked``, columns 1, 2, 3 …; every row and every column adds up to 1.
    """
    worth = ranked[[f"{each.key}_worth" for each in criteria.criteria]].to_numpy(dtype=np.float64)
    places = place_sites(worth, weigh_criteria(criteria).to_numpy(), draws=draws, seed=seed)
    count = len(ranked)
    shares = np.array([np.bincount(places[:, site], minlength=count) for site in range(count)]) / len(places)
    return pd.DataFrame(shares, index=pd.Index(ranked["parcel_id"]), columns=range(1, count + 1))


def place_sites(worth: Values, weights: Values, *, draws: int, seed: int) -> NDArray[np.int64]:
    """Return the place (0 is first) of each site for weights drawn around those given, of shape (draws, n).

    Parameters
    ----------
    worth
        Of each site by each criterion, of shape (n, k).
    weights
        Of shape (k,), over 0, adding up to 1.
    draws, seed
        How many, and from which seed.
    """
    if draws < 1:
        raise ArgumentError(
            f"draws={draws} is not accepted; accepted is 1 or more", zh=f"draws={draws} 无效，应不小于 1"
        )
    drawn = np.random.default_rng(seed).dirichlet(weights * len(weights), size=draws)
    return _places(drawn @ worth.T)


def weight_shifts(worth: Values, weights: Values) -> Values:
    """Return how much weight has to move before the winner is not alone at the top, of shape (n,).

    Parameters
    ----------
    worth
        Of each site by each criterion, of shape (n, k).
    weights
        Of shape (k,), adding up to 1.

    Returns
    -------
    numpy.ndarray
        Of a site behind: the least share of all weight that, moved from some criteria to others, brings it level with
        the winner. Of the winner: the smallest of these. NaN where no weights do.

    Notes
    -----
    What counts is the difference of the two sites by each criterion. Weight is worth most where it moves from the
    criterion by which the winner leads most to the one by which the rival leads most; so it is moved from criterion to
    criterion in this order until the two are level.

    Examples
    --------
    Two criteria of weight 0.6 and 0.4, and each site is best by one of them: a tenth of the weight decides.

    >>> weight_shifts(np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([0.6, 0.4])).round(6).tolist()
    [0.1, 0.1]
    """
    winner = int(np.argmin(_places((worth @ weights)[None, :])[0]))
    shifts = np.array([_shift(site - worth[winner], weights) for site in worth])
    rivals = np.delete(shifts, winner)
    shifts[winner] = np.nan if np.isnan(rivals).all() else np.nanmin(rivals)
    return shifts


def _shift(lead: Values, weights: Values) -> float:
    """How much weight has to move until a rival, who leads by ``lead`` by each criterion, is level."""
    gap = -float(lead @ weights)
    if gap <= _SAME:
        return 0.0
    best = float(lead.max())
    moved = 0.0
    for criterion in np.argsort(lead, kind="stable"):
        gain = best - float(lead[criterion])
        if gain * weights[criterion] >= gap - _SAME:
            # At the very end all weight lies on the rival's best criterion, which must let it draw level.
            return moved + gap / gain if gain > 0 else np.nan
        gap -= gain * weights[criterion]
        moved += float(weights[criterion])
    return np.nan


def _places(scores: Values) -> NDArray[np.int64]:
    """Place (0 is first) of each column within each row of scores; of equal scores, the earlier column first."""
    order = np.argsort(-np.round(scores / _SAME) * _SAME, axis=1, kind="stable")
    places = np.empty_like(order)
    np.put_along_axis(places, order, np.broadcast_to(np.arange(scores.shape[1]), scores.shape).copy(), axis=1)
    return places
