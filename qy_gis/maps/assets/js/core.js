/* What every part of the page uses: the document, the reader's language, and elements made without markup.
 *
 * Written for browsers from Chrome 87 on. Text from the data reaches the page through textContent only.
 */
var qy = {
  doc: null, // what qy_gis.maps.document made
  lang: "zh",
  map: null,
  layers: [],
  shown: { bands: true, graticule: true, accessible: false }, // what the reader switches on and off
};

(function () {
  "use strict";

  /** The reader's words of a text that has both languages; other texts as they are. */
  qy.say = function (text) {
    if (text === null || text === undefined) return "";
    return typeof text === "object" ? text[qy.lang] || text.zh : String(text);
  };

  qy.word = function (key) {
    return qy.say(qy.doc.words[key]);
  };

  /** "Label: text", with the colon of the reader's language. */
  qy.label = function (key, text) {
    return qy.word(key) + (qy.lang === "zh" ? "：" : ": ") + text;
  };

  /** Make an element. `attributes.text` becomes its text, functions become listeners; empty children are left out. */
  qy.make = function (tag, attributes, children) {
    const element = document.createElement(tag);
    Object.entries(attributes || {}).forEach(function ([name, value]) {
      if (name === "text") element.textContent = value;
      else if (typeof value === "function") element.addEventListener(name, value);
      else if (value !== null && value !== false) element.setAttribute(name, value === true ? "" : value);
    });
    (children || []).filter(Boolean).forEach(function (child) {
      element.append(child);
    });
    return element;
  };

  qy.find = function (id) {
    return document.getElementById(id);
  };

  /** Tell readers who do not see the map what happened. */
  qy.announce = function (text) {
    qy.find("qy-live").textContent = text;
  };
})();
