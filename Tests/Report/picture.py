#!/usr/bin/env python3
"""Makes the picture of a failure that the documentation shows.

  picture.py SPONDEE [PNG]

The bug is planted (a crash loses the last durable commit); the first seed that fails is made small. The picture is of the ladder, with the
answer chosen by which the server acknowledged what it then lost. Nothing compares the file with a new one: text looks different with
other fonts, and with each release of the browser. Make it anew when the page looks different.
"""
import pathlib
import sys
import tempfile

sys.dont_write_bytecode = True  # Nothing of it stays in the tree.

from browser import Browser
from pages import shrunk_failure

PLANTED = ["--seeds", "0..<50", "--until-failure", "--mutation", "crashForgets"]
HERE = pathlib.Path(__file__).parent
PICTURE = HERE.parent.parent / "Sources/Simulation/Simulation.docc/Resources/a-failure.png"
WIDTH, MARGIN, MOST_BYTES = 1380, 8, 150_000


def main():
    spondee, path = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else PICTURE
    with tempfile.TemporaryDirectory(prefix="spondee-report-") as folder, Browser(WIDTH, 1400) as browser:
        page = shrunk_failure(spondee, folder, *PLANTED)
        browser.open(page.write(pathlib.Path(folder) / "page.html"))
        answers = [index for index, event in enumerate(page.data["runs"][0]["events"])
                   if (event["kind"], event.get("name"), event.get("type")) == ("received", "iq", "result")]
        browser.click(f"document.querySelector('#event-{answers[-1]}')")
        place = browser.evaluate("document.querySelector('.bench').getBoundingClientRect().toJSON()")
        browser.picture(path, x=place["x"] - MARGIN, y=place["y"] - MARGIN,
                        width=place["width"] + 2 * MARGIN, height=place["height"] + 2 * MARGIN)
        if browser.errors:
            sys.exit(f"the console says: {browser.errors}")
    size = path.stat().st_size
    print(f"{path}: {size} bytes of at most {MOST_BYTES}")
    sys.exit(0 if size <= MOST_BYTES else 1)


main()
