/* Names on the map: written where they fit, the important ones first, and never over each other. */
(function () {
  "use strict";

  const GAP = 5; // pixels kept free around a name
  const LEAST_WIDTH = 40; // pixels; a narrower area has its name beside it, and so has one that its name would cover,
  const LEAST_PART = 0.3; // but for the large names, which may be wider than their areas
  let labels = [];

  function makeLabel(layer, row) {
    const name = qy.nameOf(layer.features[row]);
    const large = (qy.doc.listing && layer.doc.key === qy.doc.listing.layer) || layer.doc.key === qy.doc.large_label;
    const element = qy.make("span", { class: large ? "qy-name qy-name-large" : "qy-name", text: name || "" });
    const [lng, lat] = layer.doc.anchors[row];
    return { layer, element, feature: layer.features[row], place: L.latLng(lat, lng) };
  }

  /** Write the names anew, in the reader's language. */
  qy.writeLabels = function () {
    const pane = qy.map.getPane("qyNames");
    pane.replaceChildren();
    labels = [];
    qy.doc.labels.forEach(function (key) {
      const layer = qy.layers.find(function (candidate) {
        return candidate.doc.key === key;
      });
      (layer && layer.doc.anchors ? layer.features : []).forEach(function (feature) {
        labels.push(makeLabel(layer, feature.row));
      });
    });
    labels.forEach(function (label) {
      pane.append(label.element);
    });
    // Measured once and together: asking for a size after every change would lay out the page each time.
    labels.forEach(function (label) {
      label.size = L.point(label.element.offsetWidth, label.element.offsetHeight);
    });
    qy.placeLabels();
  };

  /* Corners at which a name may start: in the middle of what it names if that is wide enough, else beside it. */
  function corners(label, at, view) {
    const { x: width, y: height } = label.size;
    const { polygons, bounds } = label.feature;
    const extent = polygons.length
      ? qy.map.latLngToLayerPoint(bounds.getSouthEast()).x - qy.map.latLngToLayerPoint(bounds.getNorthWest()).x
      : 0;
    const part = label.layer.doc.key === qy.doc.large_label ? LEAST_PART : 1;
    if (extent > Math.max(LEAST_WIDTH, part * width)) {
      const left = Math.max(view.min.x + GAP, Math.min(at.x - width / 2, view.max.x - width - GAP));
      return [L.point(left, at.y - height / 2)];
    }
    const away = 7 + extent / 2;
    return [
      at.add([away, -height / 2]),
      at.add([-away - width, -height / 2]),
      at.add([-width / 2, -height - away]),
      at.add([-width / 2, away]),
    ];
  }

  /* What lies over the map in its corners, where a name would not be read. */
  function findObstacles() {
    const frame = qy.map.getContainer().getBoundingClientRect();
    return Array.from(document.querySelectorAll(".qy-note, .qy-north, .qy-tools, .leaflet-control"), function (element) {
      const box = element.getBoundingClientRect();
      return L.bounds(
        qy.map.containerPointToLayerPoint([box.left - frame.left, box.top - frame.top]),
        qy.map.containerPointToLayerPoint([box.right - frame.left, box.bottom - frame.top])
      );
    });
  }

  qy.placeLabels = function () {
    const taken = findObstacles();
    const view = L.bounds(
      qy.map.containerPointToLayerPoint([0, 0]),
      qy.map.containerPointToLayerPoint(qy.map.getSize())
    );
    labels.forEach(function (label) {
      const at = qy.map.latLngToLayerPoint(label.place);
      const free =
        qy.isVisible(label.layer) &&
        view.contains(at) &&
        corners(label, at, view).find(function (corner) {
          const box = L.bounds(corner.subtract([GAP, GAP]), corner.add(label.size).add([GAP, GAP]));
          const clear = !taken.some(function (other) {
            return other.intersects(box);
          });
          return clear && view.contains(box);
        });
      label.element.hidden = !free;
      if (free) {
        taken.push(L.bounds(free, free.add(label.size)));
        L.DomUtil.setPosition(label.element, free);
      }
    });
  };

  qy.startLabels = function () {
    const pane = qy.map.createPane("qyNames");
    pane.classList.add("leaflet-zoom-hide");
    qy.map.on("moveend zoomend resize", qy.placeLabels);
  };
})();
