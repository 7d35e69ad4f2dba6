"""Which encoding a file's texts are in: held against what they say in it, for what files state is often wrong."""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence

from qy_gis.errors import SourceError

#: Tried where nothing is stated, or what is stated does not fit: best first.
_USUAL = ("utf-8", "gb18030", "big5hkscs")

#: Another encoding is believed from this share of common characters on, and this much more than the stated one has.
_BELIEVED, _MARGIN = 0.8, 0.2

#: Fewer characters than this speak against no statement that they agree with.
_FEW = 6

#: Han and full-width forms: no other encoding's text is UTF-8 that holds them, but by the rarest accident.
_EAST_ASIAN = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]")

#: A letter with an accent between plain ones, as in Western names.
_ACCENT = re.compile(r"(?<=[A-Za-z])[\u00c0-\u024f](?![^\x00-\x7f])|(?<![^\x00-\x7f])[\u00c0-\u024f](?=[A-Za-z])")

#: A text shorter than a heading has not been cut; what is left of a character that was cut is under 4 bytes.
_SHORTEST_FIELD, _LONGEST_CHARACTER = 10, 3


def name_codec(name: str, *, title: str) -> str:
    """Return Python's name of an encoding named as in .cpg files: "UTF-8", "65001", "ANSI 936", "GBK".

    Raises
    ------
    SourceError
        There is no such encoding.
    """
    codec = known_codec(name)
    if codec is None:
        raise SourceError(
            f"{title}: the text is said to be in {name.strip()!r}, which is no known encoding; say which with "
            "encoding= (--encoding), for example 'UTF-8' or 'GB18030'",
            zh=f"{title}：所注编码 {name.strip()!r} 不存在；请用 --encoding 注明，例如 UTF-8 或 GB18030",
        )
    return codec


def known_codec(name: str) -> str | None:
    """Return Python's name of an encoding, None if there is none of this name.

    Examples
    --------
    >>> known_codec("ANSI 936"), known_codec("65001"), known_codec("Big5"), known_codec("x")
    ('gb18030', 'utf-8', 'big5hkscs', None)
    """
    plain = name.strip().strip("\ufeff\x00").lower()
    plain = re.sub(r"^(ansi|oem|windows|cp)[ _-]*(?=[0-9])", "cp", plain)
    try:
        codec = codecs.lookup("utf-8" if plain in ("65001", "cp65001") else plain).name
    except (LookupError, ValueError):
        return None
    # GB18030 and Big5-HKSCS hold all of the older ones, by whose names software still calls them.
    same = {"gb2312": "gb18030", "gbk": "gb18030", "big5": "big5hkscs", "cp950": "big5hkscs"}
    return same.get(codec, codec)


def find_encoding(texts: Sequence[bytes], stated: str | None) -> str | None:
    """Return the encoding that texts are in, None if they are in none that is known here.

    Parameters
    ----------
    texts
        As they stand in the file; their ends may be cut through a character.
    stated
        What the file says (Python's name), None if nothing. It holds unless what it makes of the texts is unlikely and
        what another makes of them is likely.

    Examples
    --------
    >>> find_encoding(["清远".encode()], "gb18030"), find_encoding(["清远".encode("gbk")], "iso8859-1")
    ('utf-8', 'gb18030')
    """
    odd = list(dict.fromkeys(text for text in texts if not text.isascii()))
    tried = list(dict.fromkeys([stated, *_USUAL] if stated else _USUAL))
    if not odd:
        return tried[0]
    decoded = {}
    for name in tried:
        try:
            decoded[name] = "\n".join(decode_cut(text, name) for text in odd)
        except (UnicodeError, LookupError):
            continue
    if not decoded:
        return None
    if "utf-8" in decoded and _EAST_ASIAN.search(decoded["utf-8"]):
        return "utf-8"
    first = next(iter(decoded))
    likely = {name: _likelihood(text) for name, text in decoded.items()}
    best = max(likely, key=lambda name: likely[name])
    # Text of one Chinese encoding seldom passes as another; if it does, a few characters are no evidence.
    few = first == stated and first in _USUAL and len(re.findall(r"[^\x00-\x7f]", decoded[first])) < _FEW
    return best if not few and likely[best] >= max(_BELIEVED, likely[first] + _MARGIN) else first


def decode_cut(raw: bytes, encoding: str) -> str:
    """Return text that may be cut: at 10 bytes of a heading, or a field's width, if need be through a character."""
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as error:
        if len(raw) < _SHORTEST_FIELD or error.end != len(raw) or len(raw) - error.start > _LONGEST_CHARACTER:
            raise
        return raw[: error.start].decode(encoding)


def _likelihood(text: str) -> float:
    """Return the share of characters beyond ASCII that are common: Han of the first level, signs, lone accents."""
    odd = sum(not character.isascii() for character in text)
    common = sum(_is_common(character) for character in text if not character.isascii())
    return (common + len(_ACCENT.findall(text))) / max(odd, 1)


def _is_common(character: str) -> bool:
    # The Han of daily use stand first in both sets; GB 2312 has signs and letters in front.
    for encoding, ranges in (("gb2312", ((0xA1, 0xA9), (0xB0, 0xD7))), ("big5", ((0xA1, 0xA1), (0xA4, 0xC6)))):
        try:
            lead = character.encode(encoding)[0]
        except UnicodeEncodeError:
            continue
        if any(low <= lead <= high for low, high in ranges):
            return True
    return False
