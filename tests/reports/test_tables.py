import pytest
from conftest import MakePlan, parcels_of, square

import qy_gis as qy
from qy_gis.measure.units import to_hectares, to_mu
from qy_gis.reports.tables import tabulate_overlaps


def test_rows_of_a_layer_add_up_to_the_parcel_in_each_unit(make_plan: MakePlan):
    plan = make_plan(zones={"shapes": [square(0, 0, 333.3), square(333.3, 0, 333.3), square(0, 333.3, 333.3)]})
    result = qy.check(parcels_of(square(10, 10, 777.7), square(20, 20, 555.5)), plan)
    table = tabulate_overlaps(result)
    whole = result.parcels.set_index("parcel_id")["area_m2"]
    for parcel, rows in table[table["layer"] == "zones"].groupby("parcel_id"):
        assert len(rows) == 4
        assert rows["area_m2"].sum() == pytest.approx(round(whole[parcel], 2), abs=1e-6)
        assert rows["area_ha"].sum() == pytest.approx(round(float(to_hectares(whole[parcel])), 4), abs=1e-6)
        assert rows["area_mu"].sum() == pytest.approx(round(float(to_mu(whole[parcel])), 2), abs=1e-6)
        assert rows["share"].sum() == pytest.approx(1, abs=1e-9)


def test_layers_that_a_parcel_does_not_meet_are_left_out(make_plan: MakePlan):
    plan = make_plan(
        far={"shapes": [square(9000, 0)]}, unseen={"shapes": None}, beside={"shapes": [square(100, 0, 100)]}
    )
    table = tabulate_overlaps(qy.check(parcels_of(square(0, 0, 100)), plan))
    assert set(table["layer"]) == {"city"}
