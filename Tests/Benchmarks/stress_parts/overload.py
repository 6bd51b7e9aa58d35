"""Twice as many messages as the server can carry, by senders who never wait for anything, and somebody who logs in meanwhile."""
import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

from .crowd import Load, chat
from .common import Server, Watch, fill, megabytes, seconds

SENDERS = 20


def strain(arguments, folder):
    with Server(arguments, folder, limits=["bytes_per_second: 0"], spinners=arguments.spinners) as server:
        fill(server, 1000)
        # The second core is for all others, who inherit this; the server and its company go to the first by themselves.
        os.sched_setaffinity(0, {1})
        server.start()
        core = f"beside {arguments.spinners} processes on its core that only compute, all load on the other"
        top, share = closed_loop(arguments, server)
        yield f"the most messages a second, 40 clients, 10 in flight, the server {core}; its part of the core", f"{top:,.0f}; {share:.0%}"
        before = server.memory()
        rate = 2 * top / (2 * SENDERS)
        groups = [Load(arguments.port, [f"user{1 + first + i}" for i in range(SENDERS)], SENDERS, rate, chat, b"</message>", nice=5)
                  for first in (0, SENDERS)]
        cpu, began = server.cpu(), time.monotonic()
        with Watch(server, 0.5) as watch:
            for group in groups:
                group.tell("go")
            logins = []
            while time.monotonic() < began + arguments.seconds:
                begun = time.monotonic()
                server.client(f"user{random.randint(100, 1000)}", f"l{len(logins)}").close()
                logins.append(time.monotonic() - begun)
                time.sleep(max(0, begun + 0.5 - time.monotonic()))
            wall, cpu = time.monotonic() - began, server.cpu() - cpu
            counts = [group.tell("stop") for group in groups]
            total = {name: sum(count[name] for count in counts) for name in counts[0]}
            lasting = [group.settle(30)[1] for group in groups]
        logins.sort()
        per = lambda name: f"{total[name] / wall:,.0f}"
        yield (f"messages a second in {wall:.0f} s of senders that never wait: offered, taken, delivered; its part of the core",
               f"{per('offered')}, {per('taken')}, {per('delivered')}; {cpu / wall:.0%}")
        yield ("... logins meanwhile, one each half second: median, slowest, how many",
               f"{seconds(logins[len(logins) // 2])}, {seconds(logins[-1])}, {len(logins)}")
        yield "... time until all that was taken had come; connections that ended", f"{seconds(max(lasting))}; {total['closed']}"
        time.sleep(10)
        yield "... memory before, at its peak, 10 s after", ", ".join(map(megabytes, (before, watch.peak, server.memory())))
        for group in groups:
            group.__exit__()
        time.sleep(3)
        yield "... memory when they have gone", megabytes(server.memory())
    os.sched_setaffinity(0, range(os.cpu_count()))


def closed_loop(arguments, server):
    """Messages a second, and the server's part of a core."""
    command = [sys.executable, Path(__file__).resolve().parent.parent / "load.py", arguments.tools, "messages", "--pairs", SENDERS, "--count", 3000]
    command += ["--port", arguments.port, "--pid", server.pid]
    result = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=300)
    if result.returncode:
        raise RuntimeError(f"xmppload: {result.stderr[-400:]}")
    answer = json.loads(result.stdout)
    return answer["per_s"], answer["server_cpu_s"] / answer["wall_s"]
