/* The page as a whole: its start, its language, its light or dark look, its panel. */
(function () {
  "use strict";

  const MARGIN = 30; // pixels
  const NOTE_HEIGHT = 90; // pixels
  const CLOSEST = 16; // zoom at which a parcel is seen with what is around it
  const NARROW = "(max-width: 760px)"; // the panel is a sheet over the map, see page.css

  function writeTexts() {
    const root = document.documentElement;
    root.lang = qy.lang === "zh" ? "zh-CN" : "en";
    document.title = qy.find("qy-title").textContent = qy.say(qy.doc.title);
    document.querySelectorAll("[data-word]").forEach(function (element) {
      element.textContent = qy.word(element.dataset.word);
    });
    document.querySelectorAll("[data-label]").forEach(function (element) {
      element.title = qy.word(element.dataset.label);
      // What has a text of its own is called by it.
      if (!element.dataset.word) element.setAttribute("aria-label", qy.word(element.dataset.label));
    });
    qy.map.closePopup();
    qy.writeFrame();
    qy.writeListing();
    qy.writePanel();
    qy.writeLabels();
    qy.writeTools();
  }

  function switchTheme() {
    const root = document.documentElement;
    const dark = root.dataset.theme
      ? root.dataset.theme === "dark"
      : window.matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  }

  function showPanel(visible) {
    document.body.classList.toggle("qy-no-panel", !visible);
    qy.find("qy-panel-button").setAttribute("aria-expanded", String(visible));
    qy.map.invalidateSize({ pan: false });
  }

  /** Move to bounds, clear of what lies over the foot of the map: the note, or the sheet. */
  qy.fit = function (bounds) {
    const sheet = window.matchMedia(NARROW).matches ? qy.find("qy-panel").offsetHeight : 0;
    const foot = Math.max(sheet + MARGIN, NOTE_HEIGHT);
    qy.map.fitBounds(bounds, {
      paddingTopLeft: [MARGIN, MARGIN],
      paddingBottomRight: [MARGIN, foot],
      maxZoom: CLOSEST,
      animate: false,
    });
  };

  /* Marker pictures are looked for beside the style sheet; here there is no such folder. */
  function bundleMarkers() {
    const probe = qy.make("div", { class: "leaflet-default-icon-path" });
    document.body.append(probe);
    const url = getComputedStyle(probe).backgroundImage.slice(5, -2);
    probe.remove();
    delete L.Icon.Default.prototype._getIconUrl;
    L.Icon.Default.mergeOptions({ iconUrl: url, iconRetinaUrl: url, shadowUrl: null });
  }

  qy.start = function (map) {
    qy.doc = JSON.parse(qy.find("qy-data").textContent);
    qy.lang = qy.doc.lang;
    qy.map = map;
    bundleMarkers();
    if (qy.doc.listing) qy.find("qy-panel-button").dataset.word = qy.doc.listing.title;
    showPanel(Boolean(qy.doc.listing) || !window.matchMedia(NARROW).matches);
    qy.startLabels();
    qy.drawLayers();
    qy.startFrame();
    qy.startInspect();
    qy.startTools();
    qy.startSwipe();
    qy.startPaper();
    // A sheet over the map has to have its height before the map is fitted clear of it.
    qy.writeListing();
    qy.writePanel();
    const [south, west, north, east] = qy.doc.bounds;
    // The map has to lie somewhere before anything is written on it; the address may send it elsewhere.
    qy.fit([[south, west], [north, east]]);
    qy.readHash();
    writeTexts();
    qy.startPermalink(writeTexts);
    qy.find("qy-panel-button").addEventListener("click", function () {
      showPanel(document.body.classList.contains("qy-no-panel"));
    });
    qy.find("qy-theme-button").addEventListener("click", switchTheme);
    qy.find("qy-lang-button").addEventListener("click", function () {
      qy.lang = qy.lang === "zh" ? "en" : "zh";
      writeTexts();
    });
    // Leaflet focuses the map on every click; the frame around it is for those who came by keyboard.
    document.addEventListener("mousedown", function () {
      document.body.classList.add("qy-mouse");
    });
    document.addEventListener("keydown", function () {
      document.body.classList.remove("qy-mouse");
    });
    document.body.dataset.ready = "true";
  };
})();
