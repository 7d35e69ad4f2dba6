"""Build the synthetic control lines in ``examples/office`` and the sample parcels in ``examples/parcels``.

    python examples/build_samples.py [--out DIR]

Nothing here shows real land, plans or projects. All shapes are written down in EPSG:4547 (CGCS2000, central meridian
114E, metres) in round numbers, so that every overlap can be checked by hand.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import pyogrio
import shapely
from pyproj import Transformer
from shapely.geometry.base import BaseGeometry

import qy_gis as qy

GRID = "EPSG:4547"
#: Every file that can hold a date holds this one, so that a run of the script changes nothing.
STAMP = (2026, 1, 1)
#: Zone 38 of the national grids: the easting of EPSG:4526 is that of EPSG:4547 behind this prefix.
ZONE_PREFIX = 38_000_000


class Shape(NamedTuple):
    """A named piece of land in EPSG:4547."""

    name: str
    name_en: str
    geometry: BaseGeometry


def box(east: float, north: float, width: float, height: float) -> shapely.Polygon:
    """Return a rectangle by its south-west corner and size, metres; corners run clockwise from the north-west."""
    x, y = [east, east + width], [north, north + height]
    return shapely.Polygon([(x[0], y[1]), (x[1], y[1]), (x[1], y[0]), (x[0], y[0])])


#: The square in which the synthetic office has data: 8 km, inside Qingcheng, 6 km off any county line.
WINDOW = box(402_000, 2_608_000, 8_000, 8_000)

OFFICE: dict[str, list[Shape]] = {
    "coverage": [Shape("合成数据窗口", "Window of the synthetic data", WINDOW)],
    "urban_boundary": [Shape("合成城镇开发边界", "Synthetic boundary", box(403_000, 2_609_000, 5_000, 5_000))],
    "platform": [Shape("合成产业园", "Synthetic park", box(404_000, 2_610_000, 3_000, 3_000))],
    "permanent_farmland": [
        # The first patch lies inside the urban boundary on purpose: that is allowed, and no error of the data.
        Shape("合成农田一", "Synthetic farmland 1", box(406_000, 2_612_000, 500, 400)),
        Shape("合成农田二", "Synthetic farmland 2", box(408_500, 2_612_000, 1_000, 1_000)),
        Shape("合成农田三", "Synthetic farmland 3", box(402_200, 2_610_000, 600, 1_000)),
    ],
    "ecological_redline": [
        Shape("合成红线一", "Synthetic red line 1", box(404_000, 2_610_000, 500, 400)),
        Shape(
            "合成红线二（有洞）",
            "Synthetic red line 2, with a hole",
            box(408_200, 2_608_400, 1_600, 1_400).difference(box(408_800, 2_608_900, 400, 400)),
        ),
    ],
    "water_source": [Shape("合成水源保护区", "Synthetic water source", box(403_000, 2_613_200, 600, 800))],
    "protected_area": [Shape("合成保护地", "Synthetic protected area", box(408_600, 2_614_200, 1_000, 1_400))],
}

#: name of the parcel, use, geometry
SUITABLE = Shape("合成地块：园区内", "工业用地", box(405_000, 2_611_000, 300, 200))
FARMLAND = Shape("合成地块：压占农田", "工业用地", box(405_900, 2_612_100, 300, 200))
OUTSIDE_PARK = Shape("合成地块：园区外", "工业用地", box(403_400, 2_611_000, 200, 200))
#: 4 m east of the first red line, whose accuracy is 10 m.
REDLINE_EDGE = Shape("合成地块：红线边缘", "工业用地", box(404_504, 2_610_100, 200, 150))
#: Across the line between 清新区 (south) and 阳山县 (north).
ZONE_BORDER = Shape("合成地块：南北分区交界", "工业用地", box(359_050, 2_679_200, 400, 300))
#: 112.5E, where zones 37 and 38 meet, runs through it, in 连州市.
STRADDLE = Shape("合成地块：跨112.5度经线", "工业用地", box(347_950, 2_733_500, 500, 400))
CITY_LIMIT = Shape("合成地块：跨市界", "工业用地", box(413_950, 2_601_050, 400, 300))
MIXED = [
    Shape("合成地块：规整", "工业用地", box(405_400, 2_611_400, 200, 100)),
    Shape(
        "合成地块：两部分",
        "工业用地",
        shapely.MultiPolygon([box(405_000, 2_611_600, 100, 100), box(408_100, 2_611_600, 100, 100)]),
    ),
    # The hole leaves out the first farmland patch with 50 m to spare.
    Shape(
        "合成地块：挖洞避让农田",
        "工业用地",
        box(405_850, 2_611_850, 800, 700).difference(box(405_950, 2_611_950, 600, 500)),
    ),
]


def to_degrees(geometry: BaseGeometry) -> BaseGeometry:
    """Return longitude and latitude to 0.1 mm."""
    step = Transformer.from_crs(GRID, "EPSG:4490", always_xy=True)
    return shapely.transform(geometry, lambda xy: np.column_stack(step.transform(xy[:, 0], xy[:, 1])).round(9))


def write_geojson(path: Path, rows: Sequence[tuple[dict[str, Any], BaseGeometry]]) -> None:
    """Write attributes and geometries (EPSG:4547) as GeoJSON in degrees, one feature per line."""
    lines = [
        json.dumps(
            {
                "type": "Feature",
                "properties": attributes,
                "geometry": shapely.geometry.mapping(shapely.orient_polygons(to_degrees(geometry))),
            },
            ensure_ascii=False,
        )
        for attributes, geometry in rows
    ]
    text = '{\n"type": "FeatureCollection",\n"features": [\n' + ",\n".join(lines) + "\n]\n}\n"
    path.write_text(text, encoding="utf-8", newline="\n")


def write_office(folder: Path) -> None:
    """Write the synthetic control lines, one GeoJSON per layer."""
    folder.mkdir(parents=True, exist_ok=True)
    # A long edge that is straight in the grid is not straight in degrees; a point every 100 m keeps it within 0.1 mm.
    for layer, shapes in OFFICE.items():
        rows = [
            ({"id": f"{layer}_{number}", "name": shape.name, "name_en": shape.name_en}, shape.geometry.segmentize(100))
            for number, shape in enumerate(shapes, start=1)
        ]
        write_geojson(folder / f"{layer}.geojson", rows)


def write_parcels_geojson(path: Path, parcel_id: str, shape: Shape) -> None:
    """Write one parcel as GeoJSON."""
    write_geojson(path, [({"parcel_id": parcel_id, "name": shape.name, "use": shape.name_en}, shape.geometry)])


def write_boundary_txt(path: Path, parcel_id: str, shape: Shape, *, declared_ha: float) -> None:
    """Write one parcel as 界址点 TXT in the 报批 dialect, EPSG:4526: X is north, Y is east behind the zone number."""
    ring = shapely.get_coordinates(shape.geometry)
    points = [
        f"J{number % (len(ring) - 1) + 1},1,{north:.3f},{east + ZONE_PREFIX:.3f}"
        for number, (east, north) in enumerate(ring)
    ]
    header = f"{len(ring)},{declared_ha:.4f},{parcel_id},{shape.name},面,,{shape.name_en},,@"
    lines = [
        "[项目信息]",
        "项目名称=合成示例",
        "[属性描述]",
        "格式版本号=1.01版本",
        "数据产生单位=合成示例",
        f"数据产生日期={STAMP[0]}-{STAMP[1]}-{STAMP[2]}",
        "坐标系=2000国家大地坐标系",
        "几度分带=3",
        "投影类型=高斯克吕格",
        "计量单位=米",
        "带号=38",
        "精度=0.001",
        "转换参数=,,,,,,",
        "[地块坐标]",
        header,
        *points,
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


def make_table(ids: Sequence[str], shapes: Sequence[Shape], headings: Sequence[str]) -> gpd.GeoDataFrame:
    """Return parcels as a table in EPSG:4547 under three headings: id, name, use."""
    columns = zip(headings, (ids, [s.name for s in shapes], [s.name_en for s in shapes]), strict=True)
    return gpd.GeoDataFrame(dict(columns), geometry=[s.geometry for s in shapes], crs=GRID)


def write_geopackage(path: Path, ids: Sequence[str], shapes: Sequence[Shape]) -> None:
    """Write parcels as GeoPackage."""
    path.unlink(missing_ok=True)
    make_table(ids, shapes, ["parcel_id", "name", "use"]).to_file(path, layer=path.stem, driver="GPKG")


def write_zipped_shapefile(path: Path, parcel_id: str, shape: Shape) -> None:
    """Write one parcel as a zipped Shapefile whose attributes are in GBK and which, as often happens, has no .cpg."""
    with tempfile.TemporaryDirectory() as scratch:
        table = make_table([parcel_id], [shape], ["地块编号", "地块名称", "地块用途"])
        updated = "-".join(f"{part:02d}" for part in STAMP)
        table.to_file(Path(scratch) / f"{path.stem}.shp", encoding="GBK", DBF_DATE_LAST_UPDATE=updated)
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for suffix in (".shp", ".shx", ".dbf", ".prj"):
                member = zipfile.ZipInfo(path.stem + suffix, date_time=(*STAMP, 0, 0, 0))
                content = (Path(scratch) / member.filename).read_bytes()
                if suffix == ".dbf":
                    # Byte 29 names the code page; 0 leaves the reader to find out, as many programs' files do.
                    content = content[:29] + b"\0" + content[30:]
                archive.writestr(member, content, zipfile.ZIP_DEFLATED)


def write_parcels(folder: Path) -> None:
    """Write the sample parcels, one file per telling place."""
    folder.mkdir(parents=True, exist_ok=True)
    write_parcels_geojson(folder / "suitable.geojson", "S-01", SUITABLE)
    write_boundary_txt(folder / "farmland.txt", "S-02", FARMLAND, declared_ha=5.9987)
    write_geopackage(folder / "outside_park.gpkg", ["S-03"], [OUTSIDE_PARK])
    write_zipped_shapefile(folder / "redline_edge.zip", "S-04", REDLINE_EDGE)
    write_parcels_geojson(folder / "zone_border.geojson", "S-05", ZONE_BORDER)
    write_boundary_txt(folder / "straddle_112_5.txt", "S-06", STRADDLE, declared_ha=19.9886)
    write_geopackage(folder / "city_limit.gpkg", ["S-07"], [CITY_LIMIT])
    write_geopackage(folder / "mixed.gpkg", ["M-01", "M-02", "M-03"], MIXED)


def write_formats(folder: Path) -> None:
    """Write the parcel of ``suitable.geojson`` in every format and dialect, and some files with what goes wrong."""
    folder.mkdir(parents=True, exist_ok=True)
    parcel = make_table(["S-01"], [SUITABLE], ["parcel_id", "name", "use"]).set_crs(GRID)
    for ending in (".gpkg", ".shp", ".zip", ".dxf", ".kml", ".kmz", ".geojson", ".xlsx", ".fgb", ".parquet"):
        qy.write_parcels(parcel, folder / f"parcel{ending}")
    for dialect in ("approval", "supply", "one-map", "linkage", "satellite"):
        qy.write_parcels(parcel, folder / f"{dialect}.txt", dialect=dialect)
    qy.write_parcels(parcel, folder / "wkt.csv")
    (folder / "parcel.wkt").write_text(f"SRID=4547;{SUITABLE.geometry.wkt}\n", encoding="utf-8", newline="\n")
    points = [f"{n},{north:.3f},{east:.3f}" for n, (east, north) in enumerate(corners_of(SUITABLE), start=1)]
    table = "\r\n".join(["序号,X坐标,Y坐标", *points, ""])
    (folder / "points.csv").write_bytes(table.encode("gb18030"))
    spoken = make_table(["S-01"], [SUITABLE], ["DKBH", "DKMC", "DKYT"])
    pyogrio.write_dataframe(spoken, folder / "parcel.mif", driver="MapInfo File", encoding="CP936")
    with tempfile.TemporaryDirectory() as scratch:
        database = Path(scratch) / "parcel.gdb"
        pyogrio.write_dataframe(spoken, database, driver="OpenFileGDB", layer="parcel", promote_to_multi=True)
        with zipfile.ZipFile(folder / "parcel.gdb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            for part in sorted(database.iterdir()):
                archive.writestr(zipfile.ZipInfo(f"parcel.gdb/{part.name}", (*STAMP, 0, 0, 0)), part.read_bytes())
    write_dirty(folder)


def corners_of(shape: Shape) -> list[tuple[float, float]]:
    """Return the corners of a rectangle, each once, with the zone in front of the easting."""
    return [(east + ZONE_PREFIX, north) for east, north in shapely.get_coordinates(shape.geometry)[:-1].tolist()]


def write_dirty(folder: Path) -> None:
    """Write files that are read, and whose repairs are told."""
    # GBK, full-width punctuation, no 带号, m2 for 公顷, no @, X and Y swapped, no J, and a ring left open.
    points = [f"{n}，1，{east:.3f}，{north:.3f}" for n, (east, north) in enumerate(corners_of(SUITABLE), start=1)]
    lines = [
        "【属性描述】",
        "坐标系＝",
        "几度分带=3",
        "带号=",
        "[地块坐标]",
        f"3,59986,S-01,{SUITABLE.name},面,,工业用地,",
        *points,
    ]
    (folder / "dirty.txt").write_bytes("\r\n".join([*lines, ""]).encode("gb18030"))
    # A point twice, a spike half a millimetre thin, and heights.
    ring = shapely.get_coordinates(SUITABLE.geometry)
    east, north = ring[1]
    spoilt = np.vstack([ring[:2], ring[1:2], [(east + 5, north - 0.0003), (east, north - 0.0005)], ring[2:]])
    rough = Shape(SUITABLE.name, SUITABLE.name_en, shapely.force_3d(shapely.Polygon(spoilt), 12.0))
    table = make_table(["S-01"], [rough], ["地块编号", "项目名称", "土地用途"])
    pyogrio.write_dataframe(table, folder / "dirty.gpkg", driver="GPKG", layer="dirty")


def build_all(out: Path) -> None:
    """Write everything under a folder that stands for ``examples``."""
    write_office(out / "office" / "data")
    write_parcels(out / "parcels")
    write_formats(out / "parcels" / "formats")


def main() -> None:
    """Read the command line and build."""
    parser = argparse.ArgumentParser(description="Build the synthetic samples.")
    parser.add_argument(
        "--out", type=Path, default=Path(__file__).parent, help="folder to write to (default: examples)"
    )
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": "{}-{:02d}-{:02d}T00:00:00.000Z".format(*STAMP)})
    build_all(parser.parse_args().out)


if __name__ == "__main__":
    main()
