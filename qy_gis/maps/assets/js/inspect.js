/* What lies here: names under the pointer, everything known on a click. */
(function () {
  "use strict";

  const REACH = 8; // pixels within which a line or a point counts as met
  const MOST_NAMES = 8; // a tooltip longer than this hides the map

  qy.nameOf = function (feature) {
    const { names, names_en: namesEn } = feature.layer;
    return (qy.lang === "en" && namesEn && namesEn[feature.row]) || names[feature.row];
  };

  /** Visible features at a place, the topmost layer first. */
  function featuresAt(place) {
    const found = [];
    const probe = qy.makeProbe(place, REACH);
    qy.layers.filter(qy.isVisible).reverse().forEach(function (layer) {
      layer.features.forEach(function (feature) {
        if (qy.isUnder(feature, probe)) found.push(feature);
      });
    });
    return found;
  }

  function makeTooltip(features) {
    const lines = features.slice(0, MOST_NAMES).map(function (feature) {
      return qy.make("div", {}, [
        qy.make("b", { text: qy.nameOf(feature) || qy.word("unnamed") }),
        qy.make("span", { text: qy.say(feature.layer.title) }),
      ]);
    });
    if (features.length > MOST_NAMES) lines.push(qy.make("div", { text: "+ " + (features.length - MOST_NAMES) }));
    return qy.make("div", { class: "qy-tip" }, lines);
  }

  /** Label of a basis: statutory, indicative or proxy. */
  qy.makeBasis = function (basis) {
    return basis && qy.make("span", { class: "qy-chip qy-" + basis, text: qy.word(basis) });
  };

  function makeCard(feature) {
    const layer = feature.layer;
    const facts = layer.facts.filter(function (fact) {
      return fact.values[feature.row] !== null;
    });
    const rows = facts.map(function (fact) {
      return qy.make("div", {}, [
        qy.make("dt", { text: qy.say(fact.title) }),
        qy.make("dd", { text: qy.say(fact.choices ? fact.choices[fact.values[feature.row]] : fact.values[feature.row]) }),
      ]);
    });
    const sources = layer.sources.map(function (key) {
      return qy.make("li", { text: qy.doc.sources[key] });
    });
    const quality = [];
    if (layer.accuracy_m !== null) quality.push(qy.word("accuracy") + " " + layer.accuracy_m + " m");
    if (layer.basis) quality.push(layer.date ? qy.word("date") + " " + layer.date : qy.word("unknown_date"));
    return qy.make("article", { class: "qy-card" }, [
      qy.make("h2", { text: qy.nameOf(feature) || qy.word("unnamed") }),
      qy.make("p", { class: "qy-card-layer" }, [
        qy.make("span", { text: qy.say(layer.title) }),
        qy.makeBasis(layer.basis),
      ]),
      rows.length > 0 && qy.make("dl", {}, rows),
      quality.length > 0 && qy.make("p", { class: "qy-small", text: quality.join(" · ") }),
      layer.basis &&
        qy.make("details", { class: "qy-small" }, [
          qy.make("summary", { text: qy.word("basis_and_sources") }),
          qy.make("p", { text: qy.say(layer.basis_note) }),
          qy.make("ul", {}, sources),
        ]),
    ]);
  }

  function openPopup(place) {
    const features = featuresAt(place);
    const cards = features.map(makeCard);
    if (!cards.length) cards.push(qy.make("p", { text: qy.word("nothing") }));
    const content = qy.make("div", { class: "qy-cards", tabindex: "-1" }, cards);
    const size = qy.map.getSize();
    L.popup({ maxWidth: Math.min(360, size.x - 60), minWidth: Math.min(240, size.x - 60), maxHeight: size.y * 0.55 })
      .setLatLng(place)
      .setContent(content)
      .openOn(qy.map);
    document.querySelectorAll(".leaflet-popup-close-button").forEach(function (button) {
      button.setAttribute("aria-label", qy.word("close"));
    });
    qy.announce(features.map(qy.nameOf).filter(Boolean).join("; ") || qy.word("nothing"));
    return content;
  }

  qy.startInspect = function () {
    const tooltip = L.tooltip({ direction: "right", offset: [14, 0], className: "qy-tooltip" });
    let waiting = null;
    function hover(place) {
      waiting = null;
      const features = featuresAt(place).filter(function (feature) {
        return feature.layer.hover;
      });
      if (!features.length || qy.isOpen("measure")) tooltip.remove();
      else tooltip.setLatLng(place).setContent(makeTooltip(features)).addTo(qy.map);
    }
    qy.map.on("mousemove", function (event) {
      // One answer a frame is enough, however fast the pointer moves.
      if (waiting === null) waiting = requestAnimationFrame(hover.bind(null, event.latlng));
    });
    function stop() {
      cancelAnimationFrame(waiting);
      waiting = null;
      tooltip.remove();
    }
    qy.map.on("movestart zoomstart click", stop);
    // Not the map's own "mouseout", which Leaflet does not send from a canvas.
    qy.map.getContainer().addEventListener("mouseleave", stop);
    qy.map.on("click", function (event) {
      if (qy.isOpen("measure")) qy.addToMeasure(event.latlng);
      else openPopup(event.latlng);
    });
    qy.map.getContainer().addEventListener("keydown", function (event) {
      if (event.key !== "Enter" || event.target !== this) return;
      if (qy.isOpen("measure")) qy.addToMeasure(qy.map.getCenter());
      else openPopup(qy.map.getCenter()).focus();
    });
  };
})();
