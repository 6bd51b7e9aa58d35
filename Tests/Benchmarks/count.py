#!/usr/bin/env python3
"""Counts the instructions of each workload's operation with callgrind, and compares them with what is written down.

    swift build -c release --static-swift-stdlib --product spondee-count && Tests/Benchmarks/count.py .build/release/spondee-count

count.py BINARY [NAME...]             compare with instructions.txt
count.py BINARY --write               write instructions.txt anew

An operation's count is the difference of two runs, one of them with more operations: what a process does once is not in it. Exit status:
0 if none costs 5 % more than written down, 1 if one does, 2 if something could not be run.
"""
import os
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

EXPECTED = Path(__file__).resolve().parent / "instructions.txt"
TOLERANCE = 0.05
# Or how dictionaries fall out would be another matter each time.
ENVIRONMENT = os.environ | {"SWIFT_DETERMINISTIC_HASHING": "1"}


def instructions(binary, name, times):
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", binary, name, str(times)]
    result = subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT)
    found = re.search(r"Collected : (\d+)", result.stderr)
    if result.returncode or not found:
        raise RuntimeError(f"{name}: {result.stderr[-500:]}")
    return int(found[1])


def measure(binary, name):
    # The first run may leave things behind for the next ones, and is not counted.
    subprocess.run([binary, name, "1"], check=True, env=ENVIRONMENT)
    second = instructions(binary, name, 2) - instructions(binary, name, 1)
    # About thirty million instructions tell the cost of one operation to a part in a thousand; to one in a hundred where threads take part.
    times = min(1000, 30_000_000 // max(1, second))
    if times < 2:
        return second
    return (instructions(binary, name, 2 + 2 * times) - instructions(binary, name, 2 + times)) // times


def main():
    arguments = [word for word in sys.argv[1:] if word != "--write"]
    if not arguments:
        print(__doc__, file=sys.stderr)
        sys.exit(2)
    expected = dict(line.split() for line in EXPECTED.read_text().splitlines()) if EXPECTED.exists() else {}
    with tempfile.TemporaryDirectory() as folder:
        # callgrind stumbles over the debug information of newer compilers.
        binary = Path(folder) / "count"
        # Workloads leave what their next run needs in this folder, too.
        ENVIRONMENT["TMPDIR"] = folder
        subprocess.run(["strip", "-g", "-o", binary, arguments[0]], check=True)
        names = arguments[1:] or subprocess.run([binary], capture_output=True, text=True, check=True).stdout.split()
        with ThreadPoolExecutor(2) as pool:
            counts = dict(zip(names, pool.map(lambda name: measure(str(binary), name), names)))
    if "--write" in sys.argv:
        EXPECTED.write_text("".join(f"{name} {count}\n" for name, count in counts.items()))
    worse = 0
    for name, count in counts.items():
        was = int(expected.get(name, 0))
        change = f"{(count / was - 1) * 100:+6.1f} %" if was else "new"
        is_worse = was and count > was * (1 + TOLERANCE)
        worse += is_worse
        print(f"{name:28}{count:14,}  {change}{'  MORE' if is_worse else ''}")
    print(f"{len(counts)} workloads counted, {worse} cost more than written down")
    sys.exit(1 if worse and "--write" not in sys.argv else 0)


if __name__ == "__main__":
    try:
        main()
    except (OSError, RuntimeError, subprocess.CalledProcessError) as problem:
        print(problem, file=sys.stderr)
        sys.exit(2)
