/* Swipe: one layer left of a line, another right of it, to hold them against each other. */
(function () {
  "use strict";

  const SIDES = ["left", "right"];
  let chosen = null; // the layer on each side
  let share = 0.5; // of the map's width, where the line stands

  function renderers() {
    return SIDES.map(function (side) {
      const name = "qySwipe-" + side;
      if (!qy.map.getPane(name)) qy.map.createPane(name).classList.add("qy-swipe-pane");
      return L.canvas({ pane: name, padding: 0.2 });
    });
  }

  /* A pane moves with the map: its clip is given in the pane's own pixels. */
  function clip() {
    if (!chosen) return;
    const size = qy.map.getSize();
    const [left, top] = Object.values(qy.map.containerPointToLayerPoint([0, 0]));
    const middle = left + size.x * share;
    const edges = { left: [left, middle], right: [middle, left + size.x] };
    SIDES.forEach(function (side) {
      const [from, to] = edges[side];
      qy.map.getPane("qySwipe-" + side).style.clip = `rect(${top}px, ${to}px, ${top + size.y}px, ${from}px)`;
    });
    qy.find("qy-swipe").style.left = 100 * share + "%";
  }

  function take() {
    const drawn = renderers();
    chosen.forEach((layer, place) => qy.drawWith(layer, drawn[place]));
    clip();
  }

  function giveBack() {
    chosen.forEach((layer) => qy.drawWith(layer, null));
  }

  function makeSelect(place, layers) {
    const select = qy.make("select", {
      "data-side": SIDES[place],
      change: function () {
        giveBack();
        chosen[place] = layers[select.selectedIndex];
        take();
      },
    });
    layers.forEach(function (layer) {
      const option = qy.make("option", { text: qy.say(layer.doc.title) });
      option.selected = layer === chosen[place];
      select.append(option);
    });
    return qy.make("label", { class: "qy-field" }, [qy.make("span", { text: qy.word("swipe_" + SIDES[place]) }), select]);
  }

  function makeSlider() {
    const slider = qy.make("input", {
      type: "range",
      min: 0,
      max: 100,
      "aria-label": qy.word("swipe_line"),
      input: function () {
        share = slider.value / 100;
        clip();
      },
    });
    slider.value = 100 * share;
    return slider;
  }

  function startDrag() {
    const line = qy.find("qy-swipe");
    line.addEventListener("pointerdown", function (down) {
      line.setPointerCapture(down.pointerId);
    });
    line.addEventListener("pointermove", function (move) {
      if (!line.hasPointerCapture(move.pointerId)) return;
      const frame = qy.map.getContainer().getBoundingClientRect();
      share = Math.min(1, Math.max(0, (move.clientX - frame.left) / frame.width));
      clip();
    });
    L.DomEvent.disableClickPropagation(line);
  }

  qy.tools.swipe = {
    fill: function (pane) {
      const layers = qy.layers.filter((layer) => layer.doc.has_data);
      if (!chosen) {
        const areas = layers.filter((layer) => qy.isVisible(layer) && layer.features.some((one) => one.polygons.length));
        chosen = [areas[0] || layers[0], areas[areas.length - 1] || layers[layers.length - 1]];
        take();
        qy.map.on("move zoomend resize viewreset", clip);
      }
      pane.append(makeSelect(0, layers), makeSelect(1, layers), makeSlider());
      qy.find("qy-swipe").hidden = false;
    },
    stop: function () {
      giveBack();
      chosen = null;
      qy.map.off("move zoomend resize viewreset", clip);
      qy.find("qy-swipe").hidden = true;
    },
  };

  qy.startSwipe = startDrag;
})();
