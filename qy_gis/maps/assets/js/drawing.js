/* Drawing: one canvas for all layers, colours with a hatch beside them, dashes for outlines that are not statutory. */
(function () {
  "use strict";

  const DASHES = { statutory: null, indicative: "10 4", proxy: "3 4" };
  const TILE = 8; // pixels after which a hatch repeats
  const patterns = {};
  let mainRenderer = null; // one canvas for all layers, but for those that the reader swipes

  /* Strokes of one tile, beyond its edges so that the corners join. */
  const STROKES = {
    diag: [[-2, 10, 10, -2], [-2, 2, 2, -2], [6, 10, 10, 6]],
    back: [[-2, -2, 10, 10], [6, -2, 10, 2], [-2, 6, 2, 10]],
    horiz: [[0, 4, 8, 4]],
    dots: [],
  };
  STROKES.cross = STROKES.diag.concat(STROKES.back);

  function makePattern(context, hatch, color) {
    const name = hatch + color;
    if (!patterns[name]) {
      const tile = document.createElement("canvas");
      tile.width = tile.height = TILE;
      const pen = tile.getContext("2d");
      pen.strokeStyle = pen.fillStyle = color;
      pen.lineWidth = 1.1;
      STROKES[hatch].forEach(function ([x0, y0, x1, y1]) {
        pen.moveTo(x0, y0);
        pen.lineTo(x1, y1);
      });
      pen.stroke();
      if (hatch === "dots") {
        pen.arc(4, 4, 1.3, 0, 2 * Math.PI);
        pen.fill();
      }
      patterns[name] = context.createPattern(tile, "repeat");
    }
    return patterns[name];
  }

  /* Leaflet fills the current path with one colour; the hatch goes over it in a second fill. */
  const fillStroke = L.Canvas.prototype._fillStroke;
  L.Canvas.include({
    _fillStroke: function (context, path) {
      fillStroke.call(this, context, path);
      if (path.options.hatch) {
        context.globalAlpha = 0.75 * path.options.opacity;
        context.fillStyle = makePattern(context, path.options.hatch, path.options.color);
        context.fill("evenodd");
      }
    },
  });

  /** How a class of features is drawn in the palette that the reader chose. */
  qy.styleOf = function (kind) {
    return qy.shown.accessible ? Object.assign({}, kind.style, kind.accessible) : kind.style;
  };

  function pathOptions(layer, row) {
    const { doc } = layer;
    const style = qy.styleOf(doc.classes[doc.class_of ? doc.class_of[row] : 0]);
    return {
      renderer: layer.renderer || mainRenderer,
      interactive: false,
      color: style.color,
      opacity: layer.opacity,
      weight: style.weight,
      dashArray: DASHES[doc.basis] || null,
      fill: Boolean(style.fill || style.hatch),
      fillColor: style.fill || style.color,
      fillOpacity: (style.fill ? 0.3 : 0) * layer.opacity,
      hatch: style.hatch,
    };
  }

  /* Where the lines of a layer may be: a light band around them, beneath its features. */
  function drawBand(feature, layer) {
    const options = pathOptions(layer, 0);
    const light = { stroke: false, fill: true, hatch: null, fillColor: options.color, fillOpacity: 0.14 * layer.opacity };
    return L.polygon(feature.polygons, Object.assign(options, light));
  }

  function drawFeature(feature, layer) {
    const options = pathOptions(layer, feature.row);
    const paths = [];
    if (feature.polygons.length) {
      paths.push(L.polygon(feature.polygons, Object.assign({}, options, { stroke: !layer.doc.outline })));
    }
    if (feature.lines.length) {
      paths.push(L.polyline(feature.lines, Object.assign({}, options, { fill: false, hatch: null, dashArray: null })));
    }
    feature.points.forEach(function (point) {
      const dot = { radius: 3.5, color: "#ffffff", weight: 1, dashArray: null, fill: true, hatch: null };
      const fill = { fillColor: options.color, fillOpacity: layer.opacity };
      paths.push(L.circleMarker(point[0], Object.assign({}, options, dot, fill)));
    });
    return paths;
  }

  function fillGroup(layer) {
    const { doc, group } = layer;
    group.clearLayers();
    if (qy.shown.bands) layer.band.forEach((feature) => group.addLayer(drawBand(feature, layer)));
    layer.features.forEach(function (feature) {
      drawFeature(feature, layer).forEach((path) => group.addLayer(path));
    });
    if (doc.outline) {
      const options = Object.assign(pathOptions(layer, 0), { fill: false, hatch: null });
      group.addLayer(L.polyline(qy.decodeOutline(doc), options));
    }
  }

  /** Make the layers of the document, bottom first, and show those that are visible at first. */
  qy.drawLayers = function () {
    mainRenderer = L.canvas({ padding: 0.2 });
    qy.layers = qy.doc.layers.map(function (doc) {
      const band = doc.band ? qy.decode(doc.band) : [];
      return { doc, band, features: qy.decode(doc), group: L.layerGroup(), opacity: 1, renderer: null };
    });
    qy.layers.forEach(function (layer) {
      fillGroup(layer);
      if (layer.doc.on && layer.doc.has_data) layer.group.addTo(qy.map);
    });
  };

  /** Draw everything anew: another palette, bands or none, another resolution. */
  qy.redraw = function () {
    qy.layers.forEach((layer) => layer.group.clearLayers());
    mainRenderer.remove();
    mainRenderer = L.canvas({ padding: 0.2 });
    qy.layers.forEach(fillGroup);
  };

  /** Draw a layer with a renderer of its own; null: with that of all the others. */
  qy.drawWith = function (layer, renderer) {
    layer.renderer = renderer;
    fillGroup(layer);
    if (!qy.isVisible(layer)) layer.group.addTo(qy.map);
    keepOrder();
  };

  qy.setOpacity = function (layer, opacity) {
    layer.opacity = opacity;
    fillGroup(layer);
    keepOrder();
  };

  qy.isVisible = function (layer) {
    return qy.map.hasLayer(layer.group);
  };

  /* A canvas draws last what was added last: whatever came late goes back to its place. */
  function keepOrder() {
    qy.layers.filter(qy.isVisible).forEach(function (shown) {
      shown.group.eachLayer((path) => path.bringToFront());
    });
  }

  /** Show or hide a layer. */
  qy.show = function (layer, visible) {
    if (visible) layer.group.addTo(qy.map);
    else layer.group.remove();
    keepOrder();
    qy.placeLabels();
  };

  /** Draw the eye to a feature. */
  qy.mark = function (feature) {
    if (qy.marked) qy.marked.remove();
    const options = { className: "qy-marked", fill: false, weight: 6, opacity: 0.8, interactive: false };
    const dots = feature.points.map((point) => L.circleMarker(point[0], Object.assign({ radius: 11 }, options)));
    const lines = feature.lines.map((line) => L.polyline(line, options));
    const rings = feature.polygons.map((polygon) => L.polygon(polygon, options));
    qy.marked = L.layerGroup([...rings, ...lines, ...dots]).addTo(qy.map);
  };

  /** The sign of a style in the legend: a small picture of how its features look. */
  qy.makeSwatch = function (style, layer) {
    const size = { width: 26, height: 16 };
    const canvas = qy.make("canvas", { class: "qy-swatch", "aria-hidden": "true" });
    canvas.width = size.width * 2;
    canvas.height = size.height * 2;
    const pen = canvas.getContext("2d");
    pen.scale(2, 2);
    const kinds = { polygons: false, lines: false, points: false };
    layer.shapes.forEach(function (shape) {
      Object.keys(Array.isArray(shape) ? { polygons: shape } : shape).forEach(function (kind) {
        kinds[kind] = true;
      });
    });
    const dash = (DASHES[layer.basis] || "").split(" ").filter(Boolean).map(Number);
    pen.strokeStyle = style.color;
    pen.lineWidth = Math.min(style.weight, 2.5);
    pen.beginPath();
    if (kinds.points && !kinds.polygons) {
      pen.arc(size.width / 2, size.height / 2, 4, 0, 2 * Math.PI);
      pen.fillStyle = style.color;
      pen.fill();
      return canvas;
    }
    if (kinds.lines && !kinds.polygons) {
      pen.moveTo(1, 12);
      pen.bezierCurveTo(9, 0, 16, 18, 25, 4);
      pen.stroke();
      return canvas;
    }
    pen.rect(1.5, 1.5, size.width - 3, size.height - 3);
    if (style.fill) {
      pen.globalAlpha = 0.4;
      pen.fillStyle = style.fill;
      pen.fill();
    }
    if (style.hatch) {
      pen.globalAlpha = 0.75;
      pen.fillStyle = makePattern(pen, style.hatch, style.color);
      pen.fill();
    }
    pen.globalAlpha = 1;
    pen.setLineDash(dash);
    pen.stroke();
    return canvas;
  };
})();
