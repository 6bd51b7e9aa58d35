#!/usr/bin/env python3
"""Runs the same seeds in two processes, perhaps of two builds, and shows the first event in which they differ.

compare.py FIRST SECOND SEEDS [ARGUMENT...]

FIRST and SECOND are spondee executables (they may be the same one: each process has its own hash seed); SEEDS is a range such as
0..<40; further arguments go to both. Exit status 0: all the same; 1: a difference; 2: one of them could not be run.
"""
import itertools
import subprocess
import sys


def simulate(binary, *arguments):
    result = subprocess.run([binary, "simulate", *arguments], stdout=subprocess.PIPE, text=True)
    if result.returncode not in (0, 1):
        print(f"{binary} simulate {' '.join(arguments)}: exit status {result.returncode}", file=sys.stderr)
        sys.exit(2)
    return result.stdout.splitlines()


def digests(binary, seeds, extra):
    lines = (line.split() for line in simulate(binary, "--seeds", seeds, "--digests", *extra))
    return {words[1]: words[3] for words in lines if len(words) == 4 and words[0] == "seed" and words[2] == "digest"}


def first_difference(first, second, seed, extra):
    arguments = ["--seed", seed, "--trace", *extra]
    pairs = itertools.zip_longest(simulate(first, *arguments), simulate(second, *arguments))
    for number, (one, other) in enumerate(pairs, 1):
        if one != other:
            return f"event {number} of seed {seed}:\n  {one}\n  {other}"
    return f"seed {seed}: the digests differ, and no event that clients see does"


def main():
    if len(sys.argv) < 4:
        print(__doc__, file=sys.stderr)
        sys.exit(2)
    first, second, seeds, *extra = sys.argv[1:]
    one, other = digests(first, seeds, extra), digests(second, seeds, extra)
    differing = [seed for seed in one if one[seed] != other.get(seed)]
    if not one or len(one) != len(other):
        print(f"{len(one)} and {len(other)} digests", file=sys.stderr)
        sys.exit(2)
    for seed in differing[:1]:
        print(first_difference(first, second, seed, extra))
    print(f"{len(one) - len(differing)} seeds are the same in both, {len(differing)} differ")
    sys.exit(1 if differing else 0)


main()
