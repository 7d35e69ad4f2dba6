/* Search: features of every layer by Chinese or English name, or by code. */
(function () {
  "use strict";

  const MOST = 12; // a longer list is not read

  function matches(layer, row, wanted) {
    return [layer.doc.names, layer.doc.names_en, layer.doc.codes].some(function (texts) {
      return texts && texts[row] && texts[row].toLowerCase().includes(wanted);
    });
  }

  function find(wanted) {
    const found = [];
    qy.layers.forEach(function (layer) {
      for (let row = 0; row < layer.features.length && found.length < MOST; row++) {
        if (matches(layer, row, wanted)) found.push({ layer, feature: layer.features[row] });
      }
    });
    return found;
  }

  function goTo({ layer, feature }) {
    if (!qy.isVisible(layer)) {
      qy.show(layer, true);
      qy.writePanel();
    }
    if (feature.bounds.isValid()) {
      qy.fit(feature.bounds);
      qy.mark(feature);
    }
    qy.announce(qy.nameOf(feature) || qy.word("unnamed"));
  }

  function makeResult(result) {
    return qy.make("li", {}, [
      qy.make("button", { type: "button", class: "qy-found", click: () => goTo(result) }, [
        qy.make("b", { text: qy.nameOf(result.feature) || qy.word("unnamed") }),
        qy.make("span", { class: "qy-small", text: qy.say(result.layer.doc.title) }),
      ]),
    ]);
  }

  qy.tools.search = {
    fill: function (pane) {
      const list = qy.make("ul", { class: "qy-results" });
      const box = qy.make("input", {
        type: "search",
        "aria-label": qy.word("search_for"),
        placeholder: qy.word("search_for"),
        input: function () {
          const wanted = box.value.trim().toLowerCase();
          const found = wanted ? find(wanted) : [];
          list.replaceChildren(...found.map(makeResult));
          if (wanted && !found.length) list.append(qy.make("li", { class: "qy-small", text: qy.word("not_found") }));
          if (wanted) qy.announce(found.length ? String(found.length) : qy.word("not_found"));
        },
      });
      pane.append(box, list);
    },
    stop: function () {
      if (qy.marked) qy.marked.remove();
    },
  };
})();
