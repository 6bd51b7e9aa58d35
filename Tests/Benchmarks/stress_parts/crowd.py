"""Those who load the server, each group a process of its own, so that what they do takes no time from whoever measures."""
import multiprocessing
import os
import selectors
import re
import time

import xmppload
from .common import login

STAMP = re.compile(rb"<body>t(\d+)</body>")
FOREVER = float("inf")


class Group:
    """A process that logs clients in, and then does as it is told through a pipe."""

    def __init__(self, *arguments, nice=0):
        here, there = multiprocessing.Pipe()
        self.pipe = here
        self.process = multiprocessing.Process(target=self.begin, args=(there, nice, *arguments), daemon=True)
        self.process.start()
        there.close()
        self.hear(120)

    def begin(self, pipe, nice, *arguments):
        os.nice(nice)
        self.run(pipe, *arguments)

    def tell(self, word, patience=120):
        self.pipe.send(word)
        return self.hear(patience)

    def hear(self, patience):
        if not self.pipe.poll(patience):
            raise RuntimeError(f"{type(self).__name__}: no answer within {patience} s")
        try:
            return self.pipe.recv()
        except EOFError:
            raise RuntimeError(f"{type(self).__name__}: its process ended") from None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.join()


class Talkers(Group):
    """So many users who send their neighbours so many messages a second each, at even intervals; each message tells when it was sent."""

    def run(self, pipe, port, users, rate):
        clients = [xmppload.Client(login(port), user, "talk").start() for user in users]
        selector = selectors.DefaultSelector()
        for client in clients:
            client.send("<presence/>")
            client.sock.setblocking(False)
            client.tail = b""
            selector.register(client.sock, selectors.EVENT_READ, client)
        pipe.send("ready")
        waits, sent, begin, rate, ends = [], 0, time.monotonic(), rate * len(clients), None
        while True:
            now = time.monotonic()
            if ends is None and pipe.poll():
                pipe.recv()
                ends = now + 60
            if ends and (len(waits) == sent or now > ends):
                pipe.send((waits, sent - len(waits)))
                waits, sent, begin, ends = [], 0, time.monotonic(), None
            while ends is None and sent / rate <= now - begin:
                client, peer = clients[sent % len(clients)], clients[(sent % len(clients)) ^ 1]
                stanza = f"<message to='{peer.jid}' type='chat' id='m'><body>t{time.monotonic_ns()}</body></message>"
                xmppload.blocking_send(client, stanza.encode())
                sent += 1
            pause = 0.05 if ends else sent / rate - (time.monotonic() - begin)
            for key, _ in selector.select(min(max(0, pause), 0.05)):
                data = key.data.tail + key.fileobj.recv(1 << 18)
                stamp, end = time.monotonic_ns(), 0
                for found in STAMP.finditer(data):
                    waits.append((stamp - int(found[1])) / 1e9)
                    end = found.end()
                key.data.tail = data[end:][-4096:]

    def take(self):
        """How long each message since the last time took, in order, when all have come; in seconds. One that never comes is an error."""
        waits, lost = self.tell("take")
        if lost:
            raise RuntimeError(f"{lost} of {lost + len(waits)} messages did not come within a minute")
        return sorted(waits)


class Load(Group):
    """Clients of whom some send without ever waiting for an answer, at a rate or as fast as they can, and all read what comes.

    What a sender should have sent and the system did not take waits with the sender. Told "go", "stop", "count".
    """

    def run(self, pipe, port, users, senders, rate, make, needle, room=None):
        clients = [xmppload.Client(login(port), user, f"load{index}").start() for index, user in enumerate(users)]
        if room:
            enter(clients, room)
        selector = selectors.DefaultSelector()
        for index, client in enumerate(clients):
            client.send("<presence/>")
            client.sock.setblocking(False)
            client.tail, client.taken, client.position = b"", 0, 0
            client.size = len(make(clients, index))
            client.ring = memoryview(make(clients, index) * (1 + (1 << 18) // client.size))
            selector.register(client.sock, selectors.EVENT_READ, client)
        pipe.send("ready")
        senders, active = clients[:senders], []
        begin, offered, delivered, received, closed = 0, 0, 0, 0, 0
        while True:
            if pipe.poll():
                word = pipe.recv()
                if word == "go":
                    active, begin, offered, delivered, received = list(senders), time.monotonic(), 0, 0, 0
                    for client in senders:
                        client.taken = 0
                if word == "stop":
                    active = []
                taken = sum(client.taken / client.size for client in senders)
                pipe.send({"offered": offered, "taken": taken, "delivered": delivered, "received": received, "closed": closed})
            if active and rate != FOREVER:
                offered = rate * len(senders) * (time.monotonic() - begin)
            for client in active:
                due = 1 << 18 if rate == FOREVER else int(rate * (time.monotonic() - begin)) * client.size - client.taken
                if due > 0:
                    try:
                        count = client.sock.send(client.ring[client.position:client.position + due])
                    except BlockingIOError:
                        continue
                    except OSError:
                        active = [other for other in active if other is not client]
                        continue
                    client.taken += count
                    client.position = (client.position + count) % len(client.ring)
            for key, _ in selector.select(0.001 if active else 0.02):
                client = key.data
                try:
                    data = key.fileobj.recv(1 << 18)
                except OSError:
                    data = b""
                if not data:
                    closed += 1
                    selector.unregister(client.sock)
                    continue
                received += len(data)
                data = client.tail + data
                delivered += data.count(needle)
                client.tail = data[1 - len(needle):]

    def settle(self, patience):
        """Waits until nothing more comes, and says what came, and how many seconds it took."""
        began = last = time.monotonic()
        counts = self.tell("stop")
        while time.monotonic() < began + patience:
            time.sleep(0.1)
            now = self.tell("count")
            if now["received"] != counts["received"]:
                last = time.monotonic()
            elif time.monotonic() > last + 1:
                break
            counts = now
        return counts, last - began


def enter(clients, room, resource="n"):
    """All into one room, one after the other; the first makes it."""
    for index, client in enumerate(clients):
        client.send(joining(room, f"{resource}{index}"))
        client.until(rb"<subject")
        if index == 0:
            unlock(client, room)


def joining(room, nick):
    return f"<presence to='{room}/{nick}'><x xmlns='http://jabber.org/protocol/muc'><history maxstanzas='0'/></x></presence>"


def unlock(client, room):
    client.send(f"<iq type='set' id='cfg' to='{room}'><query xmlns='http://jabber.org/protocol/muc#owner'>"
                "<x xmlns='jabber:x:data' type='submit'/></query></iq>")
    client.until(rb"<iq[^>]*id=.cfg.")


def chat(clients, index):
    """What one of a pair sends the other: as xmppload.py has it."""
    return (f"<message to='{clients[index ^ 1].jid}' type='chat' id='m{index}'><body>{'x' * 80}</body>"
            "<active xmlns='http://jabber.org/protocol/chatstates'/><request xmlns='urn:xmpp:receipts'/></message>").encode()


def groupchat(room):
    return lambda clients, index: f"<message to='{room}' type='groupchat' id='g'><body>{'x' * 80}</body></message>".encode()
