"""The examples run as a reader would run them."""

import re
from pathlib import Path

import jupytext
import pytest
from nbclient import NotebookClient

EXAMPLES = Path(__file__).parent.parent / "examples"


@pytest.fixture(scope="module")
def notebook(tmp_path_factory):
    book = jupytext.read(EXAMPLES / "quickstart.py")
    folder = tmp_path_factory.mktemp("notebook")
    NotebookClient(book, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(folder)}}).execute()
    return book


def shown(book, containing: str) -> str:
    """All that the code cell with this text shows, as one text."""
    cell = next(cell for cell in book.cells if cell.cell_type == "code" and containing in cell.source)
    texts = []
    for output in cell.outputs:
        texts += [output.get("text", ""), *output.get("data", {}).values()]
    return "\n".join(texts)


def test_the_plan_and_the_result_show_themselves_offline(notebook):
    plan = shown(notebook, "plan = qy.read_plan()")
    assert "<iframe" in plan
    assert "一核" in plan
    judged = shown(notebook, "judged = qy.check")
    assert "<iframe" in judged
    assert "永久基本农田" in judged
    for page in (plan, judged):
        # Links that a reader may click are no requests; what a page loads by itself is.
        assert not re.search(r"""(src=|(<|&lt;)link[^>]*href=)("|'|&quot;|&#x27;|&#39;)https?:""", page)


def test_the_office_turns_unknown_into_an_answer(notebook):
    assert "待核实 undetermined: 1" in shown(notebook, "result = qy.check")
    assert "禁止 prohibited: 1" in shown(notebook, "judged = qy.check")


def test_shares_add_up_and_files_are_written(notebook):
    assert float(shown(notebook, 'by_layer["share"].sum()').replace("np.float64(", "").strip(")\n ")) == pytest.approx(
        1
    )
    assert "['farmland.gpkg', 'farmland.html', 'farmland.json']" in shown(notebook, "page = qy.draw(judged)")


@pytest.fixture(scope="module")
def siting(tmp_path_factory):
    book = jupytext.read(EXAMPLES / "siting.py")
    folder = tmp_path_factory.mktemp("siting")
    NotebookClient(book, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(folder)}}).execute()
    return book


def test_the_bundled_plan_leaves_no_land_for_sure_and_the_office_does(siting):
    assert shown(siting, "len(qy.eligible_area(bundled").strip() == "0"
    assert "suitable" in shown(siting, 'land.groupby("verdict")')


def test_sites_pass_the_check_and_are_ranked(siting):
    assert shown(siting, "set(qy.check(sites").strip() == "{'pass'}"
    assert "p_first" in shown(siting, '"p_first", "p_top3", "shift"')
    assert (
        sum("image/png" in output.get("data", {}) for cell in siting.cells for output in cell.get("outputs", [])) == 4
    )
