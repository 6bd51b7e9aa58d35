#!/usr/bin/env python3
"""Measures the running server at its edges, and prints a table of what was done and what it took.

    Tests/Benchmarks/stress.py --tools DIR [--server .build/release/spondee] [--only storage,room,roster,overload,flood] [--limits LINE]

DIR holds xmppload.py. CPU time and memory (PSS) are the server's own, from /proc; what its users wait for is measured from outside and
depends on what else the machine does, the load itself included, which is as dear as the server: see the load average in the last line.
Each part (stress_parts/) has a server and a data folder of its own. `--limits 'outbox_bytes: 1000000'`, which may come several times, adds a line
to the server's limits; rates are as they are by default, except where all load is to come through (overload). Exit status: 0; 2 if something could not be run.
"""
import argparse
import json
import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PARTS = ["storage", "room", "roster", "overload", "flood"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tools", type=Path, required=True)
    parser.add_argument("--server", type=Path, default=Path(".build/release/spondee"))
    parser.add_argument("--only", default=",".join(PARTS), help="these parts: " + ", ".join(PARTS))
    parser.add_argument("--port", type=int, default=25240)
    parser.add_argument("--limits", action="append", default=[], help="a line of the server's limits, as `key: value`")
    parser.add_argument("--accounts", type=int, default=100_000, help="that are stored (storage)")
    parser.add_argument("--rooms", type=int, default=1000, help="that are stored (storage)")
    parser.add_argument("--occupants", type=int, default=2000, help="of the room (room)")
    parser.add_argument("--contacts", type=int, default=10_000, help="of a roster (roster)")
    parser.add_argument("--spinners", type=int, default=3, help="that share the server's core (overload)")
    parser.add_argument("--seconds", type=int, default=20, help="that the load lasts (overload, flood)")
    parser.add_argument("--patience", type=int, default=70, help="seconds after which who is not used has left the server's memory")
    parser.add_argument("--json", type=Path, help="write the table to this file")
    arguments = parser.parse_args()
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    sys.path[:0] = [str(arguments.tools), str(Path(__file__).resolve().parent)]
    rows = []
    print("| what | figure |\n|---|---|")
    for name in arguments.only.split(","):
        part = __import__(f"stress_parts.{name}", fromlist=["strain"])
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            for row in part.strain(arguments, Path(folder)):
                rows.append((name, *row))
                print(f"| {row[0]} | {row[1]} |", flush=True)
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    print(f"{time.strftime('%F %H:%M')}, {os.cpu_count()} cores, load average {load}", file=sys.stderr)
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    try:
        main()
    except (OSError, RuntimeError, SystemExit, subprocess.SubprocessError, sqlite3.Error) as problem:
        if isinstance(problem, SystemExit) and not isinstance(problem.code, str):
            raise
        print(problem, file=sys.stderr)
        sys.exit(2)
