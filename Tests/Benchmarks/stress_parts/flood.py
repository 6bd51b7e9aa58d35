"""One user who sends as much as the server takes, beside twenty who send five messages a second each."""
import time

from .crowd import FOREVER, Load, Talkers, chat, groupchat
from .common import Server, Watch, fill, megabytes, seconds

ROOM = "flood@conference.localhost"


def strain(arguments, folder):
    with Server(arguments, folder) as server:
        fill(server, 200)
        server.start()
        with Talkers(arguments.port, [f"user{1 + i}" for i in range(20)], 5) as talkers:
            time.sleep(arguments.seconds)
            yield "a message of 20 who send 5 a second each: median, 99 %, 99.9 %, slowest", figures(talkers.take())
            for kind, users, make, room in (
                ("to somebody who reads", 2, chat, None), ("to a room of 100 who read", 100, groupchat(ROOM), ROOM)
            ):
                names = [f"user{101 + i}" for i in range(users)]
                with Load(arguments.port, names, 1, FOREVER, make, b"</message>", room, nice=5) as load:
                    time.sleep(1)
                    talkers.take()
                    before, cpu, began = server.memory(), server.cpu(), time.monotonic()
                    with Watch(server, 0.25) as watch:
                        load.tell("go")
                        time.sleep(arguments.seconds)
                        counts = load.tell("stop")
                        wall, cpu = time.monotonic() - began, server.cpu() - cpu
                        waits = talkers.take()
                        lasting = load.settle(60)[1]
                    yield f"... beside a flood {kind}", figures(waits)
                    yield ("... ... messages a second of the flood: taken, delivered; the server's part of a core",
                           f"{counts['taken'] / wall:,.0f}, {counts['delivered'] / wall:,.0f}; {cpu / wall:.0%}")
                    yield "... ... what was taken has come after", seconds(lasting)
                    yield "... ... memory before, at its peak, now", ", ".join(map(megabytes, (before, watch.peak, server.memory())))
                    yield "... ... connections that ended", str(counts["closed"])


def figures(waits):
    at = lambda share: waits[min(len(waits) - 1, int(len(waits) * share))]
    return ", ".join(map(seconds, (at(0.5), at(0.99), at(0.999), waits[-1]))) + f" ({len(waits):,})"
