"""Formats that are not read, and what to do with a file in one of them."""

from __future__ import annotations

from qy_gis.errors import SourceError

_CAD = ("a drawing of CAD; save it as DXF (AutoCAD: SAVEAS, AutoCAD 2018 DXF)", "CAD 图形；请另存为 DXF（SAVEAS）")
_PACKED = ("an archive that is not opened; unpack it, or pack it as zip", "不支持的压缩包；请解开，或重新压缩为 zip")
_PICTURE = (
    "a picture or a page; ask for the coordinates as TXT, or for a Shapefile",
    "图片或版面；请索取界址点 TXT 或 Shapefile",
)
_PART = (
    "a part of a Shapefile; give the .shp, with all its parts beside it",
    "Shapefile 的附属文件；请给 .shp，其余放在一起",
)
_EXCEL = ("a workbook of old Excel; save it as .xlsx or .csv", "旧版 Excel 工作簿；请另存为 .xlsx 或 .csv")
_TEXT = ("a text document; copy its table of points to .xlsx or .txt", "文字文档；请把界址点表复制到 .xlsx 或 .txt")

#: Endings of files that offices have, and what they are and what to do, in English and Chinese.
_ADVICE = {
    ".dwg": _CAD,
    ".dgn": _CAD,
    ".vct": ("of the exchange format VCT; export it as Shapefile", "VCT 交换格式；请导出为 Shapefile、FileGDB"),
    ".mdb": ("a personal geodatabase; export it as a file geodatabase", "个人地理数据库；请导出为 FileGDB"),
    ".accdb": ("an Access database; export its table as .xlsx or .csv", "Access 数据库；请把表导出为 .xlsx 或 .csv"),
    ".mxd": ("a map document without data; export the layer itself", "地图文档，不含数据；请导出图层数据"),
    ".aprx": ("a project without data; export the layer itself", "工程文件，不含数据；请导出图层数据"),
    ".qgz": ("a project without data; export the layer itself", "工程文件，不含数据；请导出图层数据"),
    ".lyr": ("a layer file without data; export the layer itself", "图层文件，不含数据；请导出图层数据"),
    ".ovjsn": ("of Ovital Map; export KML from it", "奥维互动地图格式；请在奥维中导出 KML"),
    ".ovobj": ("of Ovital Map; export KML from it", "奥维互动地图格式；请在奥维中导出 KML"),
    ".ofd": _PICTURE,
    ".pdf": _PICTURE,
    ".jpg": _PICTURE,
    ".jpeg": _PICTURE,
    ".png": _PICTURE,
    ".tif": _PICTURE,
    ".tiff": _PICTURE,
    ".rar": _PACKED,
    ".7z": _PACKED,
    ".gz": _PACKED,
    ".tar": _PACKED,
    ".et": _EXCEL,
    ".doc": _TEXT,
    ".docx": _TEXT,
    ".wps": _TEXT,
    ".shx": _PART,
    ".dbf": _PART,
    ".prj": _PART,
    ".cpg": _PART,
    ".xml": (
        "XML of no known kind; rename KML to .kml, GML to .gml",
        "未注明种类的 XML；KML 请改名为 .kml，GML 为 .gml",
    ),
}


def refuse_with_advice(name: str, suffix: str) -> None:
    """Raise a SourceError that says what to do with a file, if its ending is one that offices have.

    Examples
    --------
    >>> refuse_with_advice("a.dwg", ".dwg")
    Traceback (most recent call last):
    ...
    qy_gis.errors.SourceError: a.dwg 是 CAD 图形；请另存为 DXF（SAVEAS）
    a.dwg is a drawing of CAD; save it as DXF (AutoCAD: SAVEAS, AutoCAD 2018 DXF)
    """
    if found := _ADVICE.get(suffix.lower()):
        en, zh = found
        raise SourceError(f"{name} is {en}", zh=f"{name} 是 {zh}")
