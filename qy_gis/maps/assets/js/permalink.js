/* Permalink: place, zoom, layers, language and look of the page, in the part of its address after "#". */
(function () {
  "use strict";

  let written = null; // the address that the page itself gave last

  /** The address of what the reader sees. */
  function makeHash() {
    const { lat, lng } = qy.map.getCenter();
    const shown = qy.layers.filter(qy.isVisible).map((layer) => layer.doc.key);
    const parts = { map: [qy.map.getZoom().toFixed(2), lat.toFixed(5), lng.toFixed(5)].join("/"), lang: qy.lang };
    if (document.documentElement.dataset.theme) parts.theme = document.documentElement.dataset.theme;
    return "#" + new URLSearchParams(Object.assign(parts, { layers: shown.join(",") })).toString();
  }

  /** Go where the address says. An address is data too: what is not a number or a known key is passed over. */
  qy.readHash = function () {
    const parts = new URLSearchParams(window.location.hash.slice(1));
    const [zoom, lat, lng] = (parts.get("map") || "").split("/").map(Number);
    const wanted = parts.has("layers") ? parts.get("layers").split(",") : null;
    if (wanted) {
      qy.layers.forEach(function (layer) {
        const visible = layer.doc.has_data && wanted.includes(layer.doc.key);
        if (visible !== qy.isVisible(layer)) qy.show(layer, visible);
      });
    }
    if (["zh", "en"].includes(parts.get("lang"))) qy.lang = parts.get("lang");
    if (["light", "dark"].includes(parts.get("theme"))) document.documentElement.dataset.theme = parts.get("theme");
    if (Number.isFinite(zoom) && Math.abs(lat) <= 85 && Math.abs(lng) <= 180) {
      qy.map.setView([lat, lng], zoom, { animate: false });
      return true;
    }
    return false;
  };

  /** Follow an address that the reader gave, not the one that the page has just written. */
  qy.startPermalink = function (writeTexts) {
    window.addEventListener("hashchange", function () {
      if (window.location.hash === written) return;
      written = null;
      qy.openTool(null);
      qy.readHash();
      writeTexts();
    });
  };

  qy.tools.link = {
    fill: function (pane) {
      written = makeHash();
      window.location.hash = written;
      const box = qy.make("input", { type: "text", readonly: true, "aria-label": qy.word("link") });
      box.value = window.location.href;
      pane.append(box, qy.make("p", { class: "qy-small", text: qy.word("link_how") }));
      box.addEventListener("focus", () => box.select());
    },
    stop: function () {},
  };
})();
