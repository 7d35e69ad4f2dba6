"""A folium map whose page makes no request: everything it needs is written into the file.

The page is put together from plain text, never through a template: branca reads rendered text as a Jinja template once
more, so that a parcel called ``{{ … }}`` would be executed.
"""

from __future__ import annotations

import base64
import html
import json
import mimetypes
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import folium
from branca.element import CssLink, Element, Figure, JavascriptLink
from folium.template import Template

from qy_gis.errors import MapError
from qy_gis.maps.output import replace_file

_ASSETS = Path(__file__).parent / "assets"

#: Links of folium and its plugins, by the name they give them, of which a copy is bundled.
_BUNDLED = {
    "leaflet": _ASSETS / "vendor" / "leaflet" / "leaflet.js",
    "leaflet_css": _ASSETS / "vendor" / "leaflet" / "leaflet.css",
    "jquery": _ASSETS / "vendor" / "jquery" / "jquery.min.js",
}

#: The page's own scripts, in the order in which they build on each other.
_SCRIPTS = (
    "core",
    "geometry",
    "geodesy",
    "drawing",
    "labels",
    "frame",
    "inspect",
    "panel",
    "listing",
    "tools",
    "search",
    "measure",
    "swipe",
    "paper",
    "permalink",
    "page",
)

#: Even if something on the page asked for a file, or data became markup, nothing may be fetched or sent.
_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:; font-src data:; "
    "form-action 'none'; base-uri 'none'"
)


class OfflineFigure(Figure):
    """The page around an offline map."""

    def __init__(self, document: dict[str, Any]) -> None:
        super().__init__()
        self._document = document

    def render(self, **kwargs: Any) -> str:
        """Return the page as text. Two renders of the same map are the same.

        Raises
        ------
        MapError
            Something that was added to the map needs the network.
        """
        for element in _walk(self):
            if isinstance(element, (folium.TileLayer, folium.WmsTileLayer, folium.Icon)):
                name = type(element).__name__
                raise MapError(
                    f"{name} needs the network, and this page makes no request; leave it out",
                    zh=f"{name} 需要联网，而本页不联网；请去掉",
                )
            if isinstance(element, folium.Popup):
                self.header.add_child(JavascriptLink("jquery"), name="jquery")
        for child in self._children.values():
            child.render(**kwargs)
        for name, element in list(self.header._children.items()):
            if isinstance(element, (JavascriptLink, CssLink)):
                self.header._children[name] = _Text(_inline(name, element.url))
        return self._assemble(**kwargs)

    def save(self, path: str | os.PathLike[str]) -> None:  # type: ignore[override]  # a path, not an open file
        """Write the page to a file; see `OfflineMap.save`."""
        text = self.render()
        replace_file(path, text.encode("utf-8"))

    def _repr_html_(self, **kwargs: Any) -> str:
        title = html.escape(self._document["title"][self._document["lang"]])
        page = html.escape(self.render(**kwargs))
        return (
            f'<iframe title="{title}" srcdoc="{page}" style="width:100%;height:600px;border:1px solid #8884"></iframe>'
        )

    def _assemble(self, **kwargs: Any) -> str:
        # The ids of folium's elements are random; numbered, the same map gives the same file.
        ids: dict[str, str] = {}

        def numbered(text: str) -> str:
            return re.sub(r"(?<=_)[0-9a-f]{32}\b", lambda found: ids.setdefault(found[0], f"{len(ids) + 1:032x}"), text)

        lang, title = self._document["lang"], self._document["title"]
        before_map, after_map = _read("page.html").split("<!-- map -->")
        scripts = "\n".join(_read(f"js/{name}.js") for name in _SCRIPTS)
        # "<" is the only character by which data could end its script element.
        data = json.dumps(self._document, ensure_ascii=False, allow_nan=False, separators=(",", ":")).replace(
            "<", "\\u003c"
        )
        return f"""<!DOCTYPE html>
<html lang="{"zh-CN" if lang == "zh" else "en"}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{html.escape(title[lang])}</title>
{numbered(self.header.render(**kwargs))}
<style>
{_read("page.css")}</style>
</head>
<body>
{before_map}{numbered(self.html.render(**kwargs))}{after_map}
<script type="application/json" id="qy-data">{data}</script>
<script>
{scripts}
</script>
<script>
{numbered(self.script.render(**kwargs))}
</script>
</body>
</html>
"""


class OfflineMap(folium.Map):
    """A `folium.Map` whose page makes no request. `qy_gis.draw` makes one; what folium can add may be added to it.

    Parameters
    ----------
    document
        What the page shows, see `qy_gis.maps.document`.
    """

    # A page of our own needs Leaflet only; folium's own lists stay as they are for every other map.
    default_js = [("leaflet", "leaflet.js")]  # noqa: RUF012
    default_css = [("leaflet_css", "leaflet.css")]  # noqa: RUF012

    # folium's own header forbids zooming by hand on phones.
    _template = Template(
        """
        {% macro html(this, kwargs) %}<div class="folium-map" id="{{ this.get_name() }}"></div>{% endmacro %}
        {% macro script(this, kwargs) %}
        {{ this.folium_script(kwargs) }}
        qy.start({{ this.get_name() }});
        {% endmacro %}
        """
    )

    def __init__(self, document: dict[str, Any]) -> None:
        super().__init__(tiles=None, zoom_control=False, attribution_control=False, zoom_snap=0.25, max_zoom=21)
        self._figure = OfflineFigure(document)
        self._figure.add_child(self)

    def folium_script(self, kwargs: dict[str, Any]) -> str:
        """Return the script by which folium makes its map."""
        return str(folium.Map._template.module.script(self, kwargs))

    def save(self, path: str | os.PathLike[str]) -> None:  # type: ignore[override]  # a path, not an open file
        """Write the page to a file. It is rendered first and put in place last: a failure leaves no half a file.

        Parameters
        ----------
        path
            The file; one that is there is replaced.

        Raises
        ------
        OutputError
            The file cannot be written.
        MapError
            Something that was added to the map needs the network.
        """
        self._figure.save(path)


class _Text(Element):
    """Text that goes onto the page as it is."""

    def __init__(self, content: str) -> None:
        super().__init__()
        self._content = content

    def render(self, **kwargs: Any) -> str:
        return self._content


def _walk(element: Element) -> Iterator[Element]:
    yield element
    for child in element._children.values():
        yield from _walk(child)


def _read(name: str) -> str:
    return (_ASSETS / name).read_text(encoding="utf-8")


def _inline(name: str, url: str) -> str:
    if name not in _BUNDLED:
        bundled = ", ".join(_BUNDLED)
        raise MapError(
            f"{name} ({url}) has no bundled copy, and this page makes no request; bundled: {bundled}",
            zh=f"{name}（{url}）没有随附，而本页不联网；随附的有：{bundled}",
        )
    file = _BUNDLED[name]
    text = file.read_text(encoding="utf-8")
    if file.suffix == ".css":
        return f"<style>{re.sub(r'url[(]([^)#]+)[)]', lambda found: _data_url(file.parent / found[1]), text)}</style>"
    # A page is a copy of what it holds: the licence goes with it. The map of a minified script would be fetched as soon
    # as someone opens the browser's tools.
    licence = next(file.parent.glob("LICENSE*")).read_text(encoding="utf-8")
    return f"<script>/*\n{licence}*/\n{re.sub(r'(?m)^//# sourceMappingURL=.*$', '', text)}</script>"


def _data_url(file: Path) -> str:
    kind = mimetypes.guess_type(file.name)[0]
    return f"url(data:{kind};base64,{base64.b64encode(file.read_bytes()).decode('ascii')})"
