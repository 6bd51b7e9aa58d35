#!/usr/bin/env python3
"""What a message costs with ever more sessions connected, and what the sessions cost: a table, and a chart for the README.

    Tests/Benchmarks/scale.py --tools DIR [--server .build/release/spondee] [--sessions 10,1000,10000,18000] [--chart FILE.svg]

DIR holds xmppload.py. The server has so many sessions that say nothing (32 of an account), and ten that write to each other. CPU time and memory
are the server's own, from /proc; a session more than the system's limit of open files can't be. Exit status 2 if something could not be run.
"""
import argparse
import resource
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from load import load_xmppload

EACH = 32


def words(arguments, mode, port, pid, *more):
    script = [str(Path(__file__).resolve().parent / "load.py"), str(arguments.tools)]
    return [sys.executable, *script, mode, "--port", str(port), "--pid", str(pid), *map(str, more)]


def crowd(arguments, count):
    """Connects sessions, says "ready SECONDS", and holds them until its input ends."""
    sys.path.insert(0, str(arguments.tools))
    import xmppload
    login = argparse.Namespace(host="127.0.0.1", port=arguments.port, domain="localhost", password="password", tls=False, register=False)
    began = time.monotonic()
    clients = [xmppload.Client(login, f"user{i // EACH + 11}", f"s{i}").start() for i in range(count)]
    print("ready", time.monotonic() - began, len(clients), flush=True)
    sys.stdin.read()


def start(arguments, folder):
    config = folder / "config.yaml"
    config.write_text(
        f'listeners: [{{ address: "127.0.0.1", port: {arguments.port} }}]\ndata: {folder}/data\nrequires_tls: false\nlog_level: warning\n'
        "features: { open_registration: true }\nlimits: { bytes_per_second: 0, connections_per_address: 100000 }\n")
    server = subprocess.Popen([arguments.server, "serve", "--config", config], stdout=subprocess.PIPE, text=True)
    for line in server.stdout:
        if line.startswith("Add an account"):
            return server
    raise RuntimeError("the server did not start")


def load(arguments, mode, pid, *more):
    import json
    result = subprocess.run(words(arguments, mode, arguments.port, pid, *more), capture_output=True, text=True, timeout=900)
    if result.returncode:
        raise RuntimeError(f"{mode}: {result.stderr[-400:]}")
    return json.loads(result.stdout)


def measure(arguments, count, folder):
    xmppload = load_xmppload(arguments.tools)
    server = start(arguments, folder)
    try:
        accounts = 10 + (count + EACH - 1) // EACH
        load(arguments, "login", server.pid, "--register", "--count", accounts, "--accounts", accounts)
        time.sleep(1)
        before, cpu = xmppload.rss_bytes(server.pid), xmppload.cpu_seconds(server.pid)
        command = [sys.executable, __file__, "--tools", arguments.tools, "--port", str(arguments.port), "--crowd", str(count)]
        holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        ready = holder.stdout.readline().split()
        if not ready:
            raise RuntimeError(f"{count} sessions could not be connected")
        time.sleep(2)
        memory, login = xmppload.rss_bytes(server.pid) - before, xmppload.cpu_seconds(server.pid) - cpu
        cost = sorted(
            load(arguments, "messages", server.pid, "--pairs", 5, "--count", 4000)["server_cpu_us_per_message"] for _ in range(3))[1]
        holder.communicate("")
        return {"sessions": count, "message_us": cost, "kB": memory / count / 1000, "connect_s": float(ready[1]), "login_us": login / count * 1e6}
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(60)


def chart(rows):
    """Cost of a message against sessions, on a logarithmic axis."""
    from math import log10
    width, height, left, bottom = 640, 320, 60, 50
    low, high = 0, max(row["message_us"] for row in rows) * 1.25
    first, last = log10(rows[0]["sessions"]), log10(rows[-1]["sessions"])
    x = lambda count: left + 25 + (log10(count) - first) / max(0.001, last - first) * (width - left - 60)
    y = lambda value: height - bottom - (value - low) / (high - low) * (height - bottom - 30)
    points = " ".join(f"{x(row['sessions']):.1f},{y(row['message_us']):.1f}" for row in rows)
    marks = "".join(
        f"<theme cx='{x(row['sessions']):.1f}' cy='{y(row['message_us']):.1f}' r='4' class='line'/>"
        f"<text x='{x(row['sessions']):.1f}' y='{y(row['message_us']) - 12:.1f}' text-anchor='middle'>{row['message_us']:.1f}</text>"
        f"<text x='{x(row['sessions']):.1f}' y='{height - bottom + 20}' text-anchor='middle'>{row['sessions']:,}</text>" for row in rows)
    return f"""<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width} {height}' role='img' font-family='sans-serif' font-size='13'>
<title>CPU time of a message against connected sessions</title>
<style>text {{ fill: #555 }} .line {{ stroke: #2f6fb0; fill: #2f6fb0 }} .axis {{ stroke: #999 }}
@media (prefers-color-scheme: dark) {{ text {{ fill: #bbb }} .line {{ stroke: #7ab3ec; fill: #7ab3ec }} }}</style>
<path class='axis' fill='none' d='M{left} 20 V{height - bottom} H{width - 20}'/>
<text x='{left - 8}' y='{y(0):.1f}' text-anchor='end'>0</text><text x='{left}' y='14'>µs of CPU a message</text>
<text x='{width - 20}' y='{height - 12}' text-anchor='end'>sessions connected</text>
<polyline class='line' style='fill: none' stroke-width='2' points='{points}'/>{marks}
</svg>
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tools", type=Path, required=True)
    parser.add_argument("--server", type=Path, default=Path(".build/release/spondee"))
    parser.add_argument("--sessions", default="10,1000,10000,18000")
    parser.add_argument("--chart", type=Path)
    parser.add_argument("--port", type=int, default=25230)
    parser.add_argument("--crowd", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    if arguments.crowd:
        return crowd(arguments, arguments.crowd)
    sys.path.insert(0, str(arguments.tools))
    rows = []
    for count in map(int, arguments.sessions.split(",")):
        with tempfile.TemporaryDirectory() as folder:
            rows.append(measure(arguments, count, Path(folder)))
            print(rows[-1], file=sys.stderr, flush=True)
    print("| sessions | CPU of a message | memory of a session | CPU of a login |\n|---|---|---|---|")
    for row in rows:
        print(f"| {row['sessions']:,} | {row['message_us']:.1f} µs | {row['kB']:.1f} kB | {row['login_us']:.0f} µs |")
    if arguments.chart:
        arguments.chart.write_text(chart(rows))


if __name__ == "__main__":
    try:
        main()
    except (OSError, RuntimeError, subprocess.SubprocessError) as problem:
        print(problem, file=sys.stderr)
        sys.exit(2)
