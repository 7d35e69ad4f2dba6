"""Files, folders and patterns as typed, to a list of files."""

import shutil
from pathlib import Path

import pytest

from qy_gis.cli.inputs import find_inputs
from qy_gis.cli.many import name_outputs
from qy_gis.parcels.read import READERS

FORMATS = Path(__file__).parent.parent / "examples" / "parcels" / "formats"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("a.txt", "sub/b.TXT", "sub/a.txt", "sub/deep/c.geojson", "notes.docx", ".hidden.txt", "~$c.xlsx"):
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x", encoding="utf-8")
    return tmp_path / "in"


def labels(*named: str, outputs: tuple[str, ...] = ()) -> list[str]:
    return [one.label for one in find_inputs(named, accepted=READERS, outputs=outputs).found]


def test_a_folder_is_its_files_and_those_below_by_name(folder):
    found = find_inputs(["in"], accepted=READERS)
    assert [one.label for one in found.found] == ["in/a.txt", "sub/a.txt", "b.TXT", "c.geojson"]
    assert found.passed_over == [str(Path("in/notes.docx"))]
    assert (found.empty, found.one) == ([], False)


def test_a_pattern_is_expanded_here_as_a_shell_would(folder):
    assert labels("in/*.txt") == ["a.txt"]
    assert labels("in/**/*.txt") == ["in/a.txt", "sub/a.txt"]
    assert labels("in/s*") == ["a.txt", "b.TXT", "c.geojson"]
    assert find_inputs(["in/*.shp"], accepted=READERS).empty == ["in/*.shp"]


def test_a_file_with_brackets_in_its_name_is_no_pattern(folder):
    (folder / "a[1].txt").write_text("x", encoding="utf-8")
    found = find_inputs(["in/a[1].txt"], accepted=READERS)
    assert ([one.label for one in found.found], found.one) == (["a[1].txt"], True)


def test_each_file_is_there_once(folder):
    assert labels("in/a.txt", "in", "in/*.txt", "./in/a.txt") == ["in/a.txt", "sub/a.txt", "b.TXT", "c.geojson"]


def test_sidecars_are_no_files_of_their_own(tmp_path):
    for path in FORMATS.glob("parcel.*"):
        shutil.copy(path, tmp_path / path.name)
    (tmp_path / "parcel.shp.xml").write_text("<x/>", encoding="utf-8")
    (tmp_path / "alone.dbf").write_bytes(b"x")
    found = find_inputs([str(tmp_path)], accepted=READERS)
    endings = [Path(one.source).suffix for one in found.found]
    assert endings.count(".shp") == 1
    assert not {".dbf", ".prj", ".shx", ".cpg", ".mid", ".xml"} & set(endings)
    assert [Path(name).name for name in found.passed_over] == ["alone.dbf"]
    # As a shell expands parcel.*: the parts are named, and still no files of their own.
    named = sorted(str(path) for path in tmp_path.glob("parcel.*"))
    assert len(find_inputs(named, accepted=READERS).found) == len(found.found)


def test_a_geodatabase_is_one_file(tmp_path):
    (tmp_path / "in" / "land.gdb").mkdir(parents=True)
    (tmp_path / "in" / "land.gdb" / "a00000001.gdbtable").write_bytes(b"x")
    assert labels(str(tmp_path / "in")) == ["land.gdb"]
    assert find_inputs([str(tmp_path / "in" / "land.gdb")], accepted=READERS).one


def test_what_the_command_writes_is_not_read_by_the_next_run(folder):
    (folder / "results").mkdir()
    (folder / "results" / "a.json").write_text("{}", encoding="utf-8")
    (folder / "all.gpkg").write_text("x", encoding="utf-8")
    assert "a.json" not in labels("in", outputs=("in/results/", "in/all.gpkg"))
    assert "all.gpkg" not in labels("in", outputs=("in/results/", "in/all.gpkg"))
    assert "a.json" in labels("in")


def test_a_link_to_a_folder_above_ends(folder):
    (folder / "sub" / "up").symlink_to(folder, target_is_directory=True)
    assert len(labels("in")) == 4


def test_text_and_addresses_are_taken_as_they_are(folder):
    text = "POLYGON ((0 0, 1 0, 1 1, 0 0))"
    assert [one.source for one in find_inputs([text], accepted=READERS).found] == [text]
    assert labels("postgresql://me:secret@host/db", "in/a.txt") == ["host/db", "a.txt"]
    assert labels("-") == ["-"]


def test_outputs_have_names_of_their_own(folder):
    found = find_inputs(["in"], accepted=READERS).found
    assert name_outputs(found, ("html", "json")) == {
        "in/a.txt": ["in_a.txt.html", "in_a.txt.json"],
        "sub/a.txt": ["sub_a.txt.html", "sub_a.txt.json"],
        "b.TXT": ["b.html", "b.json"],
        "c.geojson": ["c.html", "c.json"],
    }
