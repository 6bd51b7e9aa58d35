"""A roster of ten thousand contacts, all subscribed both ways: asking for it, and becoming available."""
import re
import time

from .crowd import Talkers
from .common import Server, Watch, ask, copies, copy_rows, database, fill, measure, megabytes, seconds, show

ROSTER = "<iq type='get' id='q'><query xmlns='jabber:iq:roster'/></iq>"


def strain(arguments, folder):
    count = arguments.contacts
    for exist in (True, False):
        (folder / str(exist)).mkdir()
        with Server(arguments, folder / str(exist)) as server:
            befriend(server, count, exist)
            server.start()
            with Talkers(arguments.port, ["extra1", "extra2"], 50) as talkers:
                yield from visit(server, talkers, arguments, exist)


def befriend(server, count, exist):
    """user1 and user2 become contacts of each other by what they say; what the server stored of it is copied for the others."""
    for name in ("extra1", "extra2", "user1", "user2"):
        server.account("add", f"{name}@localhost", password="password\n")
    one, two = server.client("user1"), server.client("user2")
    for who, other in ((one, two), (two, one)):
        other.send("<presence/>")
        who.send(ROSTER)
        who.send(f"<presence to='{name_of(other)}' type='subscribe'/>")
        other.until(rb"type=.subscribe.")
        other.send(f"<presence to='{name_of(who)}' type='subscribed'/>")
        who.until(rb"subscription=.(to|both).")
    one.until(rb"subscription=.both.")
    one.close()
    two.close()
    server.stop()
    names = [f"friend{index}@localhost" for index in range(2, count + 1)]
    with database(server) as db:
        first, second = [db.execute("SELECT id FROM account WHERE jid = ?", [f"user{i}@localhost"]).fetchone()[0] for i in (1, 2)]
        copies(db, "contact", {"account": first, "jid": "user2@localhost"}, [{"jid": name} for name in names])
        if exist:
            copies(db, "account", {"jid": "user2@localhost"}, [{"jid": name} for name in names])
            for table in ("credential", "contact"):
                copy_rows(db, table, "account", "user2@localhost")


def name_of(client):
    return client.jid.split("/")[0]


def visit(server, talkers, arguments, exist):
    count = arguments.contacts
    kind = "all of them accounts here, offline" if exist else "none of them an account any more"
    wall, cpu = measure(server, 1, lambda _: server.client("user1", "first").close())
    yield f"a login to an account with {count:,} contacts, {kind}: time, CPU", f"{seconds(wall)}, {seconds(cpu)}"
    client = server.client("user1", "second")
    talkers.take()
    sizes = []
    wall, cpu = measure(server, 5, lambda _: sizes.append(roster(client)))
    yield "... a roster get: median time, CPU, size", f"{seconds(wall)}, {seconds(cpu)}, {show(sizes[0] / 1000)} kB"
    yield "... a message of two others meanwhile, slowest", seconds(talkers.take()[-1])
    for turn in ("first", "second") if exist else ("first",):
        talkers.take()
        before, cpu, began = server.memory(), server.cpu(), time.monotonic()
        with Watch(server, 0.1) as watch:
            size, pushes = available(client, b"unavailable" if exist else b"unsubscribed", count if exist else count - 1)
        wall = time.monotonic() - began
        yield f"... its {turn} initial presence: time, CPU", f"{seconds(wall)}, {seconds(server.cpu() - cpu)}"
        yield "... answers: kB, roster pushes", f"{show(size / 1000)}, {pushes:,}"
        yield "... memory before, at its peak, 2 s after", f"{', '.join(map(megabytes, (before, watch.peak, settled(server))))}"
        yield "... a message of two others meanwhile, slowest", seconds(talkers.take()[-1])
        client.close()
        client = server.client("user1", "third")
    if exist:
        client.close()
        time.sleep(arguments.patience)
        yield "... memory when a minute has passed: those who were asked are not in memory any more", megabytes(server.memory())


def settled(server):
    time.sleep(2)
    return server.memory()


def roster(client):
    """A whole roster; how many bytes it has."""
    client.send(ROSTER)
    size, tail = 0, b""
    while b"</iq>" not in tail:
        data = client.sock.recv(1 << 18)
        size += len(data)
        tail = (tail + data)[-10:]
    return size


def available(client, word, expected):
    """Becomes available, and reads until so many answers of this type have come; their bytes, and how many pushes came beside them."""
    client.send("<presence/>")
    needle, size, answers, pushes, tail = re.compile(rb"type=.%s." % word), 0, 0, 0, b""
    while answers < expected:
        data = client.sock.recv(1 << 18)
        if not data:
            raise RuntimeError("the server ended the stream")
        size += len(data)
        data = tail + data
        end = max(data.rfind(b">") + 1, 0)
        whole, tail = data[:end], data[end:]
        answers += len(needle.findall(whole))
        pushes += whole.count(b"jabber:iq:roster")
    return size, pushes
