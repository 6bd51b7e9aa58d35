"""Checks of a run's page: all that happened is drawn, where it belongs; and whoever clicks, types and searches gets what was asked for."""
from pages import STANZAS, kind_of

# Every row of the ladder, from top to bottom, and where the lanes are.
DRAWN = """(() => {
  const box = (node) => node.getBoundingClientRect();
  const middle = (node) => box(node).left + box(node).width / 2;
  const lanes = [...document.querySelectorAll(".lane:not(.server)")].map((node) => ({ title: node.title, x: middle(node) }));
  const rows = [...document.querySelectorAll(".rows [data-event], .verdict-line")].map((node) => {
    const tip = node.querySelector(".tip"), mark = node.querySelector(".mark"), wire = node.querySelector(".wire");
    return {
      event: Number(node.dataset.event ?? -1), top: box(node).top, height: box(node).height, text: node.innerText,
      isVerdict: node.matches(".verdict-line"), isCulprit: node.matches(".culprit"), isCurrent: node.matches(".current"),
      from: mark && middle(mark), to: tip && (tip.matches(".to-right") ? box(tip).right : box(tip).left),
      isRight: tip && tip.matches(".to-right"), length: wire && box(wire).width,
    };
  });
  rows.sort((a, b) => a.top - b.top);
  return { lanes, server: middle(document.querySelector(".lane.server")), rows };
})()"""

ALL_ROWS = 6000  # pixels: a window in which the rows of a small run are all drawn


def rows_of(browser):
    return [row for row in browser.evaluate(DRAWN)["rows"] if not row["isVerdict"]]


def shown(browser):
    return sorted(row["event"] for row in rows_of(browser))


def text(browser, selector):
    return browser.evaluate(f"document.querySelector({selector!r})?.innerText ?? ''")


def current(browser):
    return [row["event"] for row in rows_of(browser) if row["isCurrent"]]


def check_all(browser, page, path, expect):
    """Everything, for the page of one run that failed at an event."""
    run = page.data["runs"][0]
    browser.size(1400, ALL_ROWS)
    browser.open(page.write(path))
    expect(not browser.errors, f"the console is empty: {browser.errors}")
    check_head(browser, run, expect)
    check_drawing(browser, run, expect)
    culprit = check_culprit(browser, run, expect)
    check_choice(browser, run, culprit, expect)
    check_filters(browser, run, culprit, expect)
    check_search(browser, run, culprit, expect)
    check_small_window(browser, run, expect)
    check_narrow_window(browser, run, expect)
    expect(not browser.errors, f"the console is still empty: {browser.errors}")


def check_head(browser, run, expect):
    failure = run["failure"]
    expect(text(browser, ".verdict") == "Failed", "the head says that the run failed")
    expect(text(browser, ".failure h2") == "Rule broken: " + failure["oracle"], "the box has the broken rule")
    expect(text(browser, ".failure .said") == failure["message"], "the box has the message")
    expect(failure["clause"] in text(browser, ".failure .facts"), "the box has the clause")
    expect(text(browser, ".command code") == run["command"], "the command is shown")
    for name in ("Script", "Trace"):
        summary = f"[...document.querySelectorAll('summary')].find((each) => each.innerText.startsWith('{name}'))"
        browser.click(summary)
        expect(browser.evaluate(f"{summary}.parentNode.querySelector('pre').innerText") == run[name.lower()], f"the {name} opens")
        browser.click(summary)


