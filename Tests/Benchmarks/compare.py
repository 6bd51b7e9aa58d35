#!/usr/bin/env python3
"""Measures this server beside others, in turn and on the same machine, and prints a table for the README.

    Tests/Benchmarks/compare.py --tools DIR [--server .build/release/spondee] [--peers prosody,ejabberd] [--rounds 3] [--only MODE,...]

DIR holds `peer`, which starts another server on loopback, and `xmppload.py`, which loads any server and reads its CPU time and memory
from /proc. All get the same RSA key of 2048 bits. Each round starts each server anew: once for the CPU time of chats, rooms and logins,
and once for each figure of idle connections. The table has the medians, and in parentheses how many times
ours each other's is. Exit status: 0; 2 if something could not be run.
"""
import argparse
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

# Name: which process measures it, the words for xmppload.py, the key of its answer, the factor to the unit, the unit.
MODES = {
    "messages": ("cpu", ["messages", "--pairs", "20", "--count", "2000"], "server_cpu_us_per_message", 1, "µs", "a message, 10 in flight"),
    "tls": ("cpu", ["messages", "--pairs", "20", "--count", "2000", "--tls"], "server_cpu_us_per_message", 1, "µs", "the same over TLS"),
    "single": ("cpu", ["messages", "--pairs", "20", "--count", "1000", "--window", "1"], "server_cpu_us_per_message", 1, "µs", "a message, one in flight"),
    "room": ("cpu", ["muc", "--occupants", "100", "--count", "300"], "server_cpu_us_per_copy", 1, "µs", "a copy in a room of 100"),
    "login": ("cpu", ["login", "--count", "300"], "server_cpu_ms_per_login", 1000, "µs", "a login with SCRAM-SHA-1"),
    "median": ("cpu", ["latency"], "median_us", 1, "µs", "median time of a message, 500 a second"),
    "rare": ("cpu", ["latency"], "p999_us", 1, "µs", "one in a thousand takes longer than"),
    "rare-commits": ("cpu", ["latency", "--commits", "50"], "p999_us", 1, "µs", "the same with 50 changes a second on the disk"),
    "idle": ("plain", ["idle", "--connections", "1000"], "server_bytes_per_connection", 0.001, "kB", "memory of an idle connection"),
    "idle-16k": ("busy", ["idle", "--connections", "1000", "--size", "16000"], "server_bytes_per_connection", 0.001, "kB", "the same, 16 kB once received"),
    "idle-tls": ("tls", ["idle", "--connections", "1000", "--tls"], "server_bytes_per_connection", 0.001, "kB", "the same over TLS"),
    "idle-tls-16k": ("busy-tls", ["idle", "--connections", "1000", "--tls", "--size", "16000"], "server_bytes_per_connection", 0.001, "kB", "over TLS, 16 kB once received"),
}
EMPTY = ("memory of the idle server", "MB")


class Server:
    """One of those that are compared, as a process of its own."""

    def __init__(self, kind, arguments, folder, port):
        self.folder, self.port = folder / kind.replace(":", "-"), port
        kind, _, loops = kind.partition(":")
        if kind == "spondee":
            self.folder.mkdir()
            config = self.folder / "config.yaml"
            config.write_text(
                f'listeners: [{{ address: "127.0.0.1", port: {port} }}]\ndata: {self.folder}/data\ncertificates: {folder}/certs\n'
                "requires_tls: false\nlog_level: warning\nfeatures: { open_registration: true }\n"
                f"limits: {{ bytes_per_second: 0, connections_per_address: 100000 }}\nevent_loops: {loops or 1}\n")
            with open(self.folder / "log", "w") as log:
                self.process = subprocess.Popen([arguments.server, "serve", "--config", config], stdout=log, stderr=log)
            self.pid = self.process.pid
            wait_for(port)
        else:
            self.process = None
            # Into a file: what it leaves running would hold a pipe open.
            with open(folder / "started", "w+") as output:
                status = subprocess.run([arguments.tools / "peer", kind, str(port), self.folder], stdout=output, stderr=output).returncode
                output.seek(0)
                words = output.read()
            if status:
                raise RuntimeError(words)
            self.pid = int(words.split()[0])
            if not (folder / "certs").exists():
                shutil.copytree(self.folder / "certs", folder / "certs")

    def stop(self):
        os.kill(self.pid, signal.SIGTERM)
        if self.process:
            self.process.wait(30)
        for _ in range(300):
            if not Path(f"/proc/{self.pid}").exists():
                break
            time.sleep(0.1)
        else:
            # A peer that does not end when it is told to.
            import xmppload
            for pid in xmppload.descendants(self.pid):
                os.kill(pid, signal.SIGKILL)
        shutil.rmtree(self.folder, ignore_errors=True)


