"""Throw damaged files at the reader of parcels: each is read, or refused with an error of ours, soon.

    python benchmarks/fuzz_parcels.py [--inputs 200000]

Seeds are sample parcels, a table and a WKT; Hypothesis edits their bytes. A fifth of the inputs each is 界址点 text,
CSV, WKT, zipped Shapefiles whose parts or whose archive are damaged, and GeoParquet with damaged outlines, or damaged
itself.
"""

from __future__ import annotations

import argparse
import gc
import io
import resource
import tempfile
import time
import warnings
import zipfile
from collections import Counter
from pathlib import Path

import geopandas as gpd
import pyarrow as pa
import shapely
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

import qy_gis as qy

SAMPLES = Path(__file__).parent.parent / "examples" / "parcels"

#: An input may take this long, and the whole run this much memory over what the imports need.
LONGEST_S, MOST_MIB = 2.0, 512

TXT = (SAMPLES / "farmland.txt").read_bytes()
CSV = (
    "地块编号,圈号,点号,X,Y\n"
    "A,1,J1,2622040,38440000\nA,1,J2,2622040,38440050\nA,1,J3,2622000,38440050\n"
    "B,1,J1,2622140,38440000\nB,1,J2,2622140,38440050\nB,1,J3,2622100,38440050\n"
).encode()
WKT = b"SRID=4547;MULTIPOLYGON (((403000 2622000, 403600 2622000, 403600 2622400, 403000 2622000)))"
ZIP = (SAMPLES / "redline_edge.zip").read_bytes()

TOKENS = {
    ".txt": [
        b"[",
        "【地块坐标】".encode(),
        b"\n",
        b",",
        "，".encode(),
        b"@",
        b"J1,1,",
        b"38440000",
        b"nan",
        b"9" * 400,
        b"=",
        b"1e308",
    ],
    ".csv": [
        b"\n",
        b",",
        b"\t",
        b";",
        b'"',
        "经度".encode(),
        b"wkt",
        b"POLYGON EMPTY",
        b"9" * 400,
        b"nan",
        b"\x00",
        b"113.5",
    ],
    ".wkt": [
        b"(",
        b")",
        b"((((",
        b",",
        b"POLYGON",
        b"GEOMETRYCOLLECTION",
        b"EMPTY",
        b"Z",
        b"nan",
        b"1e999",
        b"CURVE",
        b"SRID=",
    ],
    ".parquet": [b"\x00\x00\x00\x00\x00\x00\xf8\x7f", b"\xff\xff\xff\xff", b"\x00", b"\x01\x06\x00\x00\x00", b"PAR1"],
    ".zip": [b"PK\x03\x04", b"PK\x01\x02", b"../", b"\xff\xff\xff\xff", b"\x00\x00\x00\x00"],
}


def edited(seed: bytes, suffix: str) -> st.SearchStrategy[bytes]:
    """Return bytes that are the seed with some places cut out, filled or doubled."""
    what = st.one_of(st.sampled_from(TOKENS[suffix]), st.binary(max_size=6))
    edits = st.lists(
        st.tuples(st.integers(0, len(seed)), st.sampled_from([0, 0, 1, 2, 3, 40]), what), min_size=1, max_size=4
    )

    def apply(places: list[tuple[int, int, bytes]]) -> bytes:
        data = seed
        for at, cut, put in places:
            data = data[:at] + put + data[at + cut :]
        return data

    return st.one_of(edits.map(apply), st.lists(st.sampled_from(TOKENS[suffix]), max_size=25).map(b"".join))


def damaged_archives() -> st.SearchStrategy[bytes]:
    """Return archives whose bytes are damaged, and sound ones of damaged Shapefiles."""
    with zipfile.ZipFile(io.BytesIO(ZIP)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}

    def pack(name: str, data: bytes) -> bytes:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
            for member, content in members.items():
                archive.writestr(member, data if member == name else content)
        return out.getvalue()

    parts = [st.builds(pack, st.just(name), edited(content, ".zip")) for name, content in members.items()]
    return st.one_of(edited(ZIP, ".zip"), *parts)


