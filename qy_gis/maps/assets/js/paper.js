/* Paper: the page laid out as a sheet of a chosen size at a chosen scale, and then printed.
 *
 * The browser's own Ctrl+P would print canvases that are blank: the sheet is laid out and drawn first.
 */
(function () {
  "use strict";

  const SCALES = [500, 1000, 2000, 5000, 10000, 25000, 50000, 100000, 200000, 250000, 500000, 1000000, 2000000];
  const SIZES = { A4: [297, 210], A3: [420, 297] }; // millimetres
  const MARGIN = 10; // millimetres
  const PIXEL = 0.0254 / 96; // metres of a CSS pixel on paper
  const EQUATOR = 2 * Math.PI * 6378137;
  let choice = { size: "A4", turned: false, scale: null };
  const sheet = document.createElement("style"); // the size of the page, while there is a sheet
  let before = null; // what the screen showed

  /** The zoom at which a pixel of the map, at its centre, is so many metres in reality. */
  function zoomOf(scale, lat) {
    return Math.log2(EQUATOR / (256 * scale * PIXEL * qy.stretchAt(lat)));
  }

  function scaleOf(zoom, lat) {
    return EQUATOR / (256 * 2 ** zoom * PIXEL * qy.stretchAt(lat));
  }

  function sheetSize() {
    const [wide, high] = SIZES[choice.size];
    return choice.turned ? [high, wide] : [wide, high];
  }

  function writeSheet() {
    const [width, height] = sheetSize();
    sheet.textContent = `@page { size: ${width}mm ${height}mm; margin: 0; }`;
    document.documentElement.style.setProperty("--sheet-width", width - 2 * MARGIN + "mm");
    document.documentElement.style.setProperty("--sheet-height", height - 2 * MARGIN + "mm");
    document.body.classList.add("qy-paper");
    document.body.classList.toggle("qy-paper-turned", choice.turned);
  }

  /* The next larger scale of the list at which the whole stays in view. */
  function roundScale(zoom, lat) {
    const needed = scaleOf(zoom, lat);
    return SCALES.find((scale) => scale >= needed * 0.999) || Math.ceil(needed / 1e6) * 1e6;
  }

  function layOut() {
    const center = qy.map.getCenter();
    const bounds = qy.map.getBounds();
    before = { center, zoom: qy.map.getZoom(), snap: qy.map.options.zoomSnap, retina: L.Browser.retina };
    // A sheet is drawn as finely as Leaflet can: twice the pixels.
    L.Browser.retina = true;
    writeSheet();
    qy.map.options.zoomSnap = 0;
    qy.map.invalidateSize({ pan: false });
    const scale = choice.scale || roundScale(qy.map.getBoundsZoom(bounds), center.lat);
    qy.map.setView(center, zoomOf(scale, center.lat), { animate: false });
    qy.find("qy-sheet-scale").textContent = qy.label("scale", "1:" + scale.toLocaleString("en-US"));
    qy.find("qy-sheet-date").textContent = qy.label("printed", new Date().toISOString().slice(0, 10));
    qy.redraw();
    qy.writePanel();
    qy.placeLabels();
  }

  /** Go back from the sheet to the screen. */
  qy.leavePaper = function () {
    if (!before) return;
    document.body.classList.remove("qy-paper", "qy-paper-turned");
    sheet.textContent = "";
    L.Browser.retina = before.retina;
    qy.map.options.zoomSnap = before.snap;
    qy.map.invalidateSize({ pan: false });
    qy.map.setView(before.center, before.zoom, { animate: false });
    before = null;
    qy.redraw();
    qy.writePanel();
    qy.placeLabels();
  };

  qy.onPaper = function () {
    return before !== null;
  };

  function print() {
    qy.openTool(null);
    layOut();
    // Two frames: the first draws, the second is there when it is drawn.
    requestAnimationFrame(() => requestAnimationFrame(() => window.print()));
  }

  function makeSelect(key, options, value, take) {
    const select = qy.make("select", { "data-choice": key, change: () => take(select.value) });
    options.forEach(function ([code, text]) {
      const option = qy.make("option", { value: code, text });
      option.selected = code === String(value);
      select.append(option);
    });
    return qy.make("label", { class: "qy-field" }, [qy.make("span", { text: qy.word(key) }), select]);
  }

  qy.tools.print = {
    fill: function (pane) {
      const scales = SCALES.map((scale) => [String(scale), "1:" + scale.toLocaleString("en-US")]);
      const turns = [["false", qy.word("landscape")], ["true", qy.word("portrait")]];
      pane.append(
        makeSelect("scale", [["", qy.word("fit_scale")], ...scales], choice.scale || "", function (value) {
          choice.scale = Number(value) || null;
        }),
        makeSelect("paper_size", Object.keys(SIZES).map((name) => [name, name]), choice.size, function (value) {
          choice.size = value;
        }),
        makeSelect("orientation", turns, choice.turned, function (value) {
          choice.turned = value === "true";
        }),
        qy.make("button", { type: "button", id: "qy-print-now", text: qy.word("print"), click: print }),
        qy.make("p", { class: "qy-small", text: qy.word("print_how") })
      );
    },
    stop: function () {},
  };

  qy.startPaper = function () {
    document.head.append(sheet);
    qy.find("qy-paper-back").addEventListener("click", qy.leavePaper);
    window.addEventListener("keydown", function (event) {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "p" && !before) {
        event.preventDefault();
        qy.openTool("print");
      } else if (event.key === "Escape") {
        qy.leavePaper();
      }
    });
  };
})();
