// The results of a campaign: its numbers, the kinds of failure, the marks.

function tile(value, name, isBad) {
  return el("div", { class: isBad ? "tile bad" : "tile" }, el("b", {}, value), el("span", {}, name));
}

function campaign() {
  const { summary } = data;
  const tiles = el("div", { class: "tiles" }, tile(grouped(summary.seeds), summary.seeds === 1 ? "seed" : "seeds"),
    tile(grouped(summary.failed), "failed", summary.failed > 0));
  if (summary.milliseconds > 0) {
    tiles.append(tile(rate(summary.seeds, summary.milliseconds), "seeds a second"));
    tiles.append(tile(rate(summary.events, summary.milliseconds), "events a second"));
    tiles.append(tile(span(summary.milliseconds * 1e6), "of real time"));
  }
  tiles.append(tile(grouped(summary.events), "events"), tile(span(summary.virtualSeconds * 1e9), "of virtual time"));
  const section = el("section", { "aria-label": "Campaign" }, el("h2", {}, "Campaign"), tiles);
  if (summary.signatures.length) section.append(signatures(summary.signatures));
  const cards = [summary.coverage.length > 1 ? coverage(summary) : null, summary.marks.length ? marks(summary.marks) : null];
  const present = cards.filter(Boolean);
  if (present.length) section.append(el("div", { class: present.length > 1 ? "pair" : "pair single" }, present));
  return section;
}

function table(label, columns, rows) {
  const head = el("tr", {}, columns.map(([name, kind]) => el("th", { scope: "col", class: kind }, name)));
  return el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": label },
    el("table", {}, el("thead", {}, head), el("tbody", {}, rows)));
}

function signatures(list) {
  const rows = [...list].sort((a, b) => b.count - a.count).map((each) =>
    el("tr", {}, el("td", {}, each.signature), el("td", { class: "right" }, grouped(each.count)),
      el("td", { class: "seed" }, String(each.seed))));
  const columns = [["Signature", null], ["Seeds", "right"], ["First seed", "seed"]];
  return el("div", { class: "card signatures" },
    el("header", {}, el("h3", {}, "Kinds of failure")), table("Kinds of failure", columns, rows));
}

function marks(list) {
  const missing = list.filter((mark) => mark.count === 0).length;
  const sorted = [...list].sort((a, b) => a.count - b.count || (a.name < b.name ? -1 : 1));
  const rows = sorted.map((mark) => el("tr", { class: mark.count === 0 ? "missing" : null }, el("td", {}, mark.name),
    el("td", {}, mark.clause), el("td", { class: "right" },
      mark.count === 0 ? el("span", { class: "flag" }, "not reached") : grouped(mark.count))));
  const search = el("input", { class: "input", type: "search", placeholder: "Name or clause", "aria-label": "Filter marks" });
  const only = el("input", { type: "checkbox" });
  const count = el("span", { class: "count", role: "status" });
  const filter = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    sorted.forEach((mark, index) => {
      const text = (mark.name + " " + mark.clause).toLowerCase();
      const isShown = (!only.checked || mark.count === 0) && words.every((word) => text.includes(word));
      rows[index].hidden = !isShown;
      if (isShown) shown += 1;
    });
    count.textContent = shown === list.length ? "" : grouped(shown) + " shown";
  };
  search.addEventListener("input", filter);
  only.addEventListener("change", filter);
  const title = missing === 0 ? "All " + counted(list.length, "mark") + " reached"
    : grouped(missing) + " of " + counted(list.length, "mark") + " not reached";
  return el("div", { class: "card" },
    el("header", {}, el("h3", {}, title), count, el("label", { class: "tick" }, only, "Not reached only"), search),
    table("Marks", [["Mark", null], ["Clause", null], ["Reached", "right"]], rows));
}

function niceStep(range, amount) {
  const rough = Math.max(range / amount, 1);
  const power = 10 ** Math.floor(Math.log10(rough));
  return power * [1, 2, 5, 10].find((factor) => factor * power >= rough);
}

function coverage({ coverage: points, marks }) {
  const [lastSeeds, lastMarks] = points[points.length - 1];
  const words = counted(lastMarks, "mark") + " reached after " + counted(lastSeeds, "seed");
  const figure = el("figure", { class: "chart" });
  const draw = () => {
    const width = Math.max(figure.clientWidth - 20, 220), height = 282, left = 34, right = width - 14, top = 22, bottom = height - 38;
    const ceiling = Math.max(marks.length, lastMarks, 1);
    const x = (seeds) => left + (right - left) * (seeds / lastSeeds);
    const y = (count) => bottom - (bottom - top) * (count / ceiling);
    const image = svg("svg", { viewBox: `0 0 ${width} ${height}`, height, role: "img", "aria-label": words });
    const label = (text, place) => image.append(svg("text", place, text));
    const step = niceStep(ceiling, 4);
    for (let count = 0; count <= ceiling; count += step) {
      image.append(svg("line", { class: "grid", x1: left, x2: right, y1: y(count), y2: y(count) }));
      label(grouped(count), { x: left - 7, y: y(count) + 4, "text-anchor": "end" });
    }
    const across = niceStep(lastSeeds, width < 380 ? 3 : 5);
    for (let seeds = 0; seeds <= lastSeeds; seeds += across) {
      label(grouped(seeds), { x: x(seeds), y: bottom + 18, "text-anchor": seeds === lastSeeds ? "end" : "middle" });
    }
    label("seeds", { x: (left + right) / 2, y: bottom + 35, "text-anchor": "middle" });
    if (marks.length) {
      image.append(svg("line", { class: "all", x1: left, x2: right, y1: y(marks.length), y2: y(marks.length) }));
      label("all " + grouped(marks.length), { x: left + 4, y: y(marks.length) - 6 });
    }
    const path = points.map(([seeds, count]) => `${x(seeds).toFixed(1)} ${y(count).toFixed(1)}`).join("L");
    image.append(svg("path", { class: "area", d: `M${x(points[0][0])} ${bottom}L${path}L${right} ${bottom}Z` }));
    image.append(svg("path", { class: "curve", d: "M" + path }), svg("circle", { class: "last", cx: right, cy: y(lastMarks), r: 4 }));
    label(grouped(lastMarks), { class: "value", x: right, y: y(lastMarks) + 20, "text-anchor": "end" });
    figure.replaceChildren(image);
  };
  // Only for a new width, and not at once: drawing changes the height, which would be observed again.
  let width = 0;
  new ResizeObserver(() => {
    if (figure.clientWidth === width) return;
    width = figure.clientWidth;
    requestAnimationFrame(draw);
  }).observe(figure);
  return el("div", { class: "card" },
    el("header", {}, el("h3", {}, "Marks reached"), el("span", { class: "count" }, words)), figure);
}
