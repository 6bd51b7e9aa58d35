// The page from top to bottom: its head, the campaign, the runs.

const isCampaign = () => Boolean(data.summary) && (data.summary.seeds > 1 || data.summary.marks.length > 0);

const titleOf = (run) => (run?.title ?? "Campaign").replace(/^seed /, "Seed ");

function heading() {
  const { summary, runs } = data;
  const isBad = Boolean(summary && summary.failed > 0) || runs.some((run) => run.failure);
  const title = isCampaign() && summary.seeds > 1 ? "Campaign of " + counted(summary.seeds, "seed")
    : titleOf(runs[0]);
  const facts = el("div", { class: "facts" });
  if (summary && !isCampaign()) {
    facts.append(fact(grouped(summary.events), "events"), fact(span(summary.virtualSeconds * 1e9), "of virtual time"));
    facts.append(fact(span(summary.milliseconds * 1e6), "of real time"));
  }
  if (summary?.digest) facts.append(el("span", {}, "digest ", el("code", {}, summary.digest)));
  const brand = el("p", { class: "brand" }, el("i"), el("i"), "Spondee simulator");
  return el("header", {}, brand, el("div", { class: "title" }, el("h1", {}, title), verdict(isBad)), facts);
}

function failureBox(run) {
  const { failure } = run;
  const facts = el("div", { class: "facts" });
  if (failure.clause) facts.append(el("span", {}, "clause ", el("b", {}, failure.clause)));
  facts.append(el("span", {}, "at ", el("b", { class: "number" }, timeText(failure.t)), " of virtual time"));
  const link = el("a", { href: "#failed-check" }, "Show it on the ladder");
  return el("div", { class: "failure", role: "group", "aria-label": "The failure" },
    el("h2", {}, "Rule broken: " + failure.oracle),
    el("p", { class: "said" }, failure.message), facts, run.events.length ? link : null);
}

/// The ladder that is in the page now.
let shownLadder = null;

function runSection(run) {
  const parts = [];
  shownLadder = null;
  if (isCampaign() || data.runs.length > 1) {
    parts.push(el("div", { class: "title" }, el("h2", {}, titleOf(run)), verdict(Boolean(run.failure))));
  }
  if (run.failure) parts.push(failureBox(run));
  if (run.command) {
    const code = el("code", { tabindex: 0, "aria-label": "Command that makes this run again" }, run.command);
    parts.push(el("div", { class: "command" }, code, copyButton(run.command, () => code)));
  }
  if (run.script) parts.push(foldedText("Script", "The clients' part of the run, for any server.", run.script));
  if (run.trace) parts.push(foldedText("Trace", "Every choice that was made: with it the run can be made again.", run.trace));
  if (run.causality) parts.push(causalitySection(run));
  if (run.events.length) parts.push(ladderSection(run));
  return parts;
}

function ladderSection(run) {
  const ladder = new Ladder(run);
  shownLadder = ladder;
  const hint = el("p", { class: "hint" }, "Time runs downwards. Lines: dashed, connected; solid, logged in. ",
    el("span", { class: "keys" },
      "Arrow keys: up and down go from event to event, left and right follow an id. Enter goes to the stanza."));
  return el("section", { "aria-label": "Ladder" }, el("h2", {}, "Who sent what when"), filtersOf(ladder), hint, ladder.bench);
}

function runs() {
  const body = el("div", { id: "run" });
  const show = (index) => {
    shownLadder?.leave();
    body.replaceChildren(...runSection(data.runs[index]));
    shownLadder?.enter();
    tabs.forEach((tab, other) => {
      tab.setAttribute("aria-selected", String(other === index));
      tab.tabIndex = other === index ? 0 : -1;
    });
  };
  const tabs = data.runs.length < 2 ? [] : data.runs.map((run, index) =>
    el("button", { type: "button", role: "tab", class: run.failure ? "button bad" : "button", click: () => show(index) },
      titleOf(run)));
  const list = el("div", { class: "tabs", role: "tablist", "aria-label": "Runs", keydown: (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = (tabs.indexOf(document.activeElement) + step + tabs.length) % tabs.length;
    tabs[next].focus();
    show(next);
  } }, tabs);
  return { node: el("section", { "aria-label": "Run" }, tabs.length ? list : null, body), show };
}

/// Waits, so that all of this is there whatever the order of the parts.
document.addEventListener("DOMContentLoaded", () => {
  const page = document.getElementById("page");
  if (!data.summary && data.runs.length === 0) return page.append(el("p", { class: "quiet" }, "Nothing was run."));
  page.append(heading());
  if (isCampaign()) page.append(campaign());
  if (data.runs.length === 0) return;
  const { node, show } = runs();
  page.append(node);
  const first = data.runs.findIndex((run) => run.failure);
  show(Math.max(first, 0));
});
