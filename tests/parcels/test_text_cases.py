"""Tables and text as offices hold them: every one of ``tests/cases/files`` gives its right answer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from qy_gis import areas, read_parcels
from qy_gis.errors import QyGisError

FILES = Path(__file__).parents[1] / "cases" / "files"
ANSWERS = {
    name: answer
    for name, answer in json.loads((FILES / "answers.json").read_text(encoding="utf-8")).items()
    if name.startswith(("csv_", "xlsx_", "stdin_", "wkt_", "txt_", "cass_"))
}


@pytest.mark.filterwarnings("ignore::qy_gis.errors.GridWarning")
@pytest.mark.parametrize("name", ANSWERS)
def test_a_case_gives_its_right_answer(name):
    answer = ANSWERS[name]
    path, right = FILES / answer["file"], answer["right"]
    crs = answer["args"][1] if answer["args"] else None
    source = path.read_bytes() if answer["stdin"] else path
    if isinstance(right, str):
        with pytest.raises(QyGisError, match="formulas") as caught:
            read_parcels(source, crs=crs)
        assert "公式" in caught.value.zh
        return
    parcels = read_parcels(source, crs=crs)
    assert sorted(areas(parcels.geometry, parcels.crs)) == pytest.approx(sorted(right["area_m2"]), abs=0.05)
    assert len(parcels) == right["parcels"]
    if "ids" in right:
        assert parcels["parcel_id"].tolist() == right["ids"]
    if "names" in right:
        assert parcels["name"].tolist() == right["names"]
