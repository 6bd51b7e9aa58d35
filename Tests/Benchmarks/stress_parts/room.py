"""A room of two thousand: what it takes for all to come in, to speak and to leave."""
import contextlib
import selectors
import time

import xmppload
from .crowd import Talkers, joining, unlock
from .common import Server, Watch, fill, login, megabytes, seconds, show

EACH = 25


def strain(arguments, folder):
    count = arguments.occupants
    with Server(arguments, folder, limits=["connections_per_address: 100000"]) as server:
        accounts = 1 + count // EACH
        fill(server, accounts + 2)
        server.start()
        for at_once in (20, count):
            crowd = Crowd(server, count)
            manner = "all at once" if at_once == count else f"{at_once} at a time"
            room = f"den{at_once}@conference.localhost"
            with Talkers(arguments.port, [f"user{accounts + 1}", f"user{accounts + 2}"], 10) as talkers:
                time.sleep(1)
                before = server.memory()
                with Watch(server, 0.25) as watch:
                    wall, cpu, heard, size = crowd.measure(lambda: crowd.join(room, at_once))
                slowest = talkers.take()[-1]
                yield f"{count:,} join a room, {manner}: time, CPU", f"{seconds(wall)}, {seconds(cpu)}"
                yield (f"... of {count * count / 1e6:.1f} million presences came; bytes, CPU of one",
                       f"{heard / 1e6:.2f} million; {size / heard:.0f}, {seconds(cpu / heard)}")
                yield "... occupants whose connections the server ended, as they did not read", f"{len(crowd.closed):,}"
                yield "... a message of two others meanwhile, slowest", seconds(slowest)
                time.sleep(2)
                now = server.memory()
                yield "... memory: peak; 2 s later, more for each occupant", f"{megabytes(watch.peak)}; {show((now - before) / count / 1000)} kB"
                if not crowd.closed:
                    wall, cpu, copies, _ = crowd.measure(lambda: crowd.speak(room, 100))
                    yield "... a message to it, 10 in flight: CPU of a copy, copies a second", f"{seconds(cpu / copies)}, {copies / wall:,.0f}"
                talkers.take()
                with Watch(server, 0.25) as watch:
                    wall, cpu, heard, _ = crowd.measure(lambda: crowd.leave(room))
                yield "... all leave at once: time, CPU, CPU of each presence", f"{seconds(wall)}, {seconds(cpu)}, {seconds(cpu / heard)}"
                yield "... a message of two others meanwhile, slowest", seconds(talkers.take()[-1])
            time.sleep(2)
            yield "... memory before they came, at its peak, 2 s after", ", ".join(map(megabytes, (before, watch.peak, server.memory())))
            if at_once == count:
                crowd.vanish()
                break
            crowd.measure(lambda: crowd.join(room, at_once))
            with Watch(server, 0.1) as watch:
                wall, _, heard, _ = crowd.measure(lambda: crowd.shout(room, 3))
            yield ("... three messages of 250 kB to it: time, copies that came, connections that the server ended, peak of memory",
                   f"{seconds(wall)}, {heard:,} of {3 * count:,}, {len(crowd.closed):,}, {megabytes(watch.peak)}")
            if crowd.closed:
                crowd.vanish()
                crowd = Crowd(server, count)
                crowd.measure(lambda: crowd.join(room, at_once))
            time.sleep(1)
            wall, cpu, _, _ = crowd.measure(crowd.vanish)
            yield "... all connections break at once instead: time until the server is idle, CPU", f"{seconds(wall)}, {seconds(cpu)}"
            time.sleep(2)
            yield "... memory 2 s after", megabytes(server.memory())
        time.sleep(arguments.patience)
        yield "memory when a minute has passed: none of them is in memory any more", megabytes(server.memory())


class Crowd:
    """Many clients of one process, who read all that comes and count it."""

    def __init__(self, server, count):
        self.server, self.closed = server, []
        self.heard = self.size = 0
        self.selector = selectors.DefaultSelector()
        self.clients = [xmppload.Client(login(server.port), f"user{1 + i // EACH}", f"r{i}").start() for i in range(count)]
        for index, client in enumerate(self.clients):
            client.nick, client.tail = f"n{index}", b""
            client.sock.setblocking(False)
            self.selector.register(client.sock, selectors.EVENT_READ, client)

    def measure(self, action):
        """Time until all is there or the server is idle, the server's CPU time, how many stanzas came, and how many bytes."""
        self.heard = self.size = 0
        self.began = self.last = time.monotonic()
        cpu = self.server.cpu()
        action()
        return self.last - self.began, self.server.cpu() - cpu, self.heard, self.size

    def join(self, room, at_once):
        first = self.clients[0]
        first.sock.settimeout(60)
        first.buffer = b""
        first.send(joining(room, first.nick))
        first.until(rb"<subject")
        unlock(first, room)
        first.sock.setblocking(False)
        self.heard = 1
        for start in range(1, len(self.clients), at_once):
            group = self.clients[start:start + at_once]
            for client in group:
                xmppload.blocking_send(client, joining(room, client.nick).encode())
            # Each isSubscribedFrom of all who are there and of itself, and all who are there of each.
            self.read(b"<presence", (start + len(group)) ** 2)

    def speak(self, room, messages):
        speaker = self.clients[len(self.clients) // 2]
        message = f"<message to='{room}' type='groupchat' id='g'><body>{'x' * 80}</body></message>".encode()
        for flight in range(1, messages // 10 + 1):
            xmppload.blocking_send(speaker, message * 10)
            self.read(b"</message>", 10 * flight * len(self.clients))

    def shout(self, room, messages):
        for speaker in self.clients[-messages:]:
            xmppload.blocking_send(speaker, f"<message to='{room}' type='groupchat' id='g'><body>{'x' * 250_000}</body></message>".encode())
        self.read(b"</message>", messages * len(self.clients))

    def leave(self, room):
        there = [client for client in self.clients if client not in self.closed]
        for client in there:
            with contextlib.suppress(OSError):
                xmppload.blocking_send(client, f"<presence to='{room}/{client.nick}' type='unavailable'/>".encode())
        self.read(b"<presence", len(there) * (len(there) + 1) // 2)

    def vanish(self):
        for client in self.clients:
            client.sock.close()
        self.wait_until_idle()

    def wait_until_idle(self):
        cpu = self.server.cpu()
        while True:
            time.sleep(0.2)
            now = self.server.cpu()
            if now - cpu < 0.01:
                return
            self.last, cpu = time.monotonic(), now

    def read(self, needle, expected):
        """Reads until so many of these have come to all together, or nothing comes while the server does nothing."""
        cpu = 0
        while self.heard < expected:
            events = self.selector.select(1)
            if not events:
                now = self.server.cpu()
                if now - cpu < 0.1:
                    return
                cpu = now
            for key, _ in events:
                try:
                    data = key.fileobj.recv(1 << 18)
                except OSError:
                    data = b""
                if not data:
                    self.selector.unregister(key.fileobj)
                    self.closed.append(key.data)
                    continue
                self.last = time.monotonic()
                self.size += len(data)
                data = key.data.tail + data
                self.heard += data.count(needle)
                key.data.tail = data[1 - len(needle):]
