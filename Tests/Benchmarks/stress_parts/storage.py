"""A hundred thousand accounts and a thousand rooms that are stored: starting, logging in, joining, and the lists of all."""
import time

from .crowd import Talkers, joining
from .common import Server, Watch, ask, fill, measure, megabytes, seconds, show


def strain(arguments, folder):
    accounts, rooms = arguments.accounts, arguments.rooms
    with Server(arguments, folder) as server:
        began = time.monotonic()
        for index in range(20):
            server.account("add", f"extra{index}@localhost", password="password\n")
        yield "`spondee account add` to the running server, each a process of its own", f"{show(20 / (time.monotonic() - began))} a second"
        server.client("extra0").close()
        _, cpu = measure(server, 300, lambda _: server.client("extra0").close())
        yield "CPU of a login to one account among 20", seconds(cpu)
        began = time.monotonic()
        fill(server, accounts, rooms)
        yield f"(rows for {accounts:,} accounts and {rooms:,} rooms copied)", seconds(time.monotonic() - began)

        accepts = server.start()
        begun = time.monotonic()
        server.client(f"user{accounts}").close()
        yield f"start with {accounts:,} accounts and {rooms:,} rooms: until the port accepts", seconds(accepts)
        yield "... and until the first login has succeeded", seconds(accepts + time.monotonic() - begun)
        yield "... CPU so far", seconds(server.cpu())
        time.sleep(2)
        yield "... memory (PSS) 2 s later", megabytes(server.memory())

        step = accounts // 500
        wall, cpu = measure(server, 500, lambda i: server.client(f"user{1 + i * step}").close())
        yield f"login, each to another of {accounts:,} accounts: median time, CPU", f"{seconds(wall)}, {seconds(cpu)}"
        visitor = server.client("user2")
        wall, cpu = measure(server, min(500, rooms), lambda i: visit(visitor, f"room{1 + i}@conference.localhost"))
        yield "joining a stored room, each another: median time, CPU", f"{seconds(wall)}, {seconds(cpu)}"
        visitor.close()

        # All that was loaded goes after a minute.
        with Talkers(arguments.port, [f"user{i}" for i in (3, 4)], 200) as talkers:
            time.sleep(2)
            quiet = talkers.take()
            yield "a message of two who talk meanwhile, 400 a second: median, slowest (before)", f"{seconds(middle(quiet))}, {seconds(quiet[-1])}"
            yield from listing(server, talkers, accounts)
            yield from discovery(server, talkers, rooms)
        yield "end of the server after SIGTERM", seconds(server.stop())
        server.start()


def middle(waits):
    return waits[len(waits) // 2]


def visit(client, room):
    client.send(joining(room, "visitor"))
    client.until(rb"<subject")


def listing(server, talkers, accounts):
    before, cpu = server.memory(), server.cpu()
    walls = []
    with Watch(server, 0.02) as watch:
        for _ in range(3):
            began = time.monotonic()
            lines = server.account("list").count("\n")
            walls.append(time.monotonic() - began)
            if lines < accounts:
                raise RuntimeError(f"{lines} accounts listed of {accounts}")
    cpu = (server.cpu() - cpu) / 3
    waits = talkers.take()
    yield f"`spondee account list` of {accounts:,}: time, CPU of the server", f"{seconds(sorted(walls)[1])}, {seconds(cpu)}"
    time.sleep(5)
    yield "... memory before, at its peak, 5 s after", ", ".join(megabytes(value) for value in (before, watch.peak, server.memory()))
    yield "... a message of those who talk meanwhile, slowest", seconds(waits[-1])


def discovery(server, talkers, rooms):
    client = server.client("user5")
    question = "<iq type='get' id='q' to='conference.localhost'><query xmlns='http://jabber.org/protocol/disco#items'/></iq>"
    talkers.take()
    sizes = []
    wall, cpu = measure(server, 20, lambda _: sizes.append(len(ask(client, question))))
    waits = talkers.take()
    client.close()
    yield f"the list of {rooms:,} rooms (disco#items): median time, CPU, size", f"{seconds(wall)}, {seconds(cpu)}, {show(sizes[0] / 1000)} kB"
    yield "... a message of those who talk meanwhile, slowest", seconds(waits[-1])
