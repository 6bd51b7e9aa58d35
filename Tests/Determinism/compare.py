#!/usr/bin/env python3
"""Runs the same seeds in two processes, perhaps of two builds, and shows the first event in which they differ.

compare.py FIRST SECOND SEEDS [ARGUMENT...]

FIRST and SECOND are spondee executables (they may be the same one: each process has its own hash seed); SEEDS is a range such as
0..<40; further arguments go to both. What the second process has to say of its campaign is printed. Exit status 0: all the same, and no
rule was broken; 1: a difference, or a broken rule; 2: one of them could not be run.
"""
import itertools
import subprocess
import sys


def simulate(binary, *arguments):
    process = subprocess.run([binary, "simulate", *arguments], stdout=subprocess.PIPE, text=True)
    if process.returncode not in (0, 1):
        print(f"{' '.join(process.args)}: exit status {process.returncode}", file=sys.stderr)
        sys.exit(2)
    return process.stdout.splitlines(), process.returncode


def digests(lines):
    words = (line.split() for line in lines)
    return {one[1]: one[3] for one in words if len(one) == 4 and one[0] == "seed" and one[2] == "digest"}


def first_difference(first, second, seed, extra):
    traces = (simulate(binary, "--seed", seed, "--trace", *extra)[0] for binary in (first, second))
    for number, (one, other) in enumerate(itertools.zip_longest(*traces), 1):
        if one != other:
            return f"event {number} of seed {seed}:\n  {one}\n  {other}"
    return f"seed {seed}: the digests differ, and no event that clients see does"


def main():
    if len(sys.argv) < 4:
        print(__doc__, file=sys.stderr)
        sys.exit(2)
    first, second, seeds, *extra = sys.argv[1:]
    (lines, failed), (other_lines, other_failed) = (simulate(binary, "--seeds", seeds, "--digests", *extra) for binary in (first, second))
    one, other = digests(lines), digests(other_lines)
    if not one or len(one) != len(other):
        print(f"{len(one)} and {len(other)} digests", file=sys.stderr)
        sys.exit(2)
    print("\n".join(line for line in other_lines if not line.startswith("seed ")))
    differing = [seed for seed in one if one[seed] != other[seed]]
    for seed in differing[:1]:
        print(first_difference(first, second, seed, extra))
    print(f"{len(one) - len(differing)} seeds are the same in both, {len(differing)} differ")
    sys.exit(1 if differing or failed or other_failed else 0)


main()
