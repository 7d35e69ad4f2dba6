/* The tools beside the map: each has a button, and one pane in which the open tool shows itself.
 *
 * A tool is `{ fill(pane), stop() }`; `fill` is called anew when the language changes.
 */
(function () {
  "use strict";

  qy.tools = {};
  let open = null;

  function buttons() {
    return document.querySelectorAll("[data-tool]");
  }

  function fill() {
    const pane = qy.find("qy-tool");
    pane.replaceChildren(
      qy.make("div", { class: "qy-tool-head" }, [
        qy.make("h2", { text: qy.word(open) }),
        qy.make("button", {
          type: "button",
          class: "qy-tool-close",
          "aria-label": qy.word("close"),
          text: "×",
          click: () => qy.openTool(null),
        }),
      ])
    );
    pane.setAttribute("aria-label", qy.word(open));
    qy.tools[open].fill(pane);
  }

  /** Open a tool, closing the one that is open; null closes only. */
  qy.openTool = function (name) {
    const before = open;
    if (open) qy.tools[open].stop();
    open = name;
    qy.find("qy-tool").hidden = !open;
    buttons().forEach(function (button) {
      button.setAttribute("aria-expanded", String(button.dataset.tool === open));
      // Whoever closes a tool by keyboard goes on where it was opened.
      if (!open && before === button.dataset.tool) button.focus();
    });
    if (!open) return;
    qy.map.closePopup();
    fill();
    const first = qy.find("qy-tool").querySelector("input, select");
    if (first) first.focus();
  };

  qy.isOpen = function (name) {
    return open === name;
  };

  qy.writeTools = function () {
    if (open) fill();
  };

  qy.startTools = function () {
    buttons().forEach(function (button) {
      button.addEventListener("click", function () {
        qy.openTool(open === button.dataset.tool ? null : button.dataset.tool);
      });
    });
    qy.find("qy-tool").addEventListener("keydown", function (event) {
      if (event.key === "Escape") qy.openTool(null);
    });
    [qy.find("qy-tools"), qy.find("qy-tool")].forEach(function (element) {
      L.DomEvent.disableClickPropagation(element);
      L.DomEvent.disableScrollPropagation(element);
    });
  };
})();