def damaged_parquet() -> st.SearchStrategy[bytes]:
    """Return GeoParquet with sound outlines among damaged ones, and files whose bytes are damaged."""
    square = shapely.box(403000, 2622000, 403600, 2622400)
    holed = square - shapely.box(403100, 2622100, 403200, 2622200)
    sound = list(shapely.to_wkb([square, holed, shapely.MultiPolygon([square]), shapely.force_3d(square, 1.0)]))
    file = io.BytesIO()
    gpd.GeoDataFrame({"parcel_id": ["A"]}, geometry=[square], crs=4547).to_parquet(file)
    schema = parquet.read_schema(io.BytesIO(file.getvalue()))

    def pack(outlines: list[bytes]) -> bytes:
        ids = pa.array([f"A{i}" for i in range(len(outlines))], schema.field("parcel_id").type)
        out = io.BytesIO()
        parquet.write_table(pa.table([ids, pa.array(outlines, pa.binary())], schema=schema), out)
        return out.getvalue()

    def overwritten(wkb: bytes) -> st.SearchStrategy[bytes]:
        what = st.one_of(st.sampled_from(TOKENS[".parquet"]), st.binary(min_size=1, max_size=8))
        return st.builds(lambda at, put: wkb[:at] + put + wkb[at + len(put) :], st.integers(0, len(wkb) - 1), what)

    outline = st.one_of(*(st.one_of(st.just(wkb), overwritten(wkb), edited(wkb, ".parquet")) for wkb in sound))
    return st.one_of(st.lists(outline, min_size=1, max_size=4).map(pack), edited(file.getvalue(), ".parquet"))


def fuzz(suffix: str, inputs: st.SearchStrategy[bytes], count: int, folder: Path) -> tuple[Counter[str], float]:
    """Read so many inputs; return how they came out, and the longest time one took of the processor."""
    outcomes: Counter[str] = Counter()
    longest = 0.0

    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(inputs)
    def read(data: bytes) -> None:
        nonlocal longest
        path = folder / f"input{suffix}"
        path.write_bytes(data)
        # What Hypothesis remembers is not to be swept on the reader's time.
        gc.disable()
        start = time.process_time()
        try:
            qy.read_parcels(path)
            outcomes["read"] += 1
        except (qy.SourceError, qy.CRSError, qy.GeometryError) as error:
            outcomes[type(error).__name__] += 1
        longest = max(longest, time.process_time() - start)
        gc.enable()
        if longest > LONGEST_S:
            raise AssertionError(f"{longest:.1f} s for {data[:200]!r}")

    read()
    return outcomes, longest


def main() -> None:
    """Read the command line, run, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=200_000)
    count = parser.parse_args().inputs // 5
    warnings.simplefilter("ignore")
    strategies = {
        ".txt": edited(TXT, ".txt"),
        ".csv": edited(CSV, ".csv"),
        ".wkt": edited(WKT, ".wkt"),
        ".zip": damaged_archives(),
        ".parquet": damaged_parquet(),
    }
    with tempfile.TemporaryDirectory() as folder:
        qy.read_parcels(SAMPLES / "farmland.txt")
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for suffix, inputs in strategies.items():
            outcomes, longest = fuzz(suffix, inputs, count, Path(folder))
            total = sum(outcomes.values())
            print(f"{suffix}: {total} inputs, longest {longest:.3f} s, {dict(outcomes)}", flush=True)
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(f"memory: {grown:.0f} MiB more than at the start, {before / 1024:.0f} MiB")
    if grown > MOST_MIB:
        raise AssertionError(f"{grown:.0f} MiB; accepted are {MOST_MIB}")


if __name__ == "__main__":
    main()
