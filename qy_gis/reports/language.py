"""One language at a time: what is printed, picked from texts that are in Chinese and English."""

from __future__ import annotations

import re
from typing import Literal

from qy_gis.plan.model import Rule, Text

Lang = Literal["zh", "en"]

#: Between the Chinese and the English half of a text.
_BETWEEN = " / "

#: How many places a repair was made in; the count stands behind the English half and is of both.
_PLACES = re.compile(r" \((\d+) 处 / places\)")

_CHINESE = re.compile(r"[\u3400-\u9fff]")


def pick(lang: Lang, zh: str, en: str) -> str:
    """Return the one of two texts that is in the language."""
    return zh if lang == "zh" else en


def pick_text(lang: Lang, text: Text) -> str:
    """Return a text of the plan in the language."""
    return pick(lang, text.zh, text.en)


def rule_name(rule: Rule, lang: Lang) -> str:
    """Return what a rule is called: its title, or else what its document says."""
    title = getattr(rule, "title", None)
    return pick_text(lang, title or rule.reason)


def one_language(text: str, lang: Lang) -> str:
    """Return the half of a text "中文 / English" that is in the language; a text without halves as it is.

    Parameters
    ----------
    text
        A repair, or what would settle an unknown outcome. Either half may hold " / " too.
    lang
        Language to keep.

    Examples
    --------
    >>> text = "X、Y 颠倒 / X and Y swapped (4 处 / places)"
    >>> one_language(text, "zh"), one_language(text, "en")
    ('X、Y 颠倒（4 处）', 'X and Y swapped (4 places)')
    """
    counted = _PLACES.search(text)
    if counted:
        places = pick(lang, f"（{counted[1]} 处）", f" ({counted[1]} places)")
        return one_language(_PLACES.sub("", text), lang) + places
    pieces = text.split(_BETWEEN)
    halves = [
        (_BETWEEN.join(pieces[:cut]), _BETWEEN.join(pieces[cut:]))
        for cut in range(1, len(pieces))
        if _CHINESE.search(_BETWEEN.join(pieces[:cut]))
    ]
    if not halves:
        return text
    # The English half may quote a name in Chinese: if each does, the cut is in the middle.
    clean = [half for half in halves if not _CHINESE.search(half[1])]
    return pick(lang, *(clean[0] if clean else halves[(len(halves) - 1) // 2]))