def check_drawing(browser, run, expect):
    drawn, events = browser.evaluate(DRAWN), run["events"]
    lanes, server, rows = drawn["lanes"], drawn["server"], [row for row in drawn["rows"] if not row["isVerdict"]]
    expect([lane["title"] for lane in lanes] == run["lanes"], "each client has a lane")
    expect([row["event"] for row in rows] == list(range(len(events))), "each event has a row, in their order")
    expect(all(one["top"] + one["height"] <= other["top"] + 0.5 for one, other in zip(rows, rows[1:])), "no row covers another")
    arrows = sum(row["to"] is not None for row in rows)
    stanzas = sum(event["kind"] in STANZAS for event in events)
    expect(arrows == stanzas > 0, f"each stanza has an arrow: {arrows} for {stanzas}")
    for row in rows:
        event = events[row["event"]]
        if event["kind"] in STANZAS:
            lane = lanes[event["lane"]]["x"]
            start, end = (lane, server) if event["kind"] == "sent" else (server, lane)
            name = f"event {row['event']}, {event['kind']}"
            expect(abs(row["from"] - start) < 2 and abs(row["to"] - end) < 6, f"{name}: the arrow goes from {start} to {end}: {row}")
            expect(row["isRight"] == (end > start) and row["length"] > abs(end - start) - 20, f"{name}: the arrow has a head and a line")
            expect(event["name"] in row["text"] and (event["id"] or "") in row["text"], f"{name}: its name and id stand on it")
        elif event["kind"] == "fault":
            expect(event["text"].lower() in row["text"].lower() or "crash" in event["text"], f"event {row['event']}: the fault is named")


def check_culprit(browser, run, expect):
    failure, rows = run["failure"], browser.evaluate(DRAWN)["rows"]
    verdict = next((index for index, row in enumerate(rows) if row["isVerdict"]), None)
    expect(verdict is not None and failure["message"] in rows[verdict]["text"], "the ladder says where the rule was broken")
    culprits = [index for index, row in enumerate(rows) if row["isCulprit"]]
    expect(len(culprits) == 1 and culprits[0] + 1 == verdict, "one event broke the rule, right above it")
    event = run["events"][rows[culprits[0]]["event"]]
    expect(event["t"] == failure["t"] and event["id"] in failure["message"], "it is the one in the message")
    expect(failure["message"] in text(browser, ".panel .broken"), "it is chosen from the start")
    return rows[culprits[0]]["event"]


def check_choice(browser, run, culprit, expect):
    """A click at an arrow, keys, and the panel's own buttons."""
    events = run["events"]
    chosen = next(index for index, event in enumerate(events) if event["kind"] == "sent" and event["id"] == events[culprit]["id"])
    browser.click(f"document.querySelector('#event-{chosen}')")
    expect(current(browser) == [chosen], "a click chooses an event")
    expect(events[chosen]["id"] in text(browser, ".panel h3"), "the panel names it")
    expect(browser.evaluate("document.querySelector('.panel .stanza').textContent") == events[chosen]["text"], "the panel has the stanza")
    same = [index for index, event in enumerate(events) if (event.get("id"), event.get("name")) == (events[chosen]["id"], "message")]
    expect(browser.evaluate("document.querySelectorAll('.follows li').length") == len(same) > 1, "the panel has the same id's events")
    browser.click("document.querySelector('.follows li:last-child button')")
    expect(current(browser) == same[-1:], "it leads to the last of them")
    browser.click("document.querySelector('.panel [title=\"Previous event\"]')")
    expect(current(browser) == [same[-1] - 1], "its button leads one up")
    browser.click(f"document.querySelector('#event-{chosen}')")
    for key, there in (("ArrowDown", chosen + 1), ("ArrowUp", chosen), ("ArrowRight", same[1]), ("ArrowLeft", chosen), ("Home", 0)):
        browser.evaluate("document.querySelector('.rows').focus()")
        browser.key(key)
        expect(current(browser) == [there], f"{key} leads to event {there}: {current(browser)}")
    copy = "document.querySelector('.panel .split .button')"
    browser.click(f"document.querySelector('#event-{chosen}')")
    browser.click(copy)
    expect(browser.until(f"['Copied', 'Selected'].includes({copy}.textContent)"), "the stanza can be copied")


