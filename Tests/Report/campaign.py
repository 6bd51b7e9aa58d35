"""Checks of the page of a whole campaign, and of a run in which nothing failed."""
from ladder import ALL_ROWS, text


def texts(browser, selector):
    return browser.evaluate(f"[...document.querySelectorAll({selector!r})].filter((each) => !each.hidden).map((each) => each.innerText)")


def check_all(browser, page, path, expect):
    summary, runs = page.data["summary"], page.data["runs"]
    browser.size(1400, 1000)
    browser.open(page.write(path))
    expect(text(browser, "h1") == f"Campaign of {summary['seeds']} seeds", "the head counts the seeds")
    expect(text(browser, ".verdict") == "Failed", "the head says that something failed")
    tiles = dict(reversed(each.split("\n")) for each in texts(browser, ".tile"))
    expect((tiles.get("seeds"), tiles.get("failed")) == (str(summary["seeds"]), str(summary["failed"])), f"the numbers are there: {tiles}")
    expect(len(texts(browser, ".signatures tbody tr")) == len(summary["signatures"]) > 0, "each kind of failure has a row")
    check_marks(browser, summary, expect)
    expect(browser.until("(document.querySelector('.curve')?.getTotalLength() ?? 0) > 100"), "the chart has its curve")
    check_runs(browser, runs, expect)
    expect(not browser.errors, f"the console is empty: {browser.errors}")


def check_marks(browser, summary, expect):
    rows = "[aria-label=Marks] tbody tr"
    missing = [mark["name"] for mark in summary["marks"] if mark["count"] == 0]
    reached = next(mark["name"] for mark in summary["marks"] if mark["count"] > 0)
    expect(len(texts(browser, rows)) == len(summary["marks"]) > len(missing) > 0, "each mark has a row")
    browser.click("document.querySelector('.tick input')")
    expect(len(texts(browser, rows)) == len(missing), "those that were not reached can be looked at alone")
    browser.click("document.querySelector('.tick input')")
    browser.click("document.querySelector('[aria-label=\"Filter marks\"]')")
    browser.type(reached.upper())
    expected = [mark["name"] for mark in summary["marks"] if reached.lower() in f"{mark['name']} {mark['clause']}".lower()]
    found = [each.split("\t")[0] for each in texts(browser, rows)]
    expect(sorted(found) == sorted(expected), f"a mark can be searched for: {found}, not {expected}")


def check_runs(browser, runs, expect):
    tabs = texts(browser, "[role=tab]")
    expect(tabs == [run["title"].replace("seed ", "Seed ") for run in runs] and len(tabs) > 1, f"each run that is shown has a tab: {tabs}")
    for index, run in enumerate(runs):
        browser.click(f"document.querySelectorAll('[role=tab]')[{index}]")
        expect(text(browser, ".failure .said") == run["failure"]["message"], f"the tab of {run['title']} shows it")
        expect(text(browser, ".filters > .count") == f"{len(run['events']):,} events", f"{run['title']}: its events are counted")
        drawn = len(texts(browser, ".rows [role=option]"))
        expect(0 < drawn < len(run["events"]), f"{run['title']}: of many rows those near the window are drawn: {drawn}")
        browser.evaluate("document.querySelector('.rows').focus()")
        browser.key("End")
        last = f"#event-{len(run['events']) - 1}"
        expect(browser.until(f"document.querySelector('{last}.current') !== null"), f"{run['title']}: End leads to the last event")


def check_passed(browser, page, path, expect):
    browser.size(1400, ALL_ROWS)
    browser.open(page.write(path))
    expect(text(browser, ".verdict") == "Passed", "the head says that the run passed")
    expect(browser.evaluate("document.querySelector('.failure, .verdict-line, .culprit')") is None, "nothing is shown as broken")
    expect(text(browser, ".filters > .count") == f"{len(page.data['runs'][0]['events']):,} events", "the events are counted")
    expect(not browser.errors, f"the console is empty: {browser.errors}")
