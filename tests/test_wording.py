"""Every refusal is said in Chinese and in English: the code itself is read, so that none is forgotten."""

import ast
import inspect
from pathlib import Path

import pytest

from qy_gis import errors

PACKAGE = Path(errors.__file__).parent

#: Files and folders of the package of which every refusal has both languages.
ROOMS = (
    "caching.py",
    "cli/common.py",
    "cli/converting.py",
    "cli/drawing.py",
    "cli/siting.py",
    "compiling.py",
    "maps",
    "measure",
    "overlay",
    "parcels/boundary_dialects.py",
    "parcels/datums.py",
    "parcels/places.py",
    "parcels/postgis.py",
    "plan/model.py",
    "reports",
    "siting",
    "toml_files.py",
    "verdict/batch.py",
    "verdict/cluster.py",
    "verdict/gather.py",
    "verdict/parts.py",
)

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


@pytest.mark.parametrize("room", ROOMS)
def test_every_refusal_has_both_languages(room: str):
    place = PACKAGE / room
    files = [place] if place.is_file() else sorted(place.rglob("*.py"))
    assert files
    assert {file.name: once for file in files if (once := said_once(file.read_text(encoding="utf-8")))} == {}
