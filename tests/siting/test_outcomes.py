from conftest import MakePlan, square

import qy_gis as qy
from qy_gis.siting.outcomes import judge_faces


def test_each_face_has_the_strictest_outcome_for_each_industry(make_plan: MakePlan):
    only = {"kind": "outside", "severity": "prohibit", "industries": ["ceramics"]}
    plan = make_plan(
        farmland={"shapes": [square(0, 0)], "rules": [{"kind": "outside", "severity": "approve"}]},
        county={"shapes": [square(5000, 0)], "rules": [only]},
    )
    faces = qy.combine(plan)
    seen: list[str] = []
    judged = judge_faces(faces, plan, progress=lambda _, __, what: seen.append(what)).merge(
        faces[["face_id", "farmland", "county"]], on="face_id"
    )
    place = judged["farmland"].where(judged["farmland"] != "", judged["county"])
    found = dict(zip(zip(place, judged["industry"], strict=True), judged["verdict"], strict=True))
    assert found == {
        ("farmland0", ""): "conditional",
        ("farmland0", "tea"): "conditional",
        ("farmland0", "ceramics"): "conditional",
        ("county0", ""): "undetermined",
        ("county0", "tea"): "suitable",
        ("county0", "ceramics"): "prohibited",
        ("", ""): "suitable",
        ("", "tea"): "suitable",
        ("", "ceramics"): "suitable",
    }
    assert seen == ["—", "茶", "陶瓷"]
