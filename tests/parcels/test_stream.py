from pathlib import Path

import fsspec
import geopandas as gpd
import numpy as np
import pyarrow as pa
import pytest
import shapely
from conftest import parcels_of, square

import qy_gis as qy
from qy_gis.parcels.stream import open_stream


@pytest.fixture
def parcels() -> gpd.GeoDataFrame:
    """A hundred parcels; number 90 has the id of number 3."""
    table = parcels_of(*(square(100 * number, 0, 60) for number in range(100)))
    table.loc[90, "parcel_id"] = table.loc[3, "parcel_id"]
    return table


def write_groups(parcels: gpd.GeoDataFrame, path: Path, rows: int) -> Path:
    parcels.to_parquet(path, row_group_size=rows)
    return path


@pytest.mark.parametrize("rows", [7, 30, 100])
def test_a_block_is_the_same_whatever_the_groups_and_the_start(parcels, tmp_path, rows):
    stream = open_stream(write_groups(parcels, tmp_path / "p.parquet", rows), block_rows=30)
    whole = list(stream.blocks())
    assert stream.block_count == 4
    assert [(block.number, block.first_row, block.rows) for block in whole] == [
        (0, 0, 30),
        (1, 30, 30),
        (2, 60, 30),
        (3, 90, 10),
    ]
    assert [name for block in whole for name in block.ids.to_pylist()] == parcels["parcel_id"].tolist()
    for number, expected in enumerate(whole):
        (block,) = stream.blocks(first=number, stop=number + 1)
        assert block.first_row == expected.first_row
        assert block.ids.equals(expected.ids)
        assert block.wkb.equals(expected.wkb)
    assert [block.number for block in stream.blocks(first=1, stop=3)] == [1, 2]


@pytest.mark.parametrize("suffix", ["gpkg", "fgb"])
def test_layers_are_cut_alike(parcels, tmp_path, suffix):
    path = tmp_path / f"p.{suffix}"
    parcels.to_file(path, engine="pyogrio", SPATIAL_INDEX="NO")
    blocks = list(open_stream(path, block_rows=30).blocks())
    assert [block.rows for block in blocks] == [30, 30, 30, 10]
    assert [name for block in blocks for name in block.ids.to_pylist()] == parcels["parcel_id"].tolist()
    assert shapely.from_wkb(blocks[3].wkb[9].as_py()).equals(parcels.geometry[99])


def test_repeats_are_those_of_the_blocks(parcels, tmp_path):
    stream = open_stream(write_groups(parcels, tmp_path / "p.parquet", 40), block_rows=30)
    found = list(stream.repeats())
    assert [flags.tolist() for flags in found] == [block.repeated.tolist() for block in stream.blocks()]
    assert np.flatnonzero(np.concatenate(found)).tolist() == [90]


def test_without_a_column_of_ids_nothing_repeats(parcels, tmp_path):
    path = tmp_path / "p.parquet"
    parcels[["geometry"]].to_parquet(path)
    stream = open_stream(path, block_rows=30)
    assert [len(flags) for flags in stream.repeats()] == [30, 30, 30, 10]
    assert next(stream.blocks(first=3, stop=4)).ids[0].as_py() == "90"


def test_a_file_on_other_storage_is_read_alike(parcels, tmp_path):
    path = write_groups(parcels, tmp_path / "p.parquet", 40)
    with fsspec.open("memory://stream/p.parquet", "wb") as there:
        there.write(path.read_bytes())
    here, there = open_stream(path, block_rows=30), open_stream("memory://stream/p.parquet", block_rows=30)
    for a, b in zip(here.blocks(), there.blocks(), strict=True):
        assert a.wkb.equals(b.wkb)
    assert there.fingerprint == open_stream("memory://stream/p.parquet").fingerprint
    with pytest.raises(qy.MissingSourceError, match="no such file"):
        open_stream("memory://stream/gone.parquet")
    fsspec.filesystem("memory").pipe("/stream/p.gpkg", b"")
    with pytest.raises(qy.SourceError, match="GeoParquet alone"):
        open_stream("memory://stream/p.gpkg")
    with pytest.raises(qy.ArgumentError, match="give its path"):
        open_stream(f"file://{path}")
    with pytest.raises(qy.ArgumentError, match="nowhere"):
        open_stream("nowhere://stream/p.parquet")


def test_blocks_that_were_read_leave_memory(tmp_path):
    outlines = np.random.default_rng(2).normal(0, 100, (600, 2000, 2)).cumsum(axis=1)  # 32 kB each, hard to compress
    table = gpd.GeoDataFrame({"parcel_id": list(map(str, range(600)))}, geometry=list(shapely.polygons(outlines)))
    path = write_groups(table.set_crs(4547), tmp_path / "p.parquet", 10)
    before = pa.total_allocated_bytes()
    most = max(pa.total_allocated_bytes() - before for _ in open_stream(path, block_rows=10).blocks())
    assert most < path.stat().st_size / 4


def test_an_empty_file_has_no_block(parcels, tmp_path):
    stream = open_stream(write_groups(parcels.iloc[:0], tmp_path / "p.parquet", 10))
    assert (stream.block_count, list(stream.blocks())) == (0, [])
