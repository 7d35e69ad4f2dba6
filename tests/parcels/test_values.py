"""Numbers and degrees as people write them."""

from __future__ import annotations

import pytest

from qy_gis.parcels.values import is_number, to_number

#: 113 degrees, 3 minutes, 36 seconds.
ANGLE = 113.06


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("2622000", 2622000),
        ("-1.5", -1.5),
        ("+12.", 12),
        ("2,622,000.125", 2622000.125),
        ("38,403,200", 38403200),
        ("2 622 000.125", 2622000.125),
        ("２６２２０００．１２５", 2622000.125),
        ("2，622，000.125", 2622000.125),
        ("2622000.125m", 2622000.125),
        ("2622000.125 米", 2622000.125),
        ("X=2622000.125", 2622000.125),
        ("3.8403200125E+07", 38403200.125),
    ],
)
def test_metres(text, number):
    assert to_number(text) == pytest.approx(number, abs=1e-9)


@pytest.mark.parametrize(
    "text",
    [
        *("113°03′36″", "113°03′36.0″E", "E113°3′36″", "东经113°03′36″", "113-03-36", "113 03 36", "113:03:36"),
        *("113度3分36秒", "113°3'36\"", "113°3’36”", "113°3'36''", "113°3′36′′", "113º3′36″", "113° 03′ 36″"),
        *("113°03.6′", "113.06°", "113.06E", "113d3m36s", "１１３°０３′３６″"),
    ],
)
def test_degrees(text):
    assert to_number(text) == pytest.approx(ANGLE, abs=1e-12)
    assert is_number(text)


def test_the_other_hemispheres():
    assert to_number("23°30′S") == to_number("南纬23°30′") == -23.5


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "nan",
            "inf",
            "1e6",
            "3.84E+07",
            "1_000",
            "0x10",
            "12,34",
            "2,62",
            "1,2,3",
            "J1",
            "--1",
            "1.2.3",
            "2622000,125",
        ),
        *("113°61′", "113°03′60″", "113-60-00", "113.5°30′", "113°3.5′30″", "°", "113 3", "9" * 100 + "°"),
    ],
)
def test_what_is_no_coordinate(text):
    assert to_number(text) is None
