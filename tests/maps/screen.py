"""What the tests of pages ask of the screen."""

import geopandas as gpd

INK = """() => {
  const canvas = document.querySelector(".leaflet-overlay-pane canvas");
  const copy = Object.assign(document.createElement("canvas"), { width: canvas.width, height: canvas.height });
  const pen = copy.getContext("2d", { willReadFrequently: true });
  pen.drawImage(canvas, 0, 0);
  const pixels = pen.getImageData(0, 0, copy.width, copy.height).data;
  return pixels.reduce((sum, value, place) => (place % 4 === 3 ? sum + value : sum), 0);
}"""


def ink(page):
    """How much is drawn on the canvas, once it is drawn."""
    page.wait_for_timeout(120)
    return page.evaluate(INK)


def pixel(page, shape):
    """Where the middle of a shape (EPSG:4547) lies on the screen."""
    middle = gpd.GeoSeries([shape.centroid], crs="EPSG:4547").to_crs(4490).iloc[0]
    at = page.evaluate("place => qy.map.latLngToContainerPoint(place)", [middle.y, middle.x])
    frame = page.locator(".folium-map").bounding_box()
    return frame["x"] + at["x"], frame["y"] + at["y"]


def look_at(page, shape):
    west, south, east, north = gpd.GeoSeries([shape], crs="EPSG:4547").to_crs(4490).total_bounds
    page.evaluate("b => qy.map.fitBounds(b, { animate: false })", [[south, west], [north, east]])
