/* The layer panel: groups, checkboxes, legend; layers without data are listed, never silently absent. */
(function () {
  "use strict";

  function makeClasses(layer) {
    if (layer.doc.classes.length < 2) return null;
    const items = layer.doc.classes.map(function (kind) {
      return qy.make("li", {}, [qy.makeSwatch(kind.style, layer.doc), qy.make("span", { text: qy.say(kind.title) })]);
    });
    return qy.make("ul", { class: "qy-classes" }, items);
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
    return qy.make("li", {}, [
      qy.make("label", { class: doc.has_data ? "qy-row" : "qy-row qy-row-empty" }, [
        box,
        doc.classes.length === 1 && qy.makeSwatch(doc.classes[0].style, doc),
        qy.make("span", { class: "qy-row-title", text: qy.say(doc.title) }),
        doc.has_data ? qy.makeBasis(doc.basis) : qy.make("span", { class: "qy-chip", text: qy.word("no_data") }),
      ]),
      makeClasses(layer),
    ]);
  }

  function makeGroup(group) {
    const rows = qy.layers
      .filter(function (layer) {
        return layer.doc.group === group.key;
      })
      .reverse() // the topmost first, as one sees them
      .map(makeRow);
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
    return qy.make("fieldset", {}, [
      qy.make("legend", { text: qy.word("lines") }),
      qy.make("ul", { class: "qy-classes qy-lines" }, items),
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
    const parts = [heading].concat(qy.doc.groups.map(makeGroup), makeLineLegend(), makeSources());
    qy.find("qy-layers").replaceChildren(...parts.filter(Boolean));
    qy.find("qy-panel").setAttribute("aria-label", qy.word("layers"));
  };
})();
