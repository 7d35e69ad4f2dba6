import pandas as pd
import pytest
from conftest import altered

import qy_gis as qy
from qy_gis.maps import listing


def test_the_worst_comes_first_with_its_row_on_the_map(result: qy.CheckResult):
    listed = listing.list_parcels(result)
    assert [(parcel["id"], parcel["verdict"], parcel["row"]) for parcel in listed["parcels"]] == [
        ("P1", "prohibited", 0),
        ("P2", "undetermined", 1),
    ]
    assert listed["counts"] == [{"verdict": "prohibited", "parcels": 1}, {"verdict": "undetermined", "parcels": 1}]
    assert (listed["industry"], listed["unlisted"]) == (None, 0)


def test_order_is_by_verdict_not_by_row(result: qy.CheckResult):
    turned = altered(result, parcels=result.parcels[::-1], verdicts=result.verdicts[::-1])
    assert [(parcel["id"], parcel["row"]) for parcel in listing.list_parcels(turned)["parcels"]] == [
        ("P1", 1),
        ("P2", 0),
    ]


def test_findings_stand_by_outcome_with_their_document(result: qy.CheckResult):
    first, second = listing.list_parcels(result)["parcels"]
    assert {outcome: len(found) for outcome, found in first["findings"].items()} == {"fail": 1, "unknown": 1, "pass": 1}
    assert {outcome: len(found) for outcome, found in second["findings"].items()} == {"pass": 2, "unknown": 1}
    (failed,) = first["findings"]["fail"]
    assert failed["document"] == "测试文件 · 第一条"
    assert failed["reason"]["zh"] == result.findings.iloc[0]["reason"]
    assert (failed["reviewed"], failed["settle"]) == (False, None)
    assert first["findings"]["unknown"][0]["settle"] == {"zh": "取得官方界线", "en": "get the official boundary"}


def test_areas_are_those_of_the_table_in_three_units(result: qy.CheckResult):
    row = result.parcels.iloc[0]
    expected = f"{row['area_m2']:,.2f} m² · {row['area_ha']:,.4f} 公顷 · {row['area_mu']:,.2f} 亩"
    assert listing.list_parcels(result)["parcels"][0]["area"]["zh"] == expected


def test_what_is_left_out_is_counted(monkeypatch: pytest.MonkeyPatch, result: qy.CheckResult):
    monkeypatch.setattr(listing, "MOST_LISTED", 1)
    listed = listing.list_parcels(result)
    assert ([parcel["id"] for parcel in listed["parcels"]], listed["unlisted"]) == (["P1"], 1)


def test_repairs_are_listed(result: qy.CheckResult):
    repairs = pd.DataFrame(
        [["P1", "a.txt", 3, "ring closed", "", "J1"]],
        columns=["parcel_id", "file", "line", "what", "before", "after"],
    )
    repaired = altered(result, repairs=repairs)
    assert listing.list_parcels(repaired)["repairs"] == ["P1 ring closed: — → J1"]
