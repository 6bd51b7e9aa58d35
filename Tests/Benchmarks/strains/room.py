"""A room of two thousand: what it takes for all to come in, to speak and to leave."""
import selectors
import time

import xmppload
from .crowd import joining, unlock
from .ground import Server, Watch, fill, login, megabytes, seconds, show

EACH = 25


def strain(arguments, folder):
    count = arguments.occupants
    with Server(arguments, folder) as server:
        fill(server, 1 + count // EACH)
        server.start()
        clients = [xmppload.Client(login(arguments.port), f"user{1 + i // EACH}", f"r{i}").start() for i in range(count)]
        selector = selectors.DefaultSelector()
        for client in clients:
            client.tail = b""
            selector.register(client.sock, selectors.EVENT_READ, client)
        time.sleep(1)
        before = server.memory()
        for at_once in (20, count):
            room = f"den{at_once}@conference.localhost"
            cpu, began = server.cpu(), time.monotonic()
            with Watch(server, 0.25) as watch:
                size = join(clients, selector, room, at_once)
            wall, cpu = time.monotonic() - began, server.cpu() - cpu
            copies = count * count
            manner = "all at once" if at_once == count else f"{at_once} at a time"
            yield (f"{count:,} join a room, {manner}: time, CPU", f"{seconds(wall)}, {seconds(cpu)}")
            yield (f"... that is for each of {copies / 1e6:.1f} million presences of {size / copies:.0f} bytes", seconds(cpu / copies))
            time.sleep(2)
            now = server.memory()
            yield ("... memory 2 s later, for each occupant; peak of all", f"{show((now - before) / count / 1000)} kB; {megabytes(watch.peak)}")
            if at_once != count:
                yield from speak(server, clients, selector, room)
            cpu, began = server.cpu(), time.monotonic()
            for client in clients:
                send(selector, client, f"<presence to='{room}/{client.nick}' type='unavailable'/>".encode())
            copies = count * (count + 1) // 2
            drain(selector, b"<presence", copies)
            wall, cpu = time.monotonic() - began, server.cpu() - cpu
            yield ("... all leave: time, CPU, CPU for each presence", f"{seconds(wall)}, {seconds(cpu)}, {seconds(cpu / copies)}")
            time.sleep(2)
            yield ("... memory 2 s later, more than before (all)", megabytes(server.memory() - before))
        join(clients, selector, "last@conference.localhost", 20)
        cpu, began = server.cpu(), time.monotonic()
        for client in clients:
            client.sock.close()
        while server.account("list") and established(arguments.port):
            time.sleep(0.01)
        yield (f"{count:,} occupants' connections break: time until the server has closed all, CPU",
               f"{seconds(time.monotonic() - began)}, {seconds(server.cpu() - cpu)}")
        time.sleep(2)
        yield ("... memory 2 s later, more than with all logged in before", megabytes(server.memory() - before))


def established(port):
    """How many connections to the port the server's side has not closed."""
    with open("/proc/net/tcp") as table:
        return sum(line.split()[1].endswith(f":{port:04X}") and line.split()[3] in ("01", "08") for line in table)


def join(clients, selector, room, at_once):
    """All come in, so many at a time without seeing its end; gives how many bytes all have read when each has heard of each."""
    for index, client in enumerate(clients):
        client.nick = f"n{index}"
    first = clients[0]
    first.sock.setblocking(True)
    first.buffer = b""
    first.send(joining(room, first.nick))
    first.until(rb"<subject")
    unlock(first, room)
    for client in clients:
        client.sock.setblocking(False)
    heard = size = 0
    for start in range(1, len(clients), at_once):
        group = clients[start:start + at_once]
        end = start + len(group)
        for client in group:
            send(selector, client, joining(room, client.nick).encode())
        # Each hears of all who are there and of itself, and all who are there of each.
        size += drain(selector, b"<presence", end * end - start * start)
    return size


def speak(server, clients, selector, room, messages=100):
    speaker = clients[len(clients) // 2]
    cpu, began = server.cpu(), time.monotonic()
    for _ in range(messages // 10):
        send(selector, speaker, f"<message to='{room}' type='groupchat' id='g'><body>{'x' * 80}</body></message>".encode() * 10)
        drain(selector, b"</message>", 10 * len(clients))
    wall, copies = time.monotonic() - began, messages * len(clients)
    yield ("... a message to it, 10 in flight: CPU for each copy, copies a second",
           f"{seconds((server.cpu() - cpu) / copies)}, {copies / wall:,.0f}")


def send(selector, client, data):
    xmppload.blocking_send(client, data)


def drain(selector, needle, expected):
    """Reads until so many of these have come to all together; gives how many bytes came."""
    size, last = 0, time.monotonic()
    while expected > 0:
        events = selector.select(1)
        if not events and time.monotonic() > last + 60:
            raise RuntimeError(f"{expected} more of {needle.decode()} should have come")
        for key, _ in events:
            data = key.fileobj.recv(1 << 18)
            if not data:
                raise RuntimeError("the server closed a stream")
            last = time.monotonic()
            size += len(data)
            data = key.data.tail + data
            expected -= data.count(needle)
            key.data.tail = data[1 - len(needle):]
    return size
