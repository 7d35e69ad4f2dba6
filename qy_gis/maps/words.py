"""The words of a map page and of the notebook views, in Chinese and English."""

from __future__ import annotations

from typing import Any, Literal

import pandas as pd

from qy_gis.columns import VERDICT_TEXT

Lang = Literal["zh", "en"]

#: key: (Chinese, English). The page's scripts ask for these keys; a test holds the two against each other.
WORDS: dict[str, tuple[str, str]] = {
    "language": ("English", "中文"),
    "language_label": ("Switch to English", "切换到中文"),
    "theme": ("明暗", "Theme"),
    "theme_label": ("切换浅色与深色", "Switch between light and dark"),
    "panel": ("图层", "Layers"),
    "panel_label": ("显示或收起图层面板", "Show or hide the layer panel"),
    "map_label": (
        "地图：方向键移动，加减号缩放，回车查询中心点",
        "Map: arrow keys move, plus and minus zoom, Enter asks at the centre",
    ),
    "zoom_in": ("放大", "Zoom in"),
    "zoom_out": ("缩小", "Zoom out"),
    "close": ("关闭", "Close"),
    "north": ("北", "North"),
    "zone": ("3度带", "zone"),
    "tools_label": ("工具", "Tools"),
    "search": ("搜索", "Search"),
    "search_for": ("名称或代码", "Name or code"),
    "not_found": ("没有找到", "Nothing found"),
    "measure": ("量测", "Measure"),
    "measure_length": ("长度", "length"),
    "measure_area": ("面积", "area"),
    "measure_how": (
        "在图上点选；键盘：移到中心后按回车。按椭球面计算，依屏幕所点，不作为测量成果。",
        "Click on the map; by keyboard: Enter at the centre. On the ellipsoid, as clicked: no survey.",
    ),
    "hectares": ("公顷", "ha"),
    "mu": ("亩", "mu"),
    "undo": ("撤销一点", "Undo a point"),
    "clear": ("清除", "Clear"),
    "swipe": ("卷帘对比", "Swipe"),
    "swipe_left": ("左侧", "Left"),
    "swipe_right": ("右侧", "Right"),
    "swipe_line": ("分界线位置", "Place of the line"),
    "before": ("前一版", "Earlier edition"),
    "link": ("链接", "Link"),
    "link_how": (
        "链接含当前位置、图层与语言；文件在同一位置时可再次打开。",
        "The link holds place, layers and language; it opens where the file lies at the same address.",
    ),
    "print": ("打印", "Print"),
    "scale": ("比例尺", "Scale"),
    "fit_scale": ("适合当前视图", "fit what is seen"),
    "paper_size": ("纸张", "Paper"),
    "orientation": ("方向", "Orientation"),
    "landscape": ("横向", "landscape"),
    "portrait": ("纵向", "portrait"),
    "print_how": (
        "比例尺以图中心为准（墨卡托投影，误差不超过0.3%）；打印时选“实际大小”。精确比例尺的图用 qy-gis map -o 图.pdf。",
        "True at the centre of the map to 0.3 % (Mercator); print at actual size. Exact: qy-gis map -o map.pdf.",
    ),
    "legend": ("图例", "Legend"),
    "convergence": ("真北偏于坐标北", "True north lies"),
    "convergence_west": ("以西", "west of grid north"),
    "convergence_east": ("以东", "east of grid north"),
    "index": ("图幅索引", "Index of sheets"),
    "printed": ("制图日期", "Printed"),
    "back_to_screen": ("返回屏幕", "Back to the screen"),
    "opacity": ("不透明度", "Opacity"),
    "display": ("显示", "Display"),
    "show_bands": ("误差带", "Uncertainty bands"),
    "show_graticule": ("经纬网", "Graticule"),
    "show_accessible": ("色觉友好配色", "Colour-blind safe colours"),
    "band": ("误差带：界线可能所在", "band: where the line may be"),
    "layers": ("图层与图例", "Layers and legend"),
    "lines": ("线型：边界依据", "Line: basis of the boundary"),
    "statutory": ("法定", "statutory"),
    "indicative": ("示意", "indicative"),
    "proxy": ("代用", "proxy"),
    "no_data": ("无数据", "no data"),
    "sources": ("数据来源", "Sources"),
    "accuracy": ("误差约", "accuracy about"),
    "basis_and_sources": ("依据与来源", "Basis and sources"),
    "date": ("数据时点", "Date"),
    "unknown_date": ("时点未载", "date not established"),
    "nothing": ("此处没有显示中的图层要素", "No visible feature here"),
    "unnamed": ("（未命名）", "(unnamed)"),
    "indicative_map": ("示意图，不作为划界和审批依据", "Indicative map: no ground for boundaries or approval"),
    "review_number": ("审图号", "Map review no."),
    "no_review_number": ("（未送审）", "(not reviewed)"),
    "result": ("检查结果", "Result"),
    "industry": ("产业", "Industry"),
    "any_industry": ("未指定产业", "no industry given"),
    "area": ("面积", "Area"),
    "declared": ("申报", "declared"),
    "use": ("用途", "Use"),
    "fail": ("不符合", "fails"),
    "unknown": ("无法判定", "unknown"),
    "pass": ("符合", "passes"),
    "overlap": ("重叠", "overlap"),
    "settle": ("如何核实", "To settle it"),
    "not_reviewed": ("条文未经人工核对", "rule not yet held against the official text"),
    "zoom_to": ("缩放到", "Zoom to"),
    "repairs": ("读入时的修正", "Repaired while reading"),
    "not_listed": ("其余地块未列出，见结果表", "Further parcels are not listed here; see the tables"),
    "parcels": ("地块", "Parcels"),
    "overlaps": ("重叠范围", "Overlaps"),
    "share": ("占地块", "share of parcel"),
    "features": ("要素", "Features"),
    "layer": ("图层", "Layer"),
    "basis": ("依据", "Basis"),
    "verdict": ("结论", "Verdict"),
    "summary": ("说明", "Summary"),
    "outcome": ("判定", "Outcome"),
    "reason": ("理由", "Reason"),
    "document": ("文件", "Document"),
    "parcel": ("地块", "Parcel"),
    "rules": ("规则", "Rules"),
    "siting": ("选址结果", "Siting"),
    "sites": ("备选地块", "Sites"),
    "land": ("规则留下的土地", "Land that the rules leave"),
    "place": ("位置", "Place"),
    "narrowest": ("最窄处", "Narrowest"),
    "score": ("得分", "Score"),
    "no_sites": ("没有找到符合要求的地块。", "No site meets the demands."),
}


def word(key: str) -> dict[str, str]:
    """Return a text of the page, or of a verdict, as ``{"zh": …, "en": …}``."""
    zh, en = VERDICT_TEXT[key] if key in VERDICT_TEXT else WORDS[key]
    return {"zh": zh, "en": en}


def words() -> dict[str, dict[str, str]]:
    """Return every text that the page's scripts may ask for, verdicts included."""
    return {key: word(key) for key in (*WORDS, *VERDICT_TEXT)}


def text(value: Any) -> str | None:
    """Return a cell of a table as text, or None where it holds nothing."""
    missing = value is None or (pd.api.types.is_scalar(value) and pd.isna(value))
    return None if missing else str(value) or None
