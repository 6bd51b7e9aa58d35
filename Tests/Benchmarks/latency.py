#!/usr/bin/env python3
"""How long messages take through a server at a steady rate: median and rare ones.

    Tests/Benchmarks/latency.py --tools DIR --port PORT [--rate 500] [--seconds 10] [--commits 50]

Ten pairs of clients take turns at sending one message to each other at even intervals, whatever comes back; each carries the time at which it
was sent. With --commits a further client changes its roster so many times a second meanwhile, which the server has to make durable.
The accounts user1, user2, ... with the password `password` must be there. DIR holds xmppload.py, whose clients log in. Prints one JSON object.
"""
import argparse
import json
import re
import selectors
import sys
import time
from pathlib import Path

STAMP = re.compile(rb"<body>t(\d+)</body>")


def run(arguments):
    sys.path.insert(0, str(arguments.tools))
    import xmppload
    login = argparse.Namespace(
        host="127.0.0.1", port=arguments.port, domain="localhost", password="password", tls=False, register=False)
    clients = xmppload.connect(login, 20, presence=True)
    writer = xmppload.Client(login, "user21", "w").start()
    xmppload.drain(clients, 1.0)
    selector = selectors.DefaultSelector()
    for client in clients + [writer]:
        client.sock.setblocking(False)
        client.tail = b""
        selector.register(client.sock, selectors.EVENT_READ, client)
    waits, sent, changed = [], 0, 0
    begin = time.monotonic()
    total = arguments.rate * arguments.seconds
    deadline = begin + arguments.seconds + 10
    while len(waits) < total and time.monotonic() < deadline:
        now = time.monotonic() - begin
        while sent < total and sent / arguments.rate <= now:
            client, peer = clients[sent % 20], clients[(sent % 20) ^ 1]
            stanza = f"<message to='{peer.jid}' type='chat' id='m{sent}'><body>t{time.monotonic_ns()}</body></message>"
            xmppload.blocking_send(client, stanza.encode())
            sent += 1
        while arguments.commits and changed / arguments.commits <= now and sent < total:
            item = f"<item jid='c{changed % 100}@localhost' name='n{changed}'/>"
            stanza = f"<iq type='set' id='r{changed}'><query xmlns='jabber:iq:roster'>{item}</query></iq>"
            xmppload.blocking_send(writer, stanza.encode())
            changed += 1
        pause = max(0, sent / arguments.rate - (time.monotonic() - begin)) if sent < total else 0.1
        for key, _ in selector.select(min(pause, 0.1)):
            data = key.fileobj.recv(1 << 18)
            now_ns = time.monotonic_ns()
            client = key.data
            client.tail += data
            end = 0
            for found in STAMP.finditer(client.tail):
                waits.append(now_ns - int(found[1]))
                end = found.end()
            client.tail = client.tail[end:][-4096:]
    if len(waits) < total:
        raise SystemExit(f"{len(waits)} of {total} messages came")
    waits.sort()
    at = lambda share: round(waits[min(len(waits) - 1, int(len(waits) * share))] / 1000, 1)
    return {"messages": total, "median_us": at(0.5), "p99_us": at(0.99), "p999_us": at(0.999), "changes": changed}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tools", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--pid", type=int, help="not needed here")
    parser.add_argument("--rate", type=int, default=500, help="messages a second")
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--commits", type=int, default=0, help="changes of a roster a second")
    print(json.dumps(run(parser.parse_args())))


if __name__ == "__main__":
    main()
