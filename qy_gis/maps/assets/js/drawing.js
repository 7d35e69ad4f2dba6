/* Drawing: one canvas for all layers, colours with a hatch beside them, dashes for outlines that are not statutory. */
(function () {
  "use strict";

  const DASHES = { statutory: null, indicative: "10 4", proxy: "3 4" };
  const TILE = 8; // pixels after which a hatch repeats
  const patterns = {};

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
        context.globalAlpha = 0.75;
        context.fillStyle = makePattern(context, path.options.hatch, path.options.color);
        context.fill("evenodd");
      }
    },
  });

  function styleOf(layer, row) {
    return layer.classes[layer.class_of ? layer.class_of[row] : 0].style;
  }

  function pathOptions(layer, style, renderer) {
    return {
      renderer,
      interactive: false,
      color: style.color,
      weight: style.weight,
      dashArray: DASHES[layer.basis] || null,
      fill: Boolean(style.fill || style.hatch),
      fillColor: style.fill || style.color,
      fillOpacity: style.fill ? 0.3 : 0,
      hatch: style.hatch,
    };
  }

  function drawFeature(feature, renderer) {
    const layer = feature.layer;
    const style = styleOf(layer, feature.row);
    const options = pathOptions(layer, style, renderer);
    const paths = [];
    if (feature.polygons.length) {
      paths.push(L.polygon(feature.polygons, Object.assign({}, options, { stroke: !layer.outline })));
    }
    if (feature.lines.length) {
      paths.push(L.polyline(feature.lines, Object.assign({}, options, { fill: false, hatch: null, dashArray: null })));
    }
    feature.points.forEach(function (point) {
      const dot = { radius: 3.5, color: "#ffffff", weight: 1, dashArray: null, fill: true, hatch: null };
      paths.push(L.circleMarker(point[0], Object.assign({}, options, dot, { fillColor: style.color, fillOpacity: 1 })));
    });
    return paths;
  }

  /** Make the layers of the document, bottom first, and show those that are visible at first. */
  qy.drawLayers = function () {
    const renderer = L.canvas({ padding: 0.2 });
    qy.layers = qy.doc.layers.map(function (layer) {
      const features = qy.decode(layer);
      const group = L.layerGroup();
      features.forEach(function (feature) {
        drawFeature(feature, renderer).forEach(function (path) {
          group.addLayer(path);
        });
      });
      if (layer.outline) {
        const options = pathOptions(layer, styleOf(layer, 0), renderer);
        group.addLayer(L.polyline(qy.decodeOutline(layer), Object.assign(options, { fill: false, hatch: null })));
      }
      if (layer.on && layer.has_data) group.addTo(qy.map);
      return { doc: layer, features, group };
    });
  };

  qy.isVisible = function (layer) {
    return qy.map.hasLayer(layer.group);
  };

  /** Show or hide a layer, and keep the others in their order: a canvas draws last what was added last. */
  qy.show = function (layer, visible) {
    if (visible) layer.group.addTo(qy.map);
    else layer.group.remove();
    qy.layers.filter(qy.isVisible).forEach(function (shown) {
      shown.group.eachLayer(function (path) {
        path.bringToFront();
      });
    });
    qy.placeLabels();
  };

  /** Draw the eye to a feature. */
  qy.mark = function (feature) {
    if (qy.marked) qy.marked.remove();
    const options = { className: "qy-marked", fill: false, weight: 6, opacity: 0.8, interactive: false };
    qy.marked = L.polygon(feature.polygons, options).addTo(qy.map);
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
      Object.keys(shape).forEach(function (kind) {
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
