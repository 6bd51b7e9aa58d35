#!/usr/bin/env python3
"""Plants thousands of small bugs in the core, one at a time, and reports which of them no test notices.

    Tests/Mutation/run.py build                       makes an instrumented copy in .scratch and builds it once
    Tests/Mutation/run.py trial                       runs every mutant that has no result yet (hours), prints survivors, writes table.md
    Tests/Mutation/run.py trial --sample 300          runs the first 300 of an order that is spread evenly over all files
    Tests/Mutation/run.py trial --changed main        only mutants on lines that differ from main
    Tests/Mutation/run.py trial --file Rooms --again  only mutants of files whose path contains this; forgets their results first
    Tests/Mutation/run.py trial --survivors           once more what nothing noticed, after tests were added and the copy was built again
    Tests/Mutation/run.py one NUMBER                  runs one mutant and prints what each layer says
    Tests/Mutation/run.py report [--unreached]        prints survivors (and mutants that nothing reaches), and writes table.md

Exit status: 0; 1 with --fail-below PERCENT, if fewer of the mutants that were asked for are killed; 2 if the copy does not build.
"""

import argparse
import re
import subprocess
import sys
import time

from mutation import layers, reach, report, tree, trial


def say(line):
    print(line, flush=True)


def changed_lines(base):
    """The lines of each file that differ from a commit, as the working tree numbers them."""
    diff = subprocess.run(["git", "diff", "--unified=0", "--merge-base", base, "--", "Sources"], cwd=tree.REPOSITORY, capture_output=True,
                          text=True, check=True).stdout
    found, file = {}, None
    for line in diff.splitlines():
        if line.startswith("+++ "):
            file = line[6:] if line.startswith("+++ b/") else None
        part = re.match(r"@@ -\S+ \+(\d+)(?:,(\d+))? @@", line)
        if part and file:
            start, count = int(part[1]), int(part[2] or 1)
            found.setdefault(file, set()).update(range(start, start + count))
    return found


def chosen(options):
    mutants = tree.catalog()
    if options.changed:
        lines = changed_lines(options.changed)
        mutants = [mutant for mutant in mutants if mutant["line"] in lines.get(mutant["file"], ())]
    if options.file:
        mutants = [mutant for mutant in mutants if any(part in mutant["file"] for part in options.file)]
    if options.survivors:
        known = trial.results()
        mutants = [mutant for mutant in mutants if known.get(tree.identity(mutant), {}).get("fate") in ("survived", "unreached")]
    listed = report.equivalents()
    mutants = trial.order([mutant for mutant in mutants if tree.identity(mutant) not in listed])
    return mutants[:options.sample] if options.sample else mutants


def try_mutants(options):
    mutants = chosen(options)
    if options.again or options.survivors:
        trial.forget({tree.identity(mutant) for mutant in mutants})
    end = time.monotonic() + options.minutes * 60 if options.minutes else None
    trial.run(mutants, reach.measure(say), options.jobs, options.ranges, until=lambda: end and time.monotonic() > end, report=say)
    known = trial.results()
    for line in report.survivors(mutants, known):
        say(line)
    say(report.summary(mutants, known))
    if options.fail_below:
        row = report.total(report.rows(mutants, known, {}).values())
        return 0 if row.score is None or row.score >= options.fail_below else 1
    write_table()
    return 0


def write_table():
    report.TABLE.write_text(report.table(tree.catalog(), trial.results()))


def try_one(options):
    mutant = next(mutant for mutant in tree.catalog() if mutant["number"] == options.number)
    say(tree.identity(mutant))
    measured = reach.measure(say)
    for layer, cases, clean in trial.steps(mutant, measured, len(layers.CAMPAIGN)):
        end, why, seconds = layers.run(layer, cases, 5 + 4 * clean, mutant=mutant["number"])
        say(f"{layer.name}: {' '.join(cases)}\n    {end} after {seconds:.1f} s of CPU time {why}")
    return 0


def tell(options):
    mutants, known = tree.catalog(), trial.results()
    for line in report.survivors(mutants, known):
        say(line)
    if options.unreached:
        for line in report.survivors(mutants, known, "unreached"):
            say("never reached: " + line)
    say(report.summary(mutants, known))
    write_table()
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("build")
    some = commands.add_parser("trial")
    some.add_argument("--sample", type=int)
    some.add_argument("--changed", metavar="BASE")
    some.add_argument("--file", action="append")
    some.add_argument("--again", action="store_true")
    some.add_argument("--survivors", action="store_true")
    some.add_argument("--jobs", type=int, default=2)
    some.add_argument("--ranges", type=int, default=8, help="how many ranges of 20 seeds the campaign runs of a mutant")
    some.add_argument("--minutes", type=float, help="begin no more mutants after so long")
    some.add_argument("--fail-below", type=float, metavar="PERCENT")
    commands.add_parser("one").add_argument("number", type=int)
    commands.add_parser("report").add_argument("--unreached", action="store_true")
    options = parser.parse_args()
    if options.command == "build":
        return 0 if tree.build(say) else 2
    return {"trial": try_mutants, "one": try_one, "report": tell}[options.command](options)


if __name__ == "__main__":
    sys.exit(main())
