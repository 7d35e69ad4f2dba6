/* What frames a map: graticule, scale bar, north arrow, the place under the pointer, the note in the corner. */
(function () {
  "use strict";

  const SPACINGS = [10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001, 0.0005, 0.0002, 0.0001];
  const FEWEST_LINES = 4;
  const BUTTONS_WIDTH = 70; // pixels at the right edge where the buttons would lie over a meridian's name

  function degrees(value, spacing, axis) {
    const decimals = Math.max(0, Math.ceil(-Math.log10(spacing) - 1e-9));
    const letter = axis === "lng" ? (value < 0 ? "W" : "E") : value < 0 ? "S" : "N";
    return Math.abs(value).toFixed(decimals) + "°" + letter;
  }

  /* In Mercator meridians and parallels are straight: a line is an element one pixel thin. */
  qy.drawGraticule = function () {
    const grid = qy.find("qy-grid");
    const bounds = qy.map.getBounds();
    const width = bounds.getEast() - bounds.getWest();
    const spacing = SPACINGS.find(function (candidate) {
      return width / candidate >= FEWEST_LINES;
    });
    grid.replaceChildren();
    if (!spacing || !qy.shown.graticule) return;
    const lines = function (axis, from, to) {
      for (let i = Math.ceil(from / spacing); i * spacing < to; i++) {
        const value = i * spacing;
        const place = axis === "lng" ? [bounds.getCenter().lat, value] : [value, bounds.getCenter().lng];
        const point = qy.map.latLngToContainerPoint(place);
        const hidden = axis === "lng" && point.x > qy.map.getSize().x - BUTTONS_WIDTH;
        const line = qy.make("div", { class: "qy-grid-" + axis }, [
          !hidden && qy.make("span", { text: degrees(value, spacing, axis) }),
        ]);
        if (axis === "lng") line.style.left = point.x + "px";
        else line.style.top = point.y + "px";
        grid.append(line);
      }
    };
    lines("lng", bounds.getWest(), bounds.getEast());
    lines("lat", bounds.getSouth(), bounds.getNorth());
  };

  function showPointer(event) {
    const { lat, lng } = event.latlng;
    const { zone, east, north } = qy.toGrid(event.latlng);
    const grid = qy.word("zone") + " " + zone + "  X " + north.toFixed(0) + "  Y " + east.toFixed(0);
    qy.find("qy-pointer").textContent =
      degrees(lng, 0.00001, "lng") + "  " + degrees(lat, 0.00001, "lat") + "\nCGCS2000 " + grid;
  }

  qy.startFrame = function () {
    const container = qy.map.getContainer();
    // Beneath Leaflet's panes, so that lines and names of the map lie over the graticule.
    container.prepend(qy.find("qy-grid"));
    L.control.scale({ imperial: false, position: "bottomright", maxWidth: 130 }).addTo(qy.map);
    qy.zoomControl = L.control.zoom({ position: "topright" }).addTo(qy.map);
    qy.map.on("zoomstart", function () {
      qy.find("qy-grid").hidden = true;
    });
    qy.map.on("zoomend", function () {
      qy.find("qy-grid").hidden = false;
    });
    qy.map.on("move zoomend resize", qy.drawGraticule);
    qy.map.on("mousemove", showPointer);
    qy.drawGraticule();
  };

  qy.writeFrame = function () {
    const [zoomIn, zoomOut] = qy.zoomControl.getContainer().querySelectorAll("a");
    [[zoomIn, "zoom_in"], [zoomOut, "zoom_out"]].forEach(function ([button, key]) {
      button.title = qy.word(key);
      button.setAttribute("aria-label", qy.word(key));
    });
    qy.map.getContainer().setAttribute("aria-label", qy.word("map_label"));
    qy.find("qy-north").setAttribute("aria-label", qy.word("north"));
    qy.find("qy-note").hidden = !qy.doc.note;
    qy.find("qy-note-head").textContent = qy.word("indicative_map");
    qy.find("qy-note-text").textContent = qy.say(qy.doc.note);
    qy.find("qy-review").textContent = qy.label("review_number", qy.doc.review_number || qy.word("no_review_number"));
  };
})();
