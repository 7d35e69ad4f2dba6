"""TOML files that people write: read, held against a model, and every fault told in Chinese and in English.

A model's own validator raises an `ArgumentError` with both its messages, which is told as it is; what the model asks of
single values is told in the words below.
"""

from __future__ import annotations

import re
import tomllib
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from qy_gis.errors import Fault, QyGisError

ModelT = TypeVar("ModelT", bound=BaseModel)

_TABLE = Fault("accepted: a table of keys", "应为由键组成的表")
_LIST = Fault("accepted: a list in brackets [ ]", "应为方括号 [ ] 内的列表")
_DATE = Fault("accepted: a date without quotes, such as 2025-01-31", "应为不加引号的日期，如 2025-01-31")

#: What is accepted where a value is of another kind, by the name the models' library has for the fault.
_ACCEPTED = {
    "missing": Fault("is missing; add it", "缺此项，请补上"),
    "string_type": Fault("accepted: a text in quotes", "应为引号内的文字"),
    "string_too_short": Fault("accepted: a text that is not empty", "文字不得为空"),
    "bool_type": Fault("accepted: true or false", "应为 true 或 false"),
    "int_type": Fault("accepted: a whole number", "应为整数"),
    "float_type": Fault("accepted: a number without quotes", "应为不加引号的数字"),
    "finite_number": Fault("accepted: a finite number", "应为有限的数"),
    "literal_error": Fault("accepted: {expected}", "应为 {expected}"),
    "union_tag_invalid": Fault("{discriminator} accepted: {expected_tags}", "{discriminator} 应为 {expected_tags}"),
    "union_tag_not_found": Fault("{discriminator} is missing; add it", "缺 {discriminator}，请补上"),
    "greater_than": Fault("accepted: over {gt:g}", "应大于 {gt:g}"),
    "greater_than_equal": Fault("accepted: {ge:g} or more", "应不小于 {ge:g}"),
    "less_than": Fault("accepted: less than {lt:g}", "应小于 {lt:g}"),
    "less_than_equal": Fault("accepted: {le:g} or less", "应不大于 {le:g}"),
    "too_short": Fault("accepted: entries, at least {min_length}", "应不少于 {min_length} 项"),
    "too_long": Fault("accepted: entries, at most {max_length}", "应不多于 {max_length} 项"),
    "model_type": _TABLE,
    "dict_type": _TABLE,
    "list_type": _LIST,
    "tuple_type": _LIST,
    "date_type": _DATE,
    "date_from_datetime_inexact": _DATE,
}

#: What a text has to look like, by the pattern of the model.
_PATTERNS = {
    "^[a-z][a-z0-9_]*$": Fault(
        "accepted: small letters, digits and _, a letter first", "应以小写字母开头，只含小写字母、数字与下划线"
    ),
    "^#[0-9a-fA-F]{6}$": Fault("accepted: a colour such as '#1a9850'", "应为颜色，如 '#1a9850'"),
}

#: Faults that say by themselves what was found: the value under the key would tell nothing more.
_WITHOUT_VALUE = {"missing", "extra_forbidden", "value_error", "union_tag_not_found"}


def load_toml(file: Path, faults: list[Fault]) -> dict[str, Any] | None:
    """Return the table of a TOML file, or None with a fault added that names the file and the line."""
    try:
        content = file.read_bytes()
    except OSError:
        faults.append(
            Fault(
                f"{file.name}: cannot be read; is there such a file, and may it be opened?",
                f"{file.name}：读不出；请确认文件存在且有权打开",
            )
        )
        return None

    try:
        # Windows Notepad writes a byte order mark.
        return tomllib.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        faults.append(
            Fault(
                f"{file.name}: not a TOML file in UTF-8: line {line} has other bytes; save it in UTF-8",
                f"{file.name}：不是 UTF-8 编码的 TOML：第 {line} 行有其他编码的字节；请另存为 UTF-8",
            )
        )
    except (ValueError, RecursionError) as error:
        faults.append(_describe_syntax(file.name, content.decode("utf-8-sig"), str(error)))
    return None


def _describe_syntax(name: str, text: str, said: str) -> Fault:
    """Return the fault of a text that is no TOML: its line, from the place that the reader says, and what to do."""
    place = re.search(r"at line (\d+)", said)
    lines = text.splitlines() or [""]
    number = int(place[1]) if place else len(lines)
    found = lines[min(number, len(lines)) - 1].strip()
    return Fault(
        f"{name}: not a TOML file in UTF-8: line {number}: found {found!r:.80}; write key = value, texts in quotes, "
        "each key once, and close every bracket and quote",
        f"{name}：不是 UTF-8 编码的 TOML：第 {number} 行读到 {found!r:.80}；应写成 键 = 值，文字加引号，"
        "同一键只写一次，括号与引号须成对",
    )


def parse_table(model: type[ModelT], table: dict[str, Any], where: str, faults: list[Fault]) -> ModelT | None:
    """Return a table as a record of a model, or None with every fault of it added.

    Parameters
    ----------
    model
        What the table has to be.
    table
        What a file says.
    where
        The file's name, and the key in it if the table is not the whole file.
    faults
        Is added to.
    """
    try:
        return model.model_validate(table)
    except ValidationError as error:
        faults += [_describe_value(model, where, fault) for fault in error.errors()]
        return None


def _describe_value(model: type[BaseModel], where: str, fault: ErrorDetails) -> Fault:
    # Entries of a list are counted from 1.
    key = ".".join(f"#{part + 1}" if isinstance(part, int) else part for part in fault["loc"])
    known, about = fault["type"], fault.get("ctx", {})
    if known == "extra_forbidden":
        keys = _keys_beside(model, fault["loc"])
        accepted = ", ".join(keys)
        alike = get_close_matches(str(fault["loc"][-1]), keys, n=1)
        meant, meant_zh = (f"did you mean {alike[0]!r}? ", f"是否指 {alike[0]!r}？") if alike else ("", "")
        said = Fault(f"not a key here; {meant}accepted: {accepted}", f"此处无此键；{meant_zh}可用的键：{accepted}")
    elif known == "string_pattern_mismatch":
        said = _PATTERNS[about["pattern"]]
    elif isinstance(raised := about.get("error"), QyGisError):
        said = Fault(raised.en, raised.zh)
    else:
        words = _ACCEPTED.get(known, Fault("is not accepted here", "此处不接受该值"))
        said = Fault(words.en.format(**about), words.zh.format(**about).replace(" or ", ", "))

    found = "" if known in _WITHOUT_VALUE else f"{fault['input']!r:.80}"
    places = [part for part in (where, key) if part]
    return Fault(
        ": ".join([*places, f"found {found}; {said.en}" if found else said.en]),
        "：".join([*places, f"读到 {found}，{said.zh}" if found else said.zh]),
    )


def _keys_beside(model: type[BaseModel], place: tuple[int | str, ...]) -> list[str]:
    """Return the keys that a file may have where it has the one at ``place``."""
    models = [model]
    for part in place[:-1]:
        inner = [field.annotation for one in models for name, field in _fields(one) if name == part]
        # A part that is no key is the number of an entry, or the name of one of several alternatives.
        named = [one for one in models if any(part in get_args(field.annotation) for _, field in _fields(one))]
        models = [one for annotation in inner for one in _models_in(annotation)] or named or models
    return [name for one in models for name, _ in _fields(one)]


def _fields(model: type[BaseModel]) -> list[tuple[str, Any]]:
    return [(field.alias or name, field) for name, field in model.model_fields.items() if not field.exclude]


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in _models_in(part)]
