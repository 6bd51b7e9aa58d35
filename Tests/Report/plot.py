#!/usr/bin/env python3
"""Makes the plot that the README shows: how likely a failure was, over the events of its run.

  plot.py SPONDEE [SVG]

The bug is planted (a crash loses the last durable commit); the first seed that fails is made small and explained. The page of the failure
holds the same curve with more about it. Make the plot anew when seeds mean something else.
"""
import pathlib
import sys
import tempfile

sys.dont_write_bytecode = True  # Nothing of it stays in the tree.

from pages import shrunk_failure

PLANTED = ["--seeds", "0..<50", "--until-failure", "--mutation", "crashForgets", "--explain"]
HERE = pathlib.Path(__file__).parent
PLOT = HERE.parent.parent / "Sources/Simulation/Simulation.docc/Resources/explained.svg"
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 760, 250, 48, 20, 40, 44
MOST_BYTES = 60_000


def text(x, y, words, anchor="start", colour="#57606a"):
    words = words.replace("&", "&amp;").replace("<", "&lt;")
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">{words}</text>'


def line(x1, y1, x2, y2, colour, dashes=""):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"{dashes}/>'


def plot(causality, failure):
    moments = sorted(causality["moments"], key=lambda moment: moment["event"])
    last = max(moment["event"] for moment in moments)
    x = lambda event: LEFT + (WIDTH - LEFT - RIGHT) * event / last
    y = lambda share: HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share
    parts = [f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>', text(LEFT, 18, f"{failure['oracle']}: share of continuations that fail", colour="#24292f")]
    for share in (0, 0.5, 1):
        parts += [line(LEFT, y(share), WIDTH - RIGHT, y(share), "#d0d7de"), text(LEFT - 6, y(share) + 4, f"{100 * share:.0f} %", "end")]
    points = " ".join(f"{x(moment['event']):.1f},{y(moment['failing'] / moment['of']):.1f}" for moment in moments)
    parts.append(f'<polyline points="{points}" fill="none" stroke="#0969da" stroke-width="2"/>')
    if causality["jumps"]:
        jump = causality["jumps"][0]
        place = x(jump["event"])
        before, after = (f"{100 * jump[side]['failing'] / jump[side]['of']:.0f} %" for side in ("before", "after"))
        anchor = "end" if place > WIDTH / 2 else "start"
        parts += [line(place, TOP, place, HEIGHT - BOTTOM, "#cf222e", ' stroke-dasharray="4 3"'),
                  text(place + (-6 if anchor == "end" else 6), TOP - 6, f"event {jump['event']}, {before} to {after}: {jump['words']}", anchor, "#cf222e")]
    parts += [text(LEFT, HEIGHT - 24, "0"), text(WIDTH - RIGHT, HEIGHT - 24, f"{last}", "end"),
              text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10, "events of the run", "middle")]
    body = "\n".join(parts)
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
            f'font-family="sans-serif" font-size="12">\n{body}\n</svg>\n')


def main():
    spondee, path = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else PLOT
    with tempfile.TemporaryDirectory(prefix="spondee-report-") as folder:
        run = shrunk_failure(spondee, folder, *PLANTED).data["runs"][0]
    path.write_text(plot(run["causality"], run["failure"]))
    size = path.stat().st_size
    print(f"{path}: {size} bytes of at most {MOST_BYTES}")
    sys.exit(0 if size <= MOST_BYTES else 1)


main()
