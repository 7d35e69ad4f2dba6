"""Worlds of squares for siting: a park of 4 x 4 km, and what stands against parts of it."""

from __future__ import annotations

from typing import Any

import pytest
from conftest import MakePlan, square

import qy_gis as qy

OUTSIDE: list[dict[str, Any]] = [{"kind": "outside", "severity": "prohibit"}]
INSIDE: list[dict[str, Any]] = [{"kind": "inside", "severity": "approve"}]


@pytest.fixture
def world(make_plan: MakePlan) -> qy.Plan:
    """A park of 16 km2, to be kept to; farmland of 1 km2 and red line of 1 km2 in it, 0.5 km2 of them in common."""
    return make_plan(
        park={"shapes": [square(0, 0, 4000)], "rules": INSIDE},
        farmland={"shapes": [square(0, 0)], "rules": OUTSIDE},
        redline={"shapes": [square(500, 0)], "rules": OUTSIDE},
    )
