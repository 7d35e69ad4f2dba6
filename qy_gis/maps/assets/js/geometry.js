/* Geometry: from steps on a grid to latitude and longitude, and what lies under a place. */
(function () {
  "use strict";

  /** [x0, y0, dx, dy, …] in grid steps -> [[lat, lng], …] */
  function decodeLine(steps, grid) {
    const line = [];
    let x = 0;
    let y = 0;
    for (let i = 0; i < steps.length; i += 2) {
      x += steps[i];
      y += steps[i + 1];
      line.push([grid.origin[1] + y * grid.step, grid.origin[0] + x * grid.step]);
    }
    return line;
  }

  function decodeLines(lines, grid) {
    return (lines || []).map(function (line) {
      return decodeLine(line, grid);
    });
  }

  function findBounds(lines) {
    const bounds = L.latLngBounds([]);
    lines.forEach(function (line) {
      line.forEach(function (place) {
        bounds.extend(place);
      });
    });
    return bounds;
  }

  /** The features of a layer of the document, with coordinates. */
  qy.decode = function (layer) {
    return layer.shapes.map(function (packed, row) {
      const shape = Array.isArray(packed) ? { polygons: [[packed]] } : packed;
      const polygons = (shape.polygons || []).map(function (rings) {
        return decodeLines(rings, layer);
      });
      const lines = decodeLines(shape.lines, layer);
      const points = decodeLines(shape.points, layer);
      const outer = polygons.map(function (rings) {
        return rings[0];
      });
      return { layer, row, polygons, lines, points, bounds: findBounds(outer.concat(lines, points)) };
    });
  };

  qy.decodeOutline = function (layer) {
    return decodeLines(layer.outline, layer);
  };

  function insideRing(ring, lat, lng) {
    let inside = false;
    for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
      const a = ring[i];
      const b = ring[j];
      const crosses = a[0] > lat !== b[0] > lat;
      if (crosses && lng < ((b[1] - a[1]) * (lat - a[0])) / (b[0] - a[0]) + a[1]) inside = !inside;
    }
    return inside;
  }

  function insidePolygon(rings, lat, lng) {
    const inHole = rings.slice(1).some(function (hole) {
      return insideRing(hole, lat, lng);
    });
    return insideRing(rings[0], lat, lng) && !inHole;
  }

  function nearLine(line, pointer, reach) {
    for (let i = 1; i < line.length; i++) {
      const a = qy.map.latLngToLayerPoint(line[i - 1]);
      const b = qy.map.latLngToLayerPoint(line[i]);
      if (L.LineUtil.pointToSegmentDistance(pointer, a, b) <= reach) return true;
    }
    return false;
  }

  /** A place to ask about, and the few pixels around it within which lines and points are met. */
  qy.makeProbe = function (place, reach) {
    const pointer = qy.map.latLngToLayerPoint(place);
    const low = qy.map.layerPointToLatLng(pointer.add([-reach, reach]));
    const high = qy.map.layerPointToLatLng(pointer.add([reach, -reach]));
    return { place, pointer, reach, bounds: L.latLngBounds(low, high) };
  };

  qy.isUnder = function (feature, probe) {
    const { place, pointer, reach } = probe;
    if (!feature.bounds.isValid() || !feature.bounds.intersects(probe.bounds)) return false;
    return (
      feature.polygons.some(function (rings) {
        return insidePolygon(rings, place.lat, place.lng);
      }) ||
      feature.points.some(function (point) {
        return qy.map.latLngToLayerPoint(point[0]).distanceTo(pointer) <= reach;
      }) ||
      feature.lines.some(function (line) {
        return nearLine(line, pointer, reach);
      })
    );
  };
})();
