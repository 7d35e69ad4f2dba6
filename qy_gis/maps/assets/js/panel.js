/* The layer panel: groups, checkboxes, legend; layers without data are listed, never silently absent. */
(function () {
  "use strict";

  function makeClasses(layer) {
    if (layer.doc.classes.length < 2) return null;
    const items = layer.doc.classes.map(function (kind) {
      return qy.make("li", {}, [qy.makeSwatch(qy.styleOf(kind), layer.doc), qy.make("span", { text: qy.say(kind.title) })]);
    });
    return qy.make("ul", { class: "qy-classes" }, items);
  }

  function makeOpacity(layer) {
    const name = qy.label("opacity", qy.say(layer.doc.title));
    const slider = qy.make("input", { type: "range", min: 0, max: 100, step: 5, class: "qy-opacity", "aria-label": name });
    slider.value = 100 * layer.opacity;
    slider.hidden = layer.opacity === 1;
    slider.addEventListener("input", () => qy.setOpacity(layer, slider.value / 100));
    const button = qy.make("button", {
      type: "button",
      class: "qy-opacity-button",
      title: name,
      "aria-label": name,
      "aria-expanded": String(!slider.hidden),
      text: "◐",
      click: function () {
        slider.hidden = !slider.hidden;
        button.setAttribute("aria-expanded", String(!slider.hidden));
        if (!slider.hidden) slider.focus();
      },
    });
    return [button, slider];
  }

  function makeRow(layer) {
    const { doc } = layer;
    const box = qy.make("input", {
      type: "checkbox",
      "data-layer": doc.key,
      disabled: !doc.has_data,
      change: function () {
        qy.show(layer, box.checked);
      },
    });
    box.checked = qy.isVisible(layer);
    const [button, slider] = doc.has_data ? makeOpacity(layer) : [null, null];
    return qy.make("li", {}, [
      qy.make("div", { class: "qy-entry" }, [
        qy.make("label", { class: doc.has_data ? "qy-row" : "qy-row qy-row-empty" }, [
          box,
          doc.classes.length === 1 && qy.makeSwatch(qy.styleOf(doc.classes[0]), doc),
          qy.make("span", { class: "qy-row-title", text: qy.say(doc.title) }),
          doc.has_data ? qy.makeBasis(doc.basis) : qy.make("span", { class: "qy-chip", text: qy.word("no_data") }),
        ]),
        button,
      ]),
      slider,
      makeClasses(layer),
    ]);
  }

  function makeGroup(group) {
    const rows = qy.layers
      .filter(function (layer) {
        // A sheet explains what is on it; what has no data stays, as it does on the screen.
        return layer.doc.group === group.key && (!qy.onPaper() || !layer.doc.has_data || qy.isVisible(layer));
      })
      .reverse() // the topmost first, as one sees them
      .map(makeRow);
    if (!rows.length) return null;
    return qy.make("fieldset", {}, [qy.make("legend", { text: qy.say(group.title) }), qy.make("ul", {}, rows)]);
  }

  function makeLineLegend() {
    const used = ["statutory", "indicative", "proxy"].filter(function (basis) {
      return qy.doc.layers.some(function (layer) {
        return layer.basis === basis;
      });
    });
    if (!used.length) return null;
    const items = used.map(function (basis) {
      return qy.make("li", {}, [
        qy.make("span", { class: "qy-line qy-line-" + basis, "aria-hidden": "true" }),
        qy.make("span", { text: qy.word(basis) }),
      ]);
    });
    if (qy.shown.bands && qy.layers.some((layer) => layer.band.length)) {
      const sign = qy.make("span", { class: "qy-line qy-line-band", "aria-hidden": "true" });
      items.push(qy.make("li", {}, [sign, qy.make("span", { text: qy.word("band") })]));
    }
    return qy.make("fieldset", {}, [
      qy.make("legend", { text: qy.word("lines") }),
      qy.make("ul", { class: "qy-classes qy-lines" }, items),
    ]);
  }

  function makeSwitch(key, act) {
    const box = qy.make("input", {
      type: "checkbox",
      "data-switch": key,
      change: function () {
        qy.shown[key] = box.checked;
        act();
      },
    });
    box.checked = qy.shown[key];
    return qy.make("li", {}, [
      qy.make("label", { class: "qy-row" }, [box, qy.make("span", { text: qy.word("show_" + key) })]),
    ]);
  }

  function makeSwitches() {
    const repaint = function () {
      qy.redraw();
      qy.writePanel();
      qy.find("qy-panel").querySelector("[data-switch=accessible]").focus();
    };
    return qy.make("fieldset", { class: "qy-switches" }, [
      qy.make("legend", { text: qy.word("display") }),
      qy.make("ul", {}, [
        qy.layers.some((layer) => layer.band.length) && makeSwitch("bands", qy.redraw),
        makeSwitch("graticule", qy.drawGraticule),
        makeSwitch("accessible", repaint),
      ]),
    ]);
  }

  function makeSources() {
    const titles = Object.values(qy.doc.sources);
    if (!titles.length) return null;
    const items = titles.map(function (title) {
      return qy.make("li", { text: title });
    });
    return qy.make("details", { class: "qy-small" }, [
      qy.make("summary", { text: qy.word("sources") + " (" + titles.length + ")" }),
      qy.make("ul", {}, items),
    ]);
  }

  qy.writePanel = function () {
    const heading = qy.make("h2", { text: qy.word("layers") });
    const parts = [heading].concat(qy.doc.groups.map(makeGroup), makeLineLegend(), makeSwitches(), makeSources());
    qy.find("qy-layers").replaceChildren(...parts.filter(Boolean));
    qy.find("qy-panel").setAttribute("aria-label", qy.word("layers"));
  };
})();
