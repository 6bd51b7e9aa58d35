"""Checks that nothing a peer says becomes part of the page, nor keeps it from being drawn."""
import copy

import ladder

MARKUP = "<img src=x onerror=\"document.title = 'taken'\"></script><script>document.title = 'taken'</script><!--"
BROKEN = [
    MARKUP, "<message", "<message id='" + "&" * 2000, "</a></b>" * 300, "<a>" * 3000, "<message a='>'/>", "<!-- <![CDATA[ ]]>",
    "\u202e\u0000\u2028",
]


def check_all(browser, page, path, expect):
    data = copy.deepcopy(page.data)
    run = data["runs"][0]
    failed_at = run["failure"]["t"]
    stanza = next(event for event in run["events"] if event["kind"] == "received")
    # A stanza of its own for each, before the others: the event that broke the rule is still the last.
    added = [{**stanza, "t": 0, "text": each, "id": each[:200], "type": each[:20], "payload": each[:20]} for each in BROKEN]
    run["events"][0:0] = added + [{"t": 0, "kind": "fault", "text": MARKUP}, {"t": 0, "kind": "asked", "text": MARKUP}]
    run.update(title=MARKUP, command=MARKUP, script=MARKUP, trace=MARKUP)
    run["failure"].update(oracle=MARKUP, message=MARKUP, clause=MARKUP, t=failed_at)
    run["lanes"][0] = MARKUP
    browser.size(1400, ladder.ALL_ROWS)
    browser.open(page.with_data(data).write(path))
    title = browser.evaluate("document.title")
    expect(len(ladder.rows_of(browser)) == len(run["events"]), "each event has a row")
    for index, text in enumerate(BROKEN):
        browser.click(f"document.querySelector('#event-{index}')")
        said = browser.evaluate("document.querySelector('.panel .stanza').textContent")
        begin = text[:40].strip()
        expect(said.startswith(begin), f"the panel shows {begin!r} as text: {said[:60]!r}")
    expect(ladder.text(browser, ".failure .said") == MARKUP, "the message is text")
    expect(browser.evaluate("document.querySelectorAll('img').length") == 0, "no text became an element")
    expect(browser.evaluate("document.querySelectorAll('script').length") == 1, "no text became a script")
    expect(browser.evaluate("document.title") == title != "taken", "no text was run")
    expect(not browser.errors, f"the console is empty: {browser.errors}")
