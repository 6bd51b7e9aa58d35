// Why a run failed: the share of its continuations that fail, over time, and the part that each choice had.

const shareOf = ({ failing, of }) => of === 0 ? 0 : failing / of;
const percent = (share) => Math.round(100 * shareOf(share)) + " %";

function causalitySection(run) {
  const { causality } = run;
  const cards = [causalityChart(causality)];
  if (causality.verdicts.length) cards.push(verdictTable(causality.verdicts));
  const count = grouped(causality.runs) + " runs were made to find this out. From each of "
    + counted(causality.moments.length - 1, "moment") + ", " + causality.continuations + " copies of the run went on with fresh choices.";
  const skipped = causality.choices > 0 && !causality.verdicts.length
    ? el("p", { class: "quiet" }, counted(causality.choices, "choice") + " of this run: too many to try each.") : null;
  return el("section", { "aria-label": "Cause" }, el("h2", {}, "When it became likely to fail"), causeBox(causality),
    el("p", { class: "quiet" }, count), skipped, el("div", { class: cards.length > 1 ? "pair" : "pair single" }, cards));
}

/// The event by which the share rises most, then others that raise it much.
function causeBox({ jumps: [first, ...others], isClear }) {
  if (!first) return el("p", {}, "Each continuation fails from the beginning: no event makes the failure more likely.");
  const place = (jump) => "event " + grouped(jump.event) + ", at " + timeText(jump.t);
  const head = isClear ? "Cause: " + place(first) : "No single cause: the share rises little by little, most at " + place(first);
  return el("div", { class: "cause-box", role: "group", "aria-label": "The cause" }, el("h3", {}, head), jumpText(first),
    others.flatMap((jump) => [el("h3", {}, "Also: " + place(jump)), ...jumpText(jump)]));
}

function jumpText(jump) {
  const rise = percent(jump.before) + " to " + percent(jump.after) + " of " + jump.after.of + " continuations fail";
  const link = jump.index === null ? null : el("a", { href: "#ladder", click: (event) => {
    event.preventDefault();
    shownLadder?.showEvent(jump.index);
  } }, jump.isSeen ? "Show it on the ladder" : "Show the last event before it on the ladder");
  return [el("p", { class: "said" }, jump.words[0].toUpperCase() + jump.words.slice(1) + "."),
    el("div", { class: "facts" }, el("span", {}, rise), link)];
}

function causalityChart(causality) {
  const [jump] = causality.jumps;
  const words = "Share of continuations that fail" + (jump ? `: ${percent(jump.before)} before event ${jump.event} at ${timeText(jump.t)}, `
    + percent(jump.after) + " after it" : "");
  const figure = el("figure", { class: "chart" });
  let isByEvents = false;
  const draw = () => figure.replaceChildren(drawShares(causality, isByEvents, Math.max(figure.clientWidth - 20, 220), words));
  const buttons = [["Time", false], ["Events", true]].map(([name, value]) =>
    el("button", { type: "button", class: "toggle", "aria-pressed": String(value === isByEvents), click: () => {
      isByEvents = Boolean(value);
      buttons.forEach((button) => button.setAttribute("aria-pressed", String(button.textContent === name)));
      draw();
    } }, name));
  // Only for a new width, and not at once: drawing changes the height, which would be observed again.
  let width = 0;
  new ResizeObserver(() => {
    if (figure.clientWidth === width) return;
    width = figure.clientWidth;
    requestAnimationFrame(draw);
  }).observe(figure);
  return el("div", { class: "card causality" }, el("header", {}, el("h3", {}, "Continuations that fail"),
    el("span", { class: "count" }, "over"), buttons), figure);
}

/// Each moment's share against its time, or against the number of events before it.
function drawShares({ moments, jumps }, isByEvents, width, words) {
  const height = 282, left = 46, right = width - 14, top = 26, bottom = height - 38;
  const last = moments[moments.length - 1];
  const end = Math.max(isByEvents ? last.event : last.t / 1e6, 1);
  const x = (moment) => left + (right - left) * (isByEvents ? moment.event : moment.t / 1e6) / end;
  const y = (share) => bottom - (bottom - top) * share;
  const image = svg("svg", { viewBox: `0 0 ${width} ${height}`, height, role: "img", "aria-label": words }, svg("title", {}, words));
  const label = (text, place) => image.append(svg("text", place, text));
  for (const share of [0, 0.25, 0.5, 0.75, 1]) {
    image.append(svg("line", { class: "grid", x1: left, x2: right, y1: y(share), y2: y(share) }));
    label(100 * share + " %", { x: left - 7, y: y(share) + 4, "text-anchor": "end" });
  }
  const step = niceStep(end, width < 380 ? 3 : 5);
  for (let place = 0; place <= end; place += step) {
    const there = left + (right - left) * place / end;
    label(grouped(place), { x: there, y: bottom + 18, "text-anchor": there > right - 14 ? "end" : "middle" });
  }
  label(isByEvents ? "events" : "ms of virtual time", { x: (left + right) / 2, y: bottom + 35, "text-anchor": "middle" });
  // A share holds until the next event.
  const steps = moments.map((moment) => `H${x(moment).toFixed(1)}V${y(shareOf(moment)).toFixed(1)}`).join("");
  image.append(svg("path", { class: "area", d: `M${left} ${bottom}${steps}V${bottom}Z` }),
    svg("path", { class: "curve", d: `M${left} ${y(shareOf(moments[0])).toFixed(1)}${steps}` }));
  jumps.forEach((jump, order) => {
    const there = x(jump), isLate = there > (left + right) / 2;
    image.append(svg("line", { class: order === 0 ? "jump" : "jump lesser", x1: there, x2: there, y1: top - 8, y2: bottom }));
    if (order > 0) return;
    image.append(svg("circle", { class: "jump-dot", cx: there, cy: y(shareOf(jump.after)), r: 4 }));
    label("event " + grouped(jump.event) + ": " + percent(jump.before) + " to " + percent(jump.after),
      { class: "value", x: there + (isLate ? -8 : 8), y: top - 12, "text-anchor": isLate ? "end" : "start" });
  });
  return image;
}

function verdictTable(verdicts) {
  const kinds = ["necessary", "helpful", "irrelevant"];
  const sorted = [...verdicts].sort((a, b) =>
    kinds.indexOf(a.kind) - kinds.indexOf(b.kind) || shareOf(a) - shareOf(b) || a.event - b.event);
  const rows = sorted.map((each) => el("tr", {}, el("td", { class: "part " + each.kind }, each.kind),
    el("td", {}, each.words, " ", el("span", { class: "quiet" }, each.event === 0 ? "" : "at " + timeText(each.t))),
    el("td", { class: "right" }, grouped(each.value) + " of 0 to " + grouped(each.bound - 1)),
    el("td", { class: "right" }, each.failing + " of " + each.of)));
  const amounts = kinds.map((kind) => verdicts.filter((each) => each.kind === kind).length + " " + kind).join(", ");
  return el("div", { class: "card" }, el("header", {}, el("h3", {}, "Choices"), el("span", { class: "count" }, amounts)),
    table("Choices", [["Part", null], ["Choice", null], ["Value", "right"], ["Other values that fail", "right"]], rows));
}