def check_filters(browser, run, culprit, expect):
    events = run["events"]
    everything = list(range(len(events)))
    names = {"session": "logins", "fault": "faults"}
    for kind in sorted({kind_of(event) for event in events}):
        button = f"[...document.querySelectorAll('.toggle')].find((each) => each.textContent.includes('{names.get(kind, kind)}'))"
        expected = [index for index in everything if kind_of(events[index]) != kind or index == culprit]
        browser.click(button)
        expect(shown(browser) == expected, f"'{kind}' can be hidden")
        expect(text(browser, ".filters > .count") == f"{len(expected)} of {len(events)} events", f"without '{kind}' the count is right")
        browser.click(button)
        expect(shown(browser) == everything, f"'{kind}' can be shown again")
    for lane, name in enumerate(run["lanes"]):
        button = f"document.querySelector('.toggle[title=\"{name}\"]')"
        browser.click(button)
        expect(shown(browser) == [i for i in everything if events[i].get("lane") != lane or i == culprit], f"client {name} can be hidden")
        browser.click(button)
        expect(shown(browser) == everything, f"client {name} can be shown again")


def check_search(browser, run, culprit, expect):
    events = run["events"]
    # Another one, if there is any.
    wanted = max((event["id"] for event in events if event.get("id")), key=lambda id: id != events[culprit]["id"])
    expected = [index for index, event in enumerate(events) if wanted in (event.get("text") or "") or index == culprit]
    browser.click("document.querySelector('.filters .input')")
    browser.type(wanted.lower())
    count = "document.querySelectorAll('.rows [role=option]').length"
    expect(browser.until(f"{count} === {len(expected)}") and shown(browser) == expected, f"a search for {wanted} finds {expected}")
    browser.evaluate("document.querySelector('.filters .input').select(), document.execCommand('delete')")
    expect(browser.until(f"{count} === {len(events)}"), "without a search everything is there again")


def check_small_window(browser, run, expect):
    """Only rows near the window are drawn; the link and the overview lead to the others."""
    browser.size(1400, 400)
    browser.evaluate("scrollTo(0, 0)")
    browser.settle()
    in_window = """(() => {
      const node = document.querySelector("%s");
      if (!node) return false;
      const { top, bottom } = node.getBoundingClientRect();
      return top >= document.querySelector(".top").getBoundingClientRect().bottom - 1 && bottom <= innerHeight;
    })()"""
    expect(not browser.evaluate(in_window % ".verdict-line"), "the broken rule is outside of a small window")
    browser.click("document.querySelector('.failure a')")
    expect(browser.until(in_window % ".verdict-line"), "the link shows where the rule was broken")
    browser.evaluate("document.querySelector('.rows').focus()")
    browser.key("Home")
    expect(browser.until(in_window % "#event-0"), "Home leads to the first event")
    browser.press("document.querySelector('.overview')", 0.98)
    times = [event["t"] for event in run["events"]]
    late = next(index for index, t in enumerate(times) if t >= times[0] + 0.95 * (run["failure"]["t"] - times[0]))
    expect(late > 0 and browser.until(in_window % f"#event-{late}"), f"the end of the overview leads to event {late}")


def check_narrow_window(browser, run, expect):
    """As on a telephone: the panel is a sheet, which can be closed."""
    browser.size(390, ALL_ROWS)
    browser.settle()
    browser.evaluate("scrollTo(0, 0)")
    expect(browser.until("document.querySelector('.ladder.narrow') !== null"), "a narrow window has another layout")
    expect(browser.evaluate("document.documentElement.scrollWidth") <= 390, "nothing is wider than the window")
    expect(len(rows_of(browser)) == len(run["events"]), "each event has a row there, too")
    is_open = "getComputedStyle(document.querySelector('.panel')).display !== 'none'"
    browser.click("document.querySelector('#event-2')")
    expect(browser.evaluate(is_open), "a click opens the sheet")
    browser.click("document.querySelector('.panel .close')")
    expect(not browser.evaluate(is_open), "its button closes it")
