"""Checks of the part of a run's page that says why it failed: the plot, the event that is marked, the choices."""
import copy
import re

import ladder
from hostile import MARKUP
from ladder import text

# The points of the curve, the heights of 0 % and 100 %, and where the jump is drawn.
DRAWN = """(() => {
  const number = (node, name) => Number(node.getAttribute(name));
  const grid = [...document.querySelectorAll(".causality .grid")].map((node) => number(node, "y1"));
  return {
    path: document.querySelector(".causality .curve").getAttribute("d"), bottom: Math.max(...grid), top: Math.min(...grid),
    jumps: [...document.querySelectorAll(".causality .jump")].map((node) => number(node, "x1")),
    label: document.querySelector(".causality svg").getAttribute("aria-label"), title: document.querySelector(".causality title").textContent,
    units: [...document.querySelectorAll(".causality svg text")].map((node) => node.textContent),
  };
})()"""


def with_any_cause(page):
    """The page with an explanation that is made up, and full of markup: two jumps, and choices of each kind."""
    data = copy.deepcopy(page.data)
    run = data["runs"][0]
    events = run["events"]
    end = max(run["failure"]["t"], 1)
    first = next(index for index, event in enumerate(events) if event["kind"] == "sent")
    jumps = [{"event": 60, "t": events[first]["t"], "before": share(4, 200), "after": share(150, 200), "words": MARKUP, "index": first,
              "isSeen": True},
             {"event": 80, "t": end, "before": share(150, 200), "after": share(200, 200), "words": "the end", "index": None, "isSeen": False}]
    moments = [{"event": 0, "t": 0, **share(0, 50)}, {"event": 59, "t": events[first]["t"], **share(1, 50)},
               {"event": 60, "t": events[first]["t"], **share(38, 50)}, {"event": 79, "t": end, **share(40, 50)},
               {"event": 80, "t": end, **share(50, 50)}]
    verdicts = [{"kind": kind, "words": MARKUP, "value": 3, "bound": 50, "event": 7, "t": 0, **share(failing, 8)}
                for kind, failing in (("irrelevant", 8), ("necessary", 0), ("helpful", 3))]
    run["causality"] = {"continuations": 50, "runs": 1234, "choices": 3, "moments": moments, "jumps": jumps, "isClear": True,
                        "verdicts": verdicts}
    return page.with_data(data)


def share(failing, of):
    return {"failing": failing, "of": of}


def check_all(browser, page, path, expect):
    if not page.data["runs"][0].get("causality"):
        page = with_any_cause(page)
    run = page.data["runs"][0]
    browser.size(1400, ladder.ALL_ROWS)
    browser.open(page.write(path))
    expect(browser.until("document.querySelector('.causality .curve') !== null"), "the plot is drawn")
    check_words(browser, run["causality"], expect)
    check_plot(browser, run["causality"], "t", "ms of virtual time", expect)
    browser.click("[...document.querySelectorAll('.causality .toggle')].find((each) => each.textContent === 'Events')")
    check_plot(browser, run["causality"], "event", "events", expect)
    check_choices(browser, run["causality"], expect)
    check_link(browser, run["causality"], expect)
    browser.size(390, ladder.ALL_ROWS)
    browser.settle()
    expect(browser.evaluate("document.documentElement.scrollWidth") <= 390, "nothing is wider than a narrow window")
    expect(not browser.errors, f"the console is empty: {browser.errors}")


def check_words(browser, causality, expect):
    jump = causality["jumps"][0]
    said = text(browser, ".cause-box .said")
    expect(said[1:].rstrip(".") == jump["words"][1:], f"the box names the event: {said}")
    head = text(browser, ".cause-box h3")
    expect(f"event {jump['event']:,}" in head and head.startswith("Cause" if causality["isClear"] else "No single cause"), f"and where: {head}")
    expect(f"of {jump['after']['of']} continuations fail" in text(browser, ".cause-box .facts"), "and by how much the share rises")


def check_plot(browser, causality, axis, unit, expect):
    drawn, moments, jumps = browser.evaluate(DRAWN), causality["moments"], causality["jumps"]
    points = [tuple(map(float, each)) for each in re.findall(r"H([-\d.]+)V([-\d.]+)", drawn["path"])]
    expect(len(points) == len(moments), f"each moment has a point: {len(points)} for {len(moments)}")
    (left, _), (right, _), end = points[0], points[-1], moments[-1][axis] or 1
    for moment, (x, y) in zip(moments, points):
        of = moment["failing"] / moment["of"]
        expect(abs(y - (drawn["bottom"] + (drawn["top"] - drawn["bottom"]) * of)) < 0.6, f"a share of {of} is at its height: {y}")
        expect(abs(x - (left + (right - left) * moment[axis] / end)) < 0.6, f"{axis} {moment[axis]} of {end} is at its place: {x}")
    places = [left + (right - left) * jump[axis] / end for jump in jumps]
    expect(len(places) == len(drawn["jumps"]) and all(abs(a - b) < 0.6 for a, b in zip(places, drawn["jumps"])), "the jumps are marked")
    expect(unit in drawn["units"], f"the axis has its unit, {unit}: {drawn['units']}")
    expect(drawn["label"] == drawn["title"] and f"event {jumps[0]['event']}" in drawn["label"], "the plot has words for its jump")


def check_choices(browser, causality, expect):
    rows = browser.evaluate("[...document.querySelectorAll('[aria-label=Choices] tbody tr')].map((row) => row.cells[0].textContent)")
    kinds = ["necessary", "helpful", "irrelevant"]
    expected = sorted((each["kind"] for each in causality["verdicts"]), key=kinds.index)
    expect(rows == expected, f"each choice has a row, the necessary ones first: {rows}, not {expected}")


def check_link(browser, causality, expect):
    jump = causality["jumps"][0]
    browser.click("document.querySelector('.cause-box a')")
    expect(ladder.current(browser) == [jump["index"]] or not jump["isSeen"], f"the link leads to event {jump['index']}")
    if causality["isClear"] and jump["isSeen"]:
        expect("became likely" in text(browser, ".panel .likely"), "the panel says that it is the cause")
        expect(browser.evaluate("document.querySelectorAll('.rows .cause').length") == 1, "its row is marked")
