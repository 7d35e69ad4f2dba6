"""What the columns of a table are for, by their headings in two languages and many spellings."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

from qy_gis.errors import CRSError, SourceError
from qy_gis.parcels.prepare import HEADINGS

#: No known heading is longer, and looking for brackets in a very long one takes very long.
_LONGEST = 60

#: Columns whose rows are outlines, whatever is in them; and those that may be called so.
GEOMETRIES = ("wkt", "ewkt", "geometry", "geom", "the_geom", "wkb_geometry", "wkb", "ewkb", "几何")
OUTLINES = (
    *GEOMETRIES,
    *("st_astext", "st_asewkt", "st_asgeojson", "st_asbinary", "wkt_geom", "shape", "geojson", ".geo", "geo"),
    *("图形", "坐标串", "坐标"),
    *("界址点坐标", "空间坐标", "边界", "boundary", "polygon", "coordinates", "空间信息"),
)

#: Other columns of a table of points: the number of the point, of its ring, its height, the CRS, the zone.
_OTHERS = {
    "number": (
        *(
            "点号",
            "界址点号",
            "界址点",
            "界址点编号",
            "界址点序号",
            "点名",
            "点编号",
            "点序号",
            "拐点",
            "拐点号",
            "拐点编号",
        ),
        *("桩号", "界桩号", "顶点", "顶点号", "jzdh", "dh", "point", "pointid", "point_id", "pointno", "pt", "ptid"),
        *("point name", "pointname", "vertex", "vertex_index", "vertexid", "vertex_id", "num", "number", "号"),
    ),
    "ring": ("圈号", "环号", "地块圈号", "ring", "ringid", "ring_id", "vertex_part_ring"),
    "height": ("h", "z", "高", "高程", "大地高", "正常高", "elevation", "height", "alt", "altitude", "point_z", "hgt"),
    "crs": ("crs", "坐标系", "坐标系统", "srid", "epsg"),
    "zone": ("带号", "投影带号", "分带号", "zone", "中央子午线", "中央经线"),
}

#: Parcels' own ids, best first; then those that may number the points as well; then names.
IDS = (
    *(name for name in HEADINGS["parcel_id"] if name not in ("编号", "id")),
    *("宗地号", "宗地编号", "不动产单元号", "bdcdyh", "地块号", "地块代码", "dkh", "地块序号", "图斑编号", "图斑号"),
    *("tbbh", "tbh", "图斑预编号", "tbybh", "块号", "宗号", "地籍号", "djh", "zdh", "面号", "地块", "宗地", "图斑"),
    *("parcelid", "parcel_no", "parcelno", "parcel", "polygon_id", "polygonid", "poly_id", "polyid", "polygon"),
    *("plot_id", "plot", "lot", "block", "orig_fid", "feature_id", "featureid", "shape_id", "组号", "分组", "group"),
)
#: Other spellings of such an id.
_ID = re.compile(
    r"(parcel|plot|lot|polygon|poly|block|feature|宗地|地块|图斑|地籍|区块|用地)"
    r"[_.-]?(id|no\.?|num|number|code|编号|号|号码|代码|序号|顺序号)"
)
NUMBERS = ("编号", "序号", "id", "fid", "objectid", "oid", "gid", "no", "no.", "index")
NAMES = (*HEADINGS["name"], "宗地名称", "图斑名称", "项目编号", "xmbh")

#: Words in headings of what each point has of its own, and no parcel.
_OF_POINTS = re.compile(
    r"[点线边长角高距桩]|备注|说明|类型|类别|位置|时间|日期|精度|误差|编码|代码|方向"
    r"|code|remark|note|desc|comment|type|date|time|elev|angle|azimuth|bearing|dist|length|rms|vertex|sat|dop|fix|status"
)

#: Words that say nothing of an axis.
_NOISE = re.compile(
    r"cgcs2000|国家2000|2000国家大地|2000|wgs-?84|国家|大地|平面|直角|投影|高斯|界址点|拐点|点位|坐标系|坐标|座标"
    r"|coordinates?|coords?|point|值|单位|[/_:]m$|[/_:]米$|米$"
)
_DATUMS = re.compile(r"西安|北京|beijing|xi'?an|1954|1980|(?<![0-9])(54|80)(?![0-9])")

_GRID = {
    "north": (
        "x",
        "北",
        "纵",
        "n",
        "north",
        "northing",
        "xzb",
        "zbx",
        *("北x", "纵x", "x北", "x纵", "北向", "纵y", "北y"),
    ),
    "east": (
        "y",
        "东",
        "横",
        "e",
        "east",
        "easting",
        "yzb",
        "zby",
        *("东y", "横y", "y东", "y横", "东向", "横x", "东x"),
    ),
}
_DEGREES = {
    "north": ("纬度", "纬", "北纬", "lat", "latitude", "wd", "b", "纬度b", "纬度y", "lat_dd", "y纬度", "北纬n"),
    "east": ("经度", "经", "东经", "lon", "lng", "long", "longitude", "jd", "l", "经度l", "经度x", "x经度", "东经e"),
}


class Roles(NamedTuple):
    """Which column is for what, by its place; and whether X is promised to be east, as in mathematics."""

    columns: dict[str, int]
    x_is_east: bool = False

    @property
    def are_known(self) -> bool:
        """Whether there is an outline in them, or coordinates."""
        return "outline" in self.columns or {"north", "east"} <= self.columns.keys()


def plain_heading(heading: str) -> str:
    """Return a heading without what spellings differ in: width and case of letters, blanks, brackets and in them.

    Examples
    --------
    >>> plain_heading("Ｘ坐标 （米）"), plain_heading("POINT_X")
    ('x坐标', 'point_x')
    """
    half = unicodedata.normalize("NFKC", heading[:_LONGEST]).casefold()
    return re.sub(r"\(.*?\)|\[.*?\]|\s|[*#:]", "", half) or re.sub(r"[()\[\]\s]", "", half)


def is_id(heading: str) -> bool:
    """Return whether a heading is of an id of parcels, and can be nothing else.

    Examples
    --------
    >>> is_id("图斑编号"), is_id("Plot No."), is_id("编号")
    (True, True, False)
    """
    plain = plain_heading(heading)
    return plain in IDS or _ID.fullmatch(plain) is not None


def is_of_points(heading: str) -> bool:
    """Return whether a heading is of what each point has of its own: a length, a kind of mark, a remark."""
    return _OF_POINTS.search(plain_heading(heading)) is not None


def is_axis(heading: str) -> bool:
    """Return whether a heading is of coordinates."""
    return _find_axis(heading) is not None


def find_roles(headings: Sequence[str], *, title: str = "", line: int = 0) -> Roles:
    """Return what the columns under these headings are for.

    Raises
    ------
    SourceError
        Two columns have the same axis.
    CRSError
        The columns of coordinates are of Beijing 1954 or Xi'an 1980.
    """
    plain = [plain_heading(heading) for heading in headings]
    columns = (
        {"outline": next(i for i, name in enumerate(plain) if name in OUTLINES)} if set(plain) & {*OUTLINES} else {}
    )
    for role, names in _OTHERS.items():
        if (place := next((plain.index(name) for name in names if name in plain), None)) is not None:
            columns[role] = place
    axes = [_find_axis(heading) for heading in headings]
    for family in ("grid", "degrees"):
        places = {axis: [i for i, one in enumerate(axes) if one == (axis, family)] for axis in ("north", "east")}
        if not all(places.values()):
            continue
        chosen = {axis: _choose(found, headings, title, line) for axis, found in places.items()}
        columns |= chosen
        # POINT_X and such are of GIS programs, in which X is east; X and Y of surveys, in which it is north.
        of_programs = any(re.search(r"point|coord", plain[i]) for i in chosen.values())
        return Roles(columns, of_programs)
    return Roles(columns)


def _find_axis(heading: str) -> tuple[str, str] | None:
    """Return the axis and the family (grid or degrees) of a column of coordinates."""
    half = unicodedata.normalize("NFKC", heading[:_LONGEST]).casefold()
    inside = re.search(r"[(\[](.*?)[)\]]", half)
    base, within = (_axis_word(text) for text in (plain_heading(heading), inside[1] if inside else ""))
    # X(东) is east: what stands in brackets says more than a letter.
    known = _axis_of(within) if not base or _axis_of(base) else None
    return known or _axis_of(base)


def _axis_word(text: str) -> str:
    return _NOISE.sub("", re.sub(r"\s", "", text)).strip("_-./")


def _axis_of(word: str) -> tuple[str, str] | None:
    for family, names in (("grid", _GRID), ("degrees", _DEGREES)):
        for axis, known in names.items():
            if word in known:
                return axis, family
    return None


def _choose(found: list[int], headings: Sequence[str], title: str, line: int) -> int:
    """Return the column of an axis, of several the one that is not on an old datum."""
    usable = [i for i in found if not _DATUMS.search(unicodedata.normalize("NFKC", headings[i]).casefold())]
    if len(usable) == 1:
        return usable[0]
    named = [headings[i] for i in found]
    if not usable:
        raise CRSError(
            f"{title}, line {line}: found the headings {named}, on Beijing 1954 or Xi'an 1980; accepted is CGCS2000. "
            "Transformations from them are classified: have the coordinates converted by the surveying office first",
            zh=f"{title} 第 {line} 行：表头为 {named}，属 1954 北京或 1980 西安坐标系；只接受 2000 国家大地坐标系。"
            "转换参数涉密，请先由测绘单位转换坐标",
        )
    raise SourceError(
        f"{title}, line {line}: found several columns of one axis, {named}; accepted is one of X and one of Y: "
        "delete the others",
        zh=f"{title} 第 {line} 行：同一坐标轴有多列 {named}；X、Y 各接受一列，请删去其余的列",
    )
