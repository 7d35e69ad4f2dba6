/* Figures on the ellipsoid of CGCS2000: Gauss-Krueger coordinates, lengths and areas of what a reader draws.
 *
 * A line drawn on the screen is straight on the screen; it is followed in short steps.
 */
(function () {
  "use strict";

  const A = 6378137; // semi-major axis, metres
  const F = 1 / 298.257222101;
  const E2 = F * (2 - F);
  const E = Math.sqrt(E2);
  const N = F / (2 - F); // third flattening
  const RADIANS = Math.PI / 180;
  const STEPS = 64; // pieces in which a drawn line is followed

  /* Krueger's series to the fourth order: below a millimetre within a zone. */
  const RECTIFYING = (A / (1 + N)) * (1 + N ** 2 / 4 + N ** 4 / 64);
  const ALPHA = [
    N / 2 - (2 / 3) * N ** 2 + (5 / 16) * N ** 3 + (41 / 180) * N ** 4,
    (13 / 48) * N ** 2 - (3 / 5) * N ** 3 + (557 / 1440) * N ** 4,
    (61 / 240) * N ** 3 - (103 / 140) * N ** 4,
    (49561 / 161280) * N ** 4,
  ];

  /** The 3-degree zone of a longitude, and easting (with the zone in front) and northing in its grid, metres. */
  qy.toGrid = function ({ lat, lng }) {
    const zone = Math.floor(lng / 3 + 0.5);
    const sine = Math.sin(lat * RADIANS);
    const turn = (lng - 3 * zone) * RADIANS;
    const t = Math.sinh(Math.atanh(sine) - E * Math.atanh(E * sine));
    const xi = Math.atan2(t, Math.cos(turn));
    const eta = Math.atanh(Math.sin(turn) / Math.sqrt(1 + t * t));
    let north = xi;
    let east = eta;
    ALPHA.forEach(function (alpha, place) {
      const order = 2 * (place + 1);
      north += alpha * Math.sin(order * xi) * Math.cosh(order * eta);
      east += alpha * Math.cos(order * xi) * Math.sinh(order * eta);
    });
    return { zone, east: zone * 1e6 + 5e5 + RECTIFYING * east, north: RECTIFYING * north };
  };

  /** By how much Mercator makes land larger at a latitude: the mean of north and east, which differ by 0.6 %. */
  qy.stretchAt = function (lat) {
    const sine = Math.sin(lat * RADIANS);
    return (1 - E2 * sine * sine) / (Math.sqrt(1 - E2) * Math.cos(lat * RADIANS));
  };

  function follow(from, to) {
    const [a, b] = [from, to].map(function (place) {
      return L.CRS.EPSG3857.project(place);
    });
    return Array.from({ length: STEPS + 1 }, function (_, step) {
      return L.CRS.EPSG3857.unproject(a.add(b.subtract(a).multiplyBy(step / STEPS)));
    });
  }

  function pairs(line) {
    return line.slice(1).map(function (place, before) {
      return [line[before], place];
    });
  }

  function shortLength([from, to]) {
    const middle = ((from.lat + to.lat) / 2) * RADIANS;
    const w = 1 - E2 * Math.sin(middle) ** 2;
    const north = ((A * (1 - E2)) / w ** 1.5) * (to.lat - from.lat) * RADIANS;
    const east = (A / Math.sqrt(w)) * Math.cos(middle) * (to.lng - from.lng) * RADIANS;
    return Math.hypot(north, east);
  }

  /** Length of a line of places, metres. */
  qy.lengthOf = function (places) {
    return pairs(places)
      .flatMap(([from, to]) => pairs(follow(from, to)))
      .reduce((sum, piece) => sum + shortLength(piece), 0);
  };

  /* Area between a parallel and the equator, for one radian of longitude. */
  function stripe(lat) {
    const sine = Math.sin(lat * RADIANS);
    return ((A * A * (1 - E2)) / 2) * (sine / (1 - E2 * sine * sine) + Math.atanh(E * sine) / E);
  }

  /** Area of a ring of places, square metres. */
  qy.areaOf = function (places) {
    const ring = places.concat([places[0]]);
    const sum = pairs(ring)
      .flatMap(([from, to]) => pairs(follow(from, to)))
      .reduce((total, [a, b]) => total + ((b.lng - a.lng) * RADIANS * (stripe(a.lat) + stripe(b.lat))) / 2, 0);
    return Math.abs(sum);
  };
})();
