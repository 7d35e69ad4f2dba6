"""Fonts for paper: one that has Chinese is looked for, and every character is checked before anything is drawn.

A missing character would be printed as an empty box, and nobody would notice before the plan is on the wall.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING

from qy_gis.errors import MapError

if TYPE_CHECKING:
    from matplotlib.font_manager import FontProperties

#: Families that have Chinese, in the order in which they are preferred. None of them is shipped.
FAMILIES = (
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "PingFang SC",
    "Hiragino Sans GB",
    "Microsoft YaHei",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
)

_INSTALL = "sudo apt-get install fonts-noto-cjk"


@lru_cache(maxsize=2)
def find_font(*, bold: bool = False) -> FontProperties:
    """Return the first font of `FAMILIES` that is installed.

    Raises
    ------
    MapError
        None is; the message says how to get one.
    """
    from matplotlib import font_manager

    installed = {font.name for font in font_manager.fontManager.ttflist}
    family = next((name for name in FAMILIES if name in installed), None)
    if family is None:
        accepted = ", ".join(FAMILIES)
        raise MapError(
            f"no font with Chinese is installed; accepted: {accepted}; on Debian or Ubuntu: {_INSTALL}",
            zh=f"没有安装中文字体；可用的字体：{accepted}；在 Debian 或 Ubuntu 上：{_INSTALL}",
        )
    return font_manager.FontProperties(family=family, weight="bold" if bold else "normal")


def check_glyphs(texts: Iterable[str]) -> None:
    """Check that the font has every character of the texts.

    Raises
    ------
    MapError
        It lacks some; all of them are named.
    """
    known = _characters()
    missing = sorted({letter for text in texts for letter in text if not letter.isspace() and ord(letter) not in known})
    if missing:
        named = ", ".join(f"{letter} (U+{ord(letter):04X})" for letter in missing)
        font, install = find_font().get_name(), f"{_INSTALL} fonts-noto-cjk-extra"
        raise MapError(
            f"the font {font} has no {named}; install one that has them, on Debian or Ubuntu: {install}",
            zh=f"字体 {font} 缺少 {named}；请安装含有这些字的字体，在 Debian 或 Ubuntu 上：{install}",
        )


@lru_cache(maxsize=1)
def _characters() -> frozenset[int]:
    from matplotlib import font_manager

    path = font_manager.findfont(find_font(), fallback_to_default=False)
    return frozenset(font_manager.get_font(path).get_charmap())
