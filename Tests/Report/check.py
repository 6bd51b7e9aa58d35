#!/usr/bin/env python3
"""Opens pages of the simulator in headless Chromium, uses them, and compares what is there to see with the data written into them.

  check.py SPONDEE [--planted]

With --planted it plants errors in the page's script instead, one after the other, and each must be found. Prints one line for each
finding, then a total; the exit status is 1 if a page is wrong, or if a planted error was not found.
"""
import pathlib
import sys
import tempfile

sys.dont_write_bytecode = True  # Nothing of it stays in the tree.

import campaign
import causes
import hostile
import ladder
from browser import Browser, PageError
from pages import report, shrunk_failure

# Messages come from the wrong address: each failure is at the event of a message, and is found by its id.
SENDERS = ["--seeds", "0..<20", "--until-failure", "--mutation", "senderBared"]

# A commit that was acknowledged is lost: that is not seen before the server starts anew.
FORGOTTEN = ["--seeds", "0..<50", "--until-failure", "--mutation", "crashForgets", "--explain"]

# In the script: what is there, and what stands there instead. Each must be there once.
PLANTED = [
    ("a syntax error", "function heading() {", "function heading( {"),
    ("an error while the page is made", "  findGaps() {", "  findGaps() {\n    nowhere();"),
    ("an error at a click", "this.panel.show(index);", "this.panel.shew(index);"),
    ("a warning on the console", "    if (location.hash ===", "    console.warn(1);\n    if (location.hash ==="),
    ("no box with the broken rule", "if (run.failure) parts.push(failureBox(run));", ""),
    ("arrows point the other way", "const isRight = end > start;", "const isRight = end < start;"),
    ("arrows of what is sent begin at the server", 'event.kind === "sent" ? [x, server -', 'event.kind !== "sent" ? [x, server -'),
    ("an event is left out", "if (this.isShown(event, index)) {", "if (index !== 9 && this.isShown(event, index)) {"),
    ("rows above each other", "      top += height[kind];\n", ""),
    ("the rule is broken nowhere", "    this.culprit = this.findCulprit();", "    this.culprit = -1;"),
    ("a filter that can only hide", "if (!hidden.delete(key)) hidden.add(key);", "hidden.add(key);"),
    ("a filter of clients that does nothing", "|| this.hiddenLanes.has(event.lane)) return false;", ") return false;"),
    ("a search that finds everything", "return event.haystack.includes(this.query);", "return true;"),
    ("a key that does nothing", "ArrowDown: () => this.neighbour(1), ", ""),
    ("a stanza without its text", 'put([["t-text", token.text]]', 'put([["t-text", ""]]'),
    ("another stanza", "parts.push(...this.stanza(event));", "parts.push(...this.stanza(story.events.find(isStanza)));"),
    ("text that becomes markup", "  node.append(...children.flat().filter((child) => child !== null && child !== undefined));",
     "  for (const child of children.flat()) if (child instanceof Node) node.append(child); "
     'else node.insertAdjacentHTML("beforeend", child ?? "");'),
    ("a link that leads nowhere", "this.scrollToRow(this.checkRow, true);", ""),
    ("a plot upside down", "const y = (share) => bottom - (bottom - top) * share;", "const y = (share) => top + (bottom - top) * share;"),
    ("a plot by events that is one by time", "(isByEvents ? moment.event : moment.t / 1e6) / end", "(moment.t / 1e6) / end"),
    ("a jump at the failure", "const there = x(jump),", "const there = x(last),"),
    ("a cause that is nowhere on the ladder", "shownLadder?.showEvent(jump.index);", ""),
    ("a cause that is not marked", "this.cause = run.causality?.isClear && jump?.isSeen ? jump.index : -1;", "this.cause = -1;"),
    ("a choice is left out", "const rows = sorted.map((each) => el(\"tr\", {}, el(\"td\", { class: \"part",
     "const rows = sorted.slice(1).map((each) => el(\"tr\", {}, el(\"td\", { class: \"part"),
    ("a sheet that can't be closed", "  close() {\n    this.node.hidden = true;", "  close() {"),
]


class Found(Exception):
    """A planted error was found: the rest need not be looked at."""


class Expectations:
    def __init__(self, name, stops=False):
        self.name, self.stops, self.count, self.findings = name, stops, 0, []

    def __call__(self, holds, what):
        self.count += 1
        if not holds:
            self.findings.append(what)
            if self.stops:
                raise Found(what)


def look(browser, checks, page, path, expect):
    """One page's checks; a script that fails, or a part that is not there, is a finding, too."""
    try:
        checks(browser, page, path, expect)
    except Found:
        pass
    except (PageError, StopIteration, IndexError, ValueError, TypeError) as problem:
        expect.findings.append(f"the checks can't go on: {type(problem).__name__}: {problem}; console: {browser.errors}")
    return expect


def check_pages(browser, spondee, folder):
    failure = shrunk_failure(spondee, folder, *SENDERS)
    explained = shrunk_failure(spondee, folder / "explained", *FORGOTTEN)
    several = report(spondee, folder, "--seeds", "0..<6", "--mutation", "senderBared", "--coverage")
    passed = report(spondee, folder, "--seed", "5")
    count, findings = 0, 0
    for name, checks, page in (
            ("a failure", ladder.check_all, failure), ("hostile text", hostile.check_all, failure),
            ("why it failed", causes.check_all, explained), ("any cause", causes.check_all, failure),
            ("a campaign", campaign.check_all, several), ("a run without failure", campaign.check_passed, passed)):
        expect = look(browser, checks, page, folder / "page.html", Expectations(name))
        count, findings = count + expect.count, findings + len(expect.findings)
        print(*(f"{name}: not so: {finding}" for finding in expect.findings), sep="\n", end="\n" if expect.findings else "")
    print(f"{count} expectations, {findings} of them not met")
    return findings == 0


def check_planted(browser, spondee, folder):
    failure = shrunk_failure(spondee, folder, *SENDERS)
    missed = 0
    for name, old, new in PLANTED:
        page = failure.with_script(old, new)
        expect = Expectations(name, stops=True)
        for checks in (ladder.check_all, hostile.check_all, causes.check_all):
            if not expect.findings:
                look(browser, checks, page, folder / "page.html", expect)
        missed += not expect.findings
        print(f"{name}: {'not so: ' + expect.findings[0] if expect.findings else 'NOT FOUND'}"[:300], flush=True)
    print(f"{len(PLANTED)} planted errors, {missed} not found")
    return missed == 0


def main():
    spondee, *options = sys.argv[1:]
    checks = check_planted if options == ["--planted"] else check_pages
    with tempfile.TemporaryDirectory(prefix="spondee-report-") as folder, Browser() as browser:
        sys.exit(0 if checks(browser, str(pathlib.Path(spondee).resolve()), pathlib.Path(folder)) else 1)


main()
