/* The parcels of a result with the findings and their reasons, or the sites of a siting with their scores. */
(function () {
  "use strict";

  const OPEN_OUTCOMES = ["fail", "unknown"]; // what passes is folded away

  function makeBadge(verdict) {
    return qy.make("span", { class: "qy-badge qy-" + verdict, text: qy.word(verdict) });
  }

  function makeFinding(finding, outcome) {
    return qy.make("li", { class: "qy-finding qy-finding-" + outcome }, [
      qy.make("p", {}, [
        qy.make("b", { text: qy.word(outcome) }),
        qy.make("span", { text: qy.say(finding.layer) }),
      ]),
      qy.make("p", { text: qy.say(finding.reason) }),
      finding.figures && qy.make("p", { class: "qy-figures", text: qy.say(finding.figures) }),
      finding.settle && qy.make("p", { class: "qy-settle", text: qy.label("settle", qy.say(finding.settle)) }),
      qy.make("p", { class: "qy-small", text: finding.document }),
      !finding.reviewed && qy.make("p", { class: "qy-small", text: qy.word("not_reviewed") }),
    ]);
  }

  function makeFindings(findings) {
    const open = OPEN_OUTCOMES.filter(function (outcome) {
      return findings[outcome];
    }).map(function (outcome) {
      const items = findings[outcome].map(function (finding) {
        return makeFinding(finding, outcome);
      });
      return qy.make("ul", { class: "qy-findings" }, items);
    });
    if (findings.pass) {
      const items = findings.pass.map(function (finding) {
        return makeFinding(finding, "pass");
      });
      open.push(
        qy.make("details", { class: "qy-passed" }, [
          qy.make("summary", { text: qy.word("pass") + " (" + items.length + ")" }),
          qy.make("ul", { class: "qy-findings" }, items),
        ])
      );
    }
    return open;
  }

  function zoomTo(parcel) {
    const layer = qy.layers.find(function (candidate) {
      return candidate.doc.key === qy.doc.listing.layer;
    });
    const feature = layer.features[parcel.row];
    qy.fit(feature.bounds);
    qy.mark(feature);
    qy.announce((parcel.name || parcel.id) + ": " + qy.word(parcel.verdict));
  }

  function makePart(part) {
    const bar = qy.make("span", { class: "qy-part-bar", "aria-hidden": "true" }, [
      qy.make("span", { style: "width:" + 100 * part.share + "%;background:" + part.color }),
    ]);
    return qy.make("li", { class: "qy-part" }, [
      qy.make("span", { text: qy.say(part.title) }),
      qy.make("span", { class: "qy-small", text: part.value }),
      qy.make("span", { class: "qy-part-sum", text: "+" + part.part }),
      bar,
    ]);
  }

  function makeScore(site) {
    return qy.make("div", { class: "qy-score" }, [
      qy.make("p", {}, [qy.make("b", { text: qy.word("score") + " " + site.score })]),
      qy.make("ul", {}, site.parts.map(makePart)),
      site.sure && qy.make("p", { class: "qy-small", text: qy.say(site.sure) }),
    ]);
  }

  function makeParcel(parcel) {
    const name = parcel.name || parcel.id;
    const area = [qy.word("area") + " " + qy.say(parcel.area)];
    if (parcel.declared) area.push(qy.word("declared") + " " + parcel.declared);
    const about = [];
    if (parcel.name) about.push(parcel.id);
    if (parcel.place) about.push(parcel.place);
    if (parcel.use) about.push(qy.word("use") + " " + parcel.use);
    return qy.make("li", { class: "qy-parcel" }, [
      qy.make(
        "button",
        {
          type: "button",
          class: "qy-parcel-name",
          title: qy.word("zoom_to") + " " + name,
          click: function () {
            zoomTo(parcel);
          },
        },
        [qy.make("span", { text: name }), makeBadge(parcel.verdict)]
      ),
      about.length > 0 && qy.make("p", { class: "qy-small", text: about.join(" · ") }),
      qy.make("p", { class: "qy-area", text: area.join(" · ") }),
      qy.make("p", { text: qy.say(parcel.summary) }),
      parcel.score && makeScore(parcel),
      ...makeFindings(parcel.findings),
    ]);
  }

  function makeRepairs(repairs) {
    const items = repairs.map(function (repair) {
      return qy.make("li", { text: repair });
    });
    return qy.make("details", { class: "qy-small" }, [
      qy.make("summary", { text: qy.word("repairs") + " (" + repairs.length + ")" }),
      qy.make("ul", {}, items),
    ]);
  }

  /* Of a result only: what was searched for is not said of sites. */
  function makeIndustry(listing) {
    if (listing.industry === undefined) return "";
    const industry = listing.industry ? qy.say(listing.industry) : qy.word("any_industry");
    return qy.make("p", { class: "qy-small", text: qy.label("industry", industry) });
  }

  qy.writeListing = function () {
    const listing = qy.doc.listing;
    if (!listing) return;
    const counts = listing.counts.map(function (count) {
      return qy.make("li", {}, [makeBadge(count.verdict), qy.make("span", { text: count.parcels })]);
    });
    const section = qy.find("qy-listing");
    section.hidden = false;
    section.replaceChildren(
      qy.make("h2", { text: qy.word(listing.title) }),
      qy.make("ul", { class: "qy-counts" }, counts),
      makeIndustry(listing),
      qy.make("ul", { class: "qy-parcels" }, listing.parcels.map(makeParcel))
    );
    if (!listing.parcels.length) section.append(qy.make("p", { text: qy.word("no_sites") }));
    if (listing.unlisted) {
      section.append(qy.make("p", { text: "+ " + listing.unlisted + " · " + qy.word("not_listed") }));
    }
    if (listing.repairs.length) section.append(makeRepairs(listing.repairs));
    for (const note of listing.notes) {
      section.append(qy.make("p", { class: "qy-small", text: qy.say(note) }));
    }
  };
})();
