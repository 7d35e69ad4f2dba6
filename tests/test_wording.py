"""Every refusal is said in Chinese and in English: the code itself is read, so that none is forgotten."""

import ast
import inspect
from pathlib import Path

import pytest

from qy_gis import errors

PACKAGE = Path(errors.__file__).parent

KINDS = {
    name
    for name, kind in vars(errors).items()
    if inspect.isclass(kind) and issubclass(kind, errors.QyGisError | errors.GridWarning)
}


def said_once(source: str) -> list[str]:
    """Return where an error or warning of ours is made without its Chinese, and what it is."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or (name := ast.unparse(node.func).split(".")[-1]) not in KINDS:
            continue
        # A plan's faults are a list, and each of them has both languages.
        alone = (
            any(isinstance(part, ast.JoinedStr | ast.Constant) for part in _listed(node))
            if name == "PlanError"
            else not any(given.arg == "zh" for given in node.keywords)
        )
        if alone:
            found.append(f"line {node.lineno}: {name}")
    return found


def _listed(call: ast.Call) -> list[ast.expr]:
    listed = call.args[0] if call.args else ast.List([])
    return [listed.elt] if isinstance(listed, ast.ListComp) else getattr(listed, "elts", [])


def test_what_is_said_once_is_found():
    source = """
raise SourceError("no")
raise errors.CRSError("no", zh="不")
raise PlanError([f"{a}: no"])
raise PlanError([f"no {a}" for a in wrong])
raise PlanError([Fault("no", "不")])
raise PlanError(faults)
raise ValueError("no")
raise
"""
    assert said_once(source) == ["line 2: SourceError", "line 4: PlanError", "line 5: PlanError"]


def find_files() -> list[str]:
    return sorted(file.relative_to(PACKAGE).as_posix() for file in PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("file", find_files())
def test_every_refusal_has_both_languages(file: str):
    assert said_once((PACKAGE / file).read_text(encoding="utf-8")) == []
