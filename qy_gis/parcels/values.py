"""What a coordinate is in a table: a number as people and programs write it, or degrees, minutes and seconds."""

from __future__ import annotations

import re
import unicodedata

#: No coordinate takes more characters to write.
_LONGEST = 60

#: Marks that stand for degrees, minutes and seconds; NFKC would make a letter or a blank of the first two.
_MARKS = str.maketrans(
    {"º": "°", "˚": "°", "度": "°"} | dict.fromkeys("’‘´`′＇分", "'") | dict.fromkeys("”“″＂秒", '"')
)

_PLAIN = re.compile(r"[-+]?[0-9]+(\.[0-9]*)?")
_THOUSANDS = re.compile(r"[-+]?[0-9]{1,3}([, ][0-9]{3})+(\.[0-9]*)?")
_SCIENTIFIC = re.compile(r"[-+]?[0-9]\.([0-9]{1,17})e\+?([0-9]{1,2})", re.IGNORECASE)

#: What may stand before and after a number: the name of the axis, the unit.
_AXIS = re.compile(r"[xyne]\s*[=:]\s*", re.IGNORECASE)
_UNIT = re.compile(r"\s*(米|m)", re.IGNORECASE)

_HEMISPHERE = r"(?P<{}>[NSEW]|东经|北纬|西经|南纬)?"
_PART = r"([0-9]{1,2}(?:\.[0-9]*)?)"
_DEGREES = re.compile(
    _HEMISPHERE.format("before")
    + rf"\s*([0-9]{{1,3}}(?:\.[0-9]*)?)\s*[°d]\s*(?:{_PART}\s*(?:['m]\s*(?:{_PART}\s*(?:\"|''|s)?)?)?)?\s*"
    + _HEMISPHERE.format("after"),
    re.IGNORECASE,
)
_BARE_DEGREES = re.compile(
    _HEMISPHERE.format("before")
    + r"\s*([0-9]{1,3})([-: ])([0-9]{1,2})\3([0-9]{1,2}(?:\.[0-9]*)?)\"?\s*"
    + _HEMISPHERE.format("after"),
    re.IGNORECASE,
)

#: Degrees in decimals with the name of their hemisphere: ``113.05E``.
_NAMED_DEGREES = re.compile(
    _HEMISPHERE.format("before") + r"\s*([0-9]{1,3}\.[0-9]+)\s*" + _HEMISPHERE.format("after"), re.IGNORECASE
)


def to_number(text: str) -> float | None:
    """Return the number of metres or of degrees that a text is, None if it is none.

    Read are plain numbers, full-width ones, thousands separators (comma or blank), a unit behind, scientific notation
    that keeps every millimetre, and degrees with minutes and seconds in all usual spellings.

    Examples
    --------
    >>> to_number("2,622,000.125"), to_number("２６２２０００米"), to_number("3.84E+07")
    (2622000.125, 2622000.0, None)
    >>> to_number("113°03′36″E"), to_number("113-03-36"), to_number("113度3分36秒"), to_number("113°61′")
    (113.06, 113.06, 113.06, None)
    """
    if _PLAIN.fullmatch(text):
        return float(text)
    if len(text) > _LONGEST:
        return None
    plain = unicodedata.normalize("NFKC", text.translate(_MARKS)).strip()
    if found := _AXIS.match(plain):
        plain = plain[found.end() :]
    plain = re.sub(_UNIT.pattern + "$", "", plain, flags=re.IGNORECASE)
    if _PLAIN.fullmatch(plain):
        return float(plain)
    if _THOUSANDS.fullmatch(plain):
        return float(re.sub("[, ]", "", plain))
    if found := _SCIENTIFIC.fullmatch(plain):
        # 3.84E+07 has lost its metres; 3.8403200000E+07 has not.
        return float(plain) if len(found[1]) >= int(found[2]) + 2 else None
    return _read_degrees(plain)


def is_number(text: str) -> bool:
    """Return whether a text is a coordinate, as `to_number` has it."""
    return to_number(text) is not None


def _read_degrees(text: str) -> float | None:
    if found := _DEGREES.fullmatch(text):
        degrees, minutes, seconds = found[2], found[3], found[4]
    elif found := _BARE_DEGREES.fullmatch(text):
        degrees, minutes, seconds = found[2], found[4], found[5]
    elif (found := _NAMED_DEGREES.fullmatch(text)) and (found["before"] or found["after"]):
        degrees, minutes, seconds = found[2], None, None
    else:
        return None
    # A part with decimals is the last one.
    if any("." in part.rstrip(".") and after for part, after in ((degrees, minutes), (minutes or "", seconds))):
        return None
    small = [float(part or 0) for part in (minutes, seconds)]
    if max(small) >= 60:
        return None
    value = float(degrees) + small[0] / 60 + small[1] / 3600
    side = (found["before"] or found["after"] or "").upper()
    return -value if side in ("S", "W", "南纬", "西经") else value
