/* Measure: the length of a line or the area of a ring that the reader draws, on the ellipsoid. */
(function () {
  "use strict";

  const MU = 10000 / 15; // square metres, exactly
  let kind = "length";
  let places = [];
  let drawing = null;
  let reading = null;

  function figure(value, decimals) {
    return value.toLocaleString("en-US", { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
  }

  function readLength() {
    const length = qy.lengthOf(places);
    return [figure(length, 1) + " m", figure(length / 1000, 3) + " km"];
  }

  function readArea() {
    const area = places.length > 2 ? qy.areaOf(places) : 0;
    const [hectares, mu] = [area / 10000, area / MU];
    return [figure(area, 1) + " m²", figure(hectares, 4) + " " + qy.word("hectares"), figure(mu, 2) + " " + qy.word("mu")];
  }

  function show() {
    if (drawing) drawing.remove();
    const options = { className: "qy-marked", weight: 3, interactive: false, fillOpacity: 0.15 };
    const dots = places.map((place) => L.circleMarker(place, Object.assign({}, options, { radius: 4 })));
    const line = kind === "area" ? L.polygon(places, options) : L.polyline(places, options);
    drawing = L.layerGroup([line, ...dots]).addTo(qy.map);
    const lines = kind === "area" ? readArea() : readLength();
    reading.replaceChildren(...lines.map((text) => qy.make("li", { text })));
    qy.announce(lines.join("; "));
  }

  function clear() {
    places = [];
    if (reading) show();
  }

  /** Take a place that the reader chose, by click or by Enter at the centre. */
  qy.addToMeasure = function (place) {
    places.push(place);
    show();
  };

  function makeChoice(name) {
    const box = qy.make("input", {
      type: "radio",
      name: "qy-measure",
      change: function () {
        kind = name;
        show();
      },
    });
    box.checked = kind === name;
    return qy.make("label", { class: "qy-choice" }, [box, qy.make("span", { text: qy.word("measure_" + name) })]);
  }

  function makeButton(key, act) {
    return qy.make("button", { type: "button", text: qy.word(key), click: act });
  }

  qy.tools.measure = {
    fill: function (pane) {
      reading = qy.make("ul", { class: "qy-reading" });
      const undo = function () {
        places.pop();
        show();
      };
      pane.append(
        qy.make("div", { class: "qy-choices" }, ["length", "area"].map(makeChoice)),
        reading,
        qy.make("p", { class: "qy-small", text: qy.word("measure_how") }),
        qy.make("div", { class: "qy-choices" }, [makeButton("undo", undo), makeButton("clear", clear)])
      );
      show();
    },
    stop: function () {
      clear();
      drawing.remove();
      reading = null;
    },
  };
})();
