"""Zones cut into cells: pieces end where they should, and cells under a roof are full. Plain and compiled alike."""

import numpy as np
import pytest
import shapely

from qy_gis.compiling import compiled
from qy_gis.measure.outlines import take_outlines
from qy_gis.overlay import cutting
from qy_gis.overlay.grid import sign_edges


@pytest.fixture(params=["plain", "compiled"])
def code(request):
    return cutting if request.param == "plain" else compiled(cutting)


def pieces_of(code, *edge, sign=1.0, size=10.0):
    ends = [np.array([float(value)]) for value in edge]
    room = code.count_pieces(*ends, 0.0, 0.0, size)
    out = [np.empty(room) for _ in range(5)] + [np.empty(room, dtype=np.int64) for _ in range(3)]
    n = code.cut_edges(*ends, np.array([sign]), np.array([7]), 0.0, 0.0, size, *out)
    return [tuple(float(out[i][k]) for i in range(5)) + tuple(int(out[i][k]) for i in (6, 7)) for k in range(n)]


@pytest.mark.parametrize(
    ("edge", "sign", "pieces"),
    [
        ((1, 2, 4, 5), 1.0, [(1, 2, 4, 5, 1, 0, 0)]),  # inside one cell
        ((5, 5, 25, 5), -1.0, [(5, 5, 10, 5, -1, 0, 0), (10, 5, 20, 5, -1, 1, 0), (20, 5, 25, 5, -1, 2, 0)]),
        ((2, 5, 8, 25), 1.0, [(2, 5, 3.5, 10, 1, 0, 0), (3.5, 10, 6.5, 20, 1, 0, 1), (6.5, 20, 8, 25, 1, 0, 2)]),
        ((2, 15, 8, 5), 1.0, [(2, 15, 5, 10, 1, 0, 1), (5, 10, 8, 5, 1, 0, 0)]),  # falling
        ((3, 5, 3, 15), 0.0, [(3, 5, 3, 10, 0, 0, 0), (3, 10, 3, 15, 0, 0, 1)]),  # upright: boundary, no region
        ((10, 5, 10, 8), 0.0, [(10, 5, 10, 8, 0, 1, 0)]),  # on a line between columns: the eastern cell's
        ((2, 10, 8, 10), 1.0, [(2, 10, 8, 10, 1, 0, 1)]),  # on a line between rows: the upper cell's
    ],
)
def test_edges_are_cut_at_the_lines_between_cells(code, edge, sign, pieces):
    assert pieces_of(code, *edge, sign=sign) == pieces


def test_an_edge_through_the_corner_of_four_cells_loses_nothing(code):
    found = pieces_of(code, 5, 15, 15, 5)
    assert found[0] == (5, 15, 10, 10, 1, 0, 1)
    assert sum(x1 - x0 for x0, _, x1, *_ in found) == 10
    assert found[-1][2:4] == (15, 5)


def test_changes_of_a_roof_are_in_order_and_cancel(code):
    at, by = np.zeros(8), np.zeros(8)
    n = 0
    for x, change in [(5.0, 1.0), (2.0, 1.0), (9.0, -1.0), (5.0, -1.0), (7.0, 1.0)]:
        n = code.change_roof(at, by, n, x, change)
    assert at[:n].tolist() == [2, 7, 9]
    assert by[:n].tolist() == [1, 1, -1]


def cells_of(code, shape, size=10.0, columns=6):
    edges = sign_edges(take_outlines(np.array([shape], dtype=object)))
    ends = (edges.x0, edges.y0, edges.x1, edges.y1)
    room = code.count_pieces(*ends, 0.0, 0.0, size)
    out = [np.empty(room) for _ in range(5)] + [np.empty(room, dtype=np.int64) for _ in range(3)]
    n = code.cut_edges(*ends, edges.sign, np.zeros(len(edges.x0), dtype=np.int64), 0.0, 0.0, size, *out)
    order = np.lexsort((-out[7][:n], out[6][:n]))
    cell, _, begin, end, rows = code.fill_cells(*(each[:n][order] for each in out), 0.0, 0.0, size, columns, 4)
    return {
        (int(c) % columns, int(c) // columns): None if first < 0 else rows[first:last]
        for c, first, last in zip(cell, begin, end, strict=True)
    }


def area_in(rows, size=10.0):
    """Area of a cell under its edges."""
    return size * size if rows is None else float(((rows[:, 2] - rows[:, 0]) * (rows[:, 1] + rows[:, 3]) / 2).sum())


@pytest.mark.parametrize(
    "shape",
    [
        shapely.box(5, 5, 45, 35),
        shapely.box(5, 5, 45, 45) - shapely.box(12, 12, 38, 38),  # cells in the hole are empty
        shapely.MultiPolygon([shapely.box(2, 2, 18, 8), shapely.box(2, 42, 18, 48)]),  # a gap between parts
        shapely.Polygon([(3, 3), (47, 8), (25, 28), (44, 44), (6, 41)]),
        shapely.box(10, 10, 40, 40),  # along the lines between cells
    ],
)
def test_every_cell_has_its_share_of_the_zone(code, shape):
    cells = cells_of(code, shape)
    for column in range(6):
        for row in range(6):
            exact = shape.intersection(shapely.box(column * 10, row * 10, column * 10 + 10, row * 10 + 10)).area
            found = area_in(cells[column, row]) if (column, row) in cells else 0.0
            assert found == pytest.approx(exact, abs=1e-9)


def test_cells_inside_are_full(code):
    cells = cells_of(code, shapely.box(5, 5, 45, 45))
    assert [cell for cell, rows in cells.items() if rows is None] == [(x, y) for x in (1, 2, 3) for y in (3, 2, 1)]
