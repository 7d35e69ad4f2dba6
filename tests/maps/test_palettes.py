"""Colours that readers can tell apart: computed, not believed."""

import itertools

import numpy as np
import pytest

from qy_gis.maps.layers import VERDICT_STYLE
from qy_gis.maps.palettes import accessible_colours, accessible_style, land_use_colours

#: How complete colour blindness changes linear RGB: Machado, Oliveira and Fernandes (2009), severity 1.
BLINDNESS = {
    "none": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
TO_XYZ = [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]


def to_lab(colour: str, blindness: str):
    """CIE L*a*b* (D65) of a colour as a reader sees it."""
    srgb = np.array([int(colour[n : n + 2], 16) for n in (1, 3, 5)]) / 255
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(np.asarray(BLINDNESS[blindness]) @ linear, 0, 1)
    x, y, z = (np.asarray(TO_XYZ) @ seen) / [0.95047, 1.0, 1.08883]
    fx, fy, fz = (v ** (1 / 3) if v > 216 / 24389 else (24389 / 27 * v + 16) / 116 for v in (x, y, z))
    return np.array([116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)])


def least_distance(colours, blindness: str) -> float:
    labs = [to_lab(colour, blindness) for colour in colours]
    return min(float(np.linalg.norm(a - b)) for a, b in itertools.combinations(labs, 2))


def test_the_distance_is_that_of_the_books():
    assert to_lab("#ffffff", "none") == pytest.approx([100, 0, 0], abs=0.02)
    assert np.linalg.norm(to_lab("#000000", "none") - to_lab("#ffffff", "none")) == pytest.approx(100, abs=0.02)
    assert to_lab("#ff0000", "none") == pytest.approx([53.24, 80.09, 67.20], abs=0.05)


@pytest.mark.parametrize("blindness", list(BLINDNESS))
def test_the_accessible_palette_stays_apart(blindness: str):
    assert least_distance(accessible_colours(), blindness) >= 14


@pytest.mark.parametrize("blindness", list(BLINDNESS))
def test_verdicts_stay_apart(blindness: str):
    assert least_distance([style["fill"] for style in VERDICT_STYLE.values()], blindness) >= 14


def test_the_norm_does_not_which_is_why_there_is_another():
    norm = land_use_colours()
    assert least_distance([norm["林地"], norm["工业用地"]], "deuteranopia") < 5


def test_more_classes_than_colours_differ_by_hatch():
    styles = [tuple(accessible_style(number).values()) for number in range(40)]
    assert len(set(styles)) == 40
