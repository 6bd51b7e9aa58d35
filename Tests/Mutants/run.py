#!/usr/bin/env python3
"""Plants bugs in the server's source, one after the other, and lets the simulator look for each.

    Tests/Mutants/run.py                       every patch of this folder, and the tree without any
    Tests/Mutants/run.py NAME...               these alone ('none' is the tree as it is)
    Tests/Mutants/run.py --check               only see that every patch still applies

A line `# Options: ...` of a patch says with which options a campaign can find the bug. The patches in the folder Fuzz are for fuzzers.

Prints a line for each: which rule found it, with which seed and after how many seconds, and what becomes of that seed without the rule.
Each patch is taken back before the next, and also when this is interrupted; what a killed process left behind, the next one takes back.
Exit status: 0 if every bug was found and nothing was found without one, 1 if not, 2 if a patch does not apply or does not build.
"""

import argparse
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
TREE = FOLDER.parent.parent


def run(*command, **options):
    return subprocess.run([str(word) for word in command], cwd=TREE, text=True, capture_output=True, **options)


class Planted:
    """A patch in the tree, for as long as it is needed."""

    def __init__(self, patch, note):
        self.patch, self.note = patch, note

    def __enter__(self):
        # Written before: should the process be killed in between, there is nothing to take back, and that does no harm.
        self.note.parent.mkdir(parents=True, exist_ok=True)
        self.note.write_text(self.patch.name)
        applied = run("git", "apply", self.patch)
        if applied.returncode:
            self.note.unlink()
            raise RuntimeError(f"{self.patch.name} does not apply: {applied.stderr.strip()}")

    def __exit__(self, *_):
        run("git", "apply", "--reverse", self.patch)
        self.note.unlink(missing_ok=True)


def take_back_what_was_left(note):
    if note.exists():
        patch = FOLDER / note.read_text()
        if patch.exists() and run("git", "apply", "--reverse", "--check", patch).returncode == 0:
            run("git", "apply", "--reverse", patch)
        note.unlink()


def header(patch):
    lines = patch.read_text().splitlines()
    return lines[0].removeprefix("# "), lines[1].removeprefix("# Found by: ")


def options(patch):
    """The options with which a campaign can find the bug."""
    return " ".join(re.findall(r"^# Options: (.*)", patch.read_text(), re.MULTILINE)).split() if patch else []


def first_failure(output):
    return re.search(r"^FAIL seed (\d+): (\w+) at (.*)", output, re.MULTILINE)


def build(arguments):
    built = run("swift", "build", "-c", "release", "--static-swift-stdlib", "--product", "spondee", *arguments.scratch)
    if built.returncode:
        raise RuntimeError("it does not build:\n" + "\n".join(re.findall(r".*error:.*", built.stdout)[:5]))
    return Path(run("swift", "build", "-c", "release", "--show-bin-path", *arguments.scratch).stdout.strip()) / "spondee"


def search(spondee, seconds, jobs, more):
    began = time.monotonic()
    found = run(spondee, "simulate", "--for", f"{seconds}s", "--until-failure", "--jobs", jobs, *more)
    return first_failure(found.stdout), time.monotonic() - began


def judge(name, patch, arguments):
    """A line for the table, and whether it is as it should be."""
    spondee = build(arguments)
    seconds = arguments.seconds if patch else min(20, arguments.seconds)
    found, elapsed = search(spondee, seconds, arguments.jobs, options(patch))
    if not patch:
        return f"{name:34} {'FOUND ' + found[2] if found else '-':14} {'':10} {elapsed:6.1f} s", not found
    if not found:
        return f"{name:34} {'NOT FOUND':14} {'':10} {elapsed:6.1f} s  {header(patch)[0]}", False
    seed, rule = found[1], found[2]
    without = first_failure(run(spondee, "simulate", "--seed", seed, "--disable-rule", rule, *options(patch)).stdout)
    control = f"else by {without[2]}" if without else "else unseen"
    return f"{name:34} {rule:14} {'seed ' + seed:10} {elapsed:6.1f} s  {control:22} {header(patch)[0]}", True


def check(patches):
    bad = [patch.name for patch in patches if run("git", "apply", "--check", patch).returncode or not header(patch)[1]]
    for name in bad:
        print(f"{name} does not apply")
    print(f"{len(patches) - len(bad)} of {len(patches)} planted bugs apply")
    return 2 if bad else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="patches without their ending, or 'none'")
    parser.add_argument("--check", action="store_true", help="only see that the patches apply")
    parser.add_argument("--seconds", type=int, default=60, help="how long to look for each")
    parser.add_argument("--jobs", type=int, default=1, help="threads of a search; with more, which seed finds it first is chance")
    parser.add_argument("--scratch-path", dest="scratch", default=None, help="where to build")
    arguments = parser.parse_args()
    note = TREE / ".build" / "planted"
    take_back_what_was_left(note)
    names = arguments.names or ["none"] + sorted(patch.stem for patch in FOLDER.glob("*.patch"))
    patches = {name: FOLDER / f"{name}.patch" for name in names if name != "none"}
    if arguments.check:
        # Those that only a fuzzer finds are not looked for here, but must apply all the same.
        return check(list(patches.values()) + sorted(FOLDER.glob("Fuzz/*.patch")))
    if run("git", "status", "--porcelain", "--untracked-files=no", "Sources").stdout:
        print("Sources has changes that are not committed; nothing was done")
        return 2
    arguments.scratch = ["--scratch-path", arguments.scratch] if arguments.scratch else []
    # An interruption goes the way of an exception, so that the patch is taken back.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(130))
    good = 0
    for name in names:
        try:
            if name == "none":
                line, is_good = judge(name, None, arguments)
            else:
                with Planted(patches[name], note):
                    line, is_good = judge(name, patches[name], arguments)
        except RuntimeError as problem:
            print(f"{name}: {problem}", flush=True)
            return 2
        good += is_good
        print(line, flush=True)
    if patches:
        # The last build is of the tree without a patch, or the next to use it would wonder.
        build(arguments)
    print(f"{good} as it should be, {len(names) - good} not")
    return 0 if good == len(names) else 1


if __name__ == "__main__":
    sys.exit(main())
