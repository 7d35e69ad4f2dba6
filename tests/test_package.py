"""The package as a stranger gets it: built, installed into an empty environment elsewhere, and started."""

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import qy_gis as qy

ROOT = Path(__file__).parent.parent


def run(*command: str | Path, folder: Path) -> subprocess.CompletedProcess[str]:
    # An editable install or a path of this test run must not lend the new environment anything.
    clean = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    return subprocess.run(command, cwd=folder, env=clean, capture_output=True, text=True, encoding="utf-8")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    built = run(sys.executable, "-m", "build", "--wheel", "--outdir", out, ROOT, folder=out)
    assert built.returncode == 0, built.stdout + built.stderr
    return next(out.glob("*.whl"))


def lower_bounds() -> str:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return "\n".join(dependency.replace(">=", "==") for dependency in project["dependencies"])


@pytest.mark.parametrize("versions", ["newest", "oldest"])
def test_the_wheel_checks_a_parcel_in_an_empty_environment(wheel: Path, tmp_path: Path, versions: str):
    python = tmp_path / "env" / "bin" / "python"
    assert run(sys.executable, "-m", "venv", tmp_path / "env", folder=tmp_path).returncode == 0
    constraints = tmp_path / "constraints.txt"
    constraints.write_text(lower_bounds() if versions == "oldest" else "", encoding="utf-8")
    installed = run(python, "-m", "pip", "install", "--quiet", "-c", constraints, wheel, folder=tmp_path)
    assert installed.returncode == 0, installed.stderr

    parcel = {"type": "Polygon", "coordinates": [[[113.06, 23.6], [113.063, 23.6], [113.063, 23.602], [113.06, 23.6]]]}
    feature = {"type": "Feature", "properties": {"parcel_id": "A"}, "geometry": parcel}
    (tmp_path / "a.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), "utf-8")
    shown = run(python.with_name("qy-gis"), "check", "a.geojson", "--json", "-o", "a.html", folder=tmp_path)
    assert shown.returncode == 1, shown.stderr
    result = json.loads(shown.stdout)
    here = qy.check(qy.read_parcels(tmp_path / "a.geojson"))
    assert [row["verdict"] for row in result["verdicts"]] == here.verdicts["verdict"].tolist()
    assert result["parcels"][0]["area_m2"] == pytest.approx(here.parcels["area_m2"].item(), rel=1e-9)
    assert (tmp_path / "a.html").stat().st_size > 100_000
    drawn = run(python.with_name("qy-gis"), "map", "overview", folder=tmp_path)
    assert drawn.returncode == 0, drawn.stderr
    assert (tmp_path / "maps" / "html" / "overview.html").exists()


def test_every_public_name_is_there_and_documented():
    for name in qy.__all__:
        assert getattr(qy, name).__doc__, name
    assert set(qy.__all__) <= set(dir(qy))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = qy.nothing


def test_the_command_line_starts_without_anything_heavy():
    code = (
        "import sys; import qy_gis.cli; print(sorted({'geopandas', 'pandas', 'shapely', 'folium'} & set(sys.modules)))"
    )
    assert run(sys.executable, "-c", code, folder=ROOT).stdout.strip() == "[]"


CHECK_AND_LIST_MODULES = """
import sys
from qy_gis.cli import main
try:
    main(["check", sys.argv[1], "--json"])
except SystemExit:
    print(*sorted(sys.modules), file=sys.stderr)
"""


def test_a_check_of_one_parcel_loads_nothing_that_takes_longer_than_it():
    sample = ROOT / "examples" / "parcels" / "suitable.geojson"
    for _ in range(2):  # the first builds the index, which may take more
        shown = run(sys.executable, "-c", CHECK_AND_LIST_MODULES, sample, folder=ROOT)
    assert json.loads(shown.stdout)["verdicts"]
    heavy = {"numba", "folium", "rich", "openpyxl", "matplotlib", "sqlalchemy", "requests", "pyarrow.parquet"}
    assert not heavy & set(shown.stderr.split())


def test_a_command_does_not_look_for_rubbish_before_it_ends():
    # What is registered first is called last.
    code = (
        "import atexit, gc; atexit.register(lambda: print(gc.get_freeze_count() > 0)); "
        "from qy_gis.cli import main; main(['index'])"
    )
    assert run(sys.executable, "-c", code, folder=ROOT).stdout.split()[-1] == "True"


def test_all_public_names_load_no_package_that_few_need():
    code = "import qy_gis as qy; [getattr(qy, name) for name in qy.__all__]; import sys; print(*sys.modules)"
    loaded = set(run(sys.executable, "-c", code, folder=ROOT).stdout.split())
    assert "geopandas" in loaded
    heavy = {"numba", "rich", "matplotlib", "sqlalchemy", "rasterio", "dask", "distributed", "pyarrow.parquet", "pypdf"}
    assert not heavy & loaded


def test_the_repository_has_one_version():
    assert tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"] == qy.__version__