def wait_for(port):
    import socket
    for _ in range(300):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError("the server did not come up")


def load(arguments, server, words):
    script = [Path(__file__).resolve().parent / "load.py", arguments.tools, *words]
    if words[0] == "latency":
        script = [Path(__file__).resolve().parent / "latency.py", "--tools", arguments.tools, *words[1:]]
    command = [sys.executable, *script, "--port", server.port, "--pid", server.pid]
    result = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=600)
    if result.returncode:
        raise RuntimeError(f"{' '.join(words)}: {result.stderr[-500:]}")
    return json.loads(result.stdout)


def measure(arguments, kind, folder, port, figures):
    sys.path.insert(0, str(arguments.tools))
    import xmppload
    wanted = {name: MODES[name] for name in arguments.only}
    for group in dict.fromkeys(mode[0] for mode in wanted.values()):
        server = Server(kind, arguments, folder, port)
        try:
            if group == "cpu":
                time.sleep(2)
                figures.setdefault((kind, EMPTY[0]), []).append(xmppload.rss_bytes(server.pid) / 1e6)
            accounts = 100 if group == "cpu" else 1000
            load(arguments, server, ["login", "--register", "--count", str(accounts), "--accounts", str(accounts)])
            for name, (_, words, key, factor, *_) in wanted.items():
                if wanted[name][0] == group:
                    figures.setdefault((kind, name), []).append(load(arguments, server, words)[key] * factor)
        finally:
            server.stop()


def show(value):
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def table(kinds, figures, names):
    lines = [f"| | {' | '.join(kinds)} |", "|---|" + "---|" * len(kinds)]
    for name, label, unit in [(name, MODES[name][5], MODES[name][4]) for name in names] + [(EMPTY[0], *EMPTY)]:
        if (kinds[0], name) not in figures:
            continue
        medians = [statistics.median(figures[kind, name]) for kind in kinds]
        cells = [f"{show(medians[0])} {unit}"] + [f"{show(value)} {unit} ({value / medians[0]:.1f})" for value in medians[1:]]
        lines.append(f"| {label} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tools", type=Path, required=True)
    parser.add_argument("--server", type=Path, default=Path(".build/release/spondee"))
    parser.add_argument("--peers", default="prosody,ejabberd")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default=",".join(MODES), help="these modes: " + ", ".join(MODES))
    parser.add_argument("--port", type=int, default=25222)
    parser.add_argument("--json", type=Path, help="write every figure to this file")
    arguments = parser.parse_args()
    arguments.only = arguments.only.split(",")
    peers = [peer for peer in arguments.peers.split(",") if peer]
    figures = {}
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        folder = Path(folder)
        if all(peer.startswith("spondee") for peer in peers):
            (folder / "certs").mkdir()
        for round in range(arguments.rounds):
            # Peers first: theirs is the key.
            for index, kind in enumerate(peers + ["spondee"]):
                print(f"round {round + 1}: {kind}", file=sys.stderr, flush=True)
                measure(arguments, kind, folder, arguments.port + index, figures)
    if arguments.json:
        arguments.json.write_text(json.dumps({f"{kind} {name}": values for (kind, name), values in figures.items()}, indent=1))
    print(table(["spondee"] + peers, figures, arguments.only))


if __name__ == "__main__":
    try:
        main()
    except (OSError, RuntimeError, KeyError, subprocess.SubprocessError) as problem:
        print(problem, file=sys.stderr)
        sys.exit(2)
