#!/usr/bin/env python3
"""kill -9 in the middle of registrations, roster changes and room changes: what was acknowledged is there after a restart.

  crash.py SPONDEE PORT [ROUNDS]     SPONDEE: the program. Standard library only; everything on loopback.
"""
import base64
import hashlib
import hmac
import os
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

SPONDEE, PORT = sys.argv[1], int(sys.argv[2])
ROUNDS = int(sys.argv[3]) if len(sys.argv) > 3 else 3
HEADER = ("<?xml version='1.0'?><stream:stream to='localhost' version='1.0' xmlns='jabber:client' "
          "xmlns:stream='http://etherx.jabber.org/streams'>")


class Client:
    def __init__(self):
        self.socket = socket.create_connection(("127.0.0.1", PORT), timeout=10)
        self.buffer = b""
        self.ask(HEADER, rb"</stream:features>")

    def ask(self, text, *answers):
        """Sends, and reads until one of the expressions matches."""
        self.socket.sendall(text.encode())
        while True:
            for answer in answers:
                match = re.search(answer, self.buffer, re.S)
                if match:
                    self.buffer = self.buffer[match.end():]
                    return match
            data = self.socket.recv(65536)
            if not data:
                raise ConnectionError("closed")
            self.buffer += data

    def request(self, kind, payload, to=None, id="q"):
        address = f" to='{to}'" if to else ""
        match = self.ask(f"<iq type='{kind}' id='{id}'{address}>{payload}</iq>", rb"<iq [^>]*id='" + id.encode() + rb"'[^>]*?(/>|>.*?</iq>)")
        return match.group(0).decode()

    def register(self, name):
        return "type='result'" in self.request("set", f"<query xmlns='jabber:iq:register'><username>{name}</username><password>pw</password></query>")

    def login(self, name):
        bare = f"n={name},r=x{random.getrandbits(60)}"
        first = base64.b64encode(("n,," + bare).encode()).decode()
        challenge = self.ask(f"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='SCRAM-SHA-256'>{first}</auth>", rb"<challenge[^>]*>(.*?)</challenge>")
        server = base64.b64decode(challenge.group(1)).decode()
        field = dict(part.split("=", 1) for part in server.split(","))
        salted = hashlib.pbkdf2_hmac("sha256", b"pw", base64.b64decode(field["s"]), int(field["i"]))
        key = hmac.digest(salted, b"Client Key", "sha256")
        final = f"c=biws,r={field['r']}"
        signature = hmac.digest(hashlib.sha256(key).digest(), f"{bare},{server},{final}".encode(), "sha256")
        proof = base64.b64encode(bytes(a ^ b for a, b in zip(key, signature))).decode()
        answer = base64.b64encode(f"{final},p={proof}".encode()).decode()
        result = self.ask(f"<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>{answer}</response>", rb"<(success|failure)[^>]*>.*?</")
        if result.group(1) != b"success":
            return False
        self.buffer = b""
        self.ask(HEADER, rb"</stream:features>")
        return "result" in self.request("set", "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>r</resource></bind>", id="bind")

    def make_room(self, room, name):
        self.ask(f"<presence to='{room}/owner'><x xmlns='http://jabber.org/protocol/muc'/></presence>", rb"<subject/>")
        fields = "".join(f"<field var='{var}'><value>{value}</value></field>" for var, value in (
            ("FORM_TYPE", "http://jabber.org/protocol/muc#roomconfig"), ("muc#roomconfig_persistentroom", "1"), ("muc#roomconfig_roomname", name)))
        form = f"<query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='submit'>{fields}</x></query>"
        return "type='result'" in self.request("set", form, to=room, id="config")


def serve(folder):
    process = subprocess.Popen([SPONDEE, "serve", "--data", folder, "--port", str(PORT), "--open-registration", "--no-tls-required"], stdout=subprocess.DEVNULL)
    for _ in range(300):
        try:
            socket.create_connection(("127.0.0.1", PORT), timeout=1).close()
            return process
        except OSError:
            time.sleep(0.05)
    raise SystemExit("the server does not come up")


def work(name, acknowledged):
    """Registers accounts and changes things until the server dies; notes what it was told is done."""
    number = 0
    try:
        while True:
            number += 1
            user = f"{name}x{number}"
            client = Client()
            if client.register(user):
                acknowledged.append(("account", user, None))
            if not client.login(user):
                continue
            for item in range(3):
                if "type='result'" in client.request("set", f"<query xmlns='jabber:iq:roster'><item jid='c{item}@localhost' name='n{number}'/></query>"):
                    acknowledged.append(("roster", user, (f"c{item}@localhost", f"n{number}")))
            room = f"room-{user}@conference.localhost"
            if client.make_room(room, f"name {number}"):
                acknowledged.append(("room", user, (room, f"name {number}")))
            client.socket.close()
    except OSError:
        pass


def verify(acknowledged):
    lost, clients = [], {}
    for kind, user, detail in acknowledged:
        if user not in clients:
            clients[user] = Client()
            if not clients[user].login(user):
                lost.append((kind, user, "no login"))
                continue
        client = clients[user]
        if kind == "roster":
            answer = client.request("get", "<query xmlns='jabber:iq:roster'/>", id="roster")
            if not re.search(f"<item [^>]*jid='{detail[0]}'[^>]*name='{detail[1]}'", answer):
                lost.append((kind, user, detail))
        if kind == "room":
            answer = client.request("get", "<query xmlns='http://jabber.org/protocol/disco#info'/>", to=detail[0], id="info")
            if f"name='{detail[1]}'" not in answer:
                lost.append((kind, user, detail))
    for client in clients.values():
        client.socket.close()
    return lost


passed = failed = 0
with tempfile.TemporaryDirectory() as folder:
    everything = []
    for round in range(ROUNDS):
        server = serve(folder)
        acknowledged = []
        threads = [threading.Thread(target=work, args=(f"u{round}{n}", acknowledged)) for n in range(4)]
        for thread in threads:
            thread.start()
        time.sleep(random.uniform(0.5, 1.5))
        os.kill(server.pid, signal.SIGKILL)
        server.wait()
        for thread in threads:
            thread.join()
        everything += acknowledged
        server = serve(folder)
        lost = verify(everything)
        server.terminate()
        good = server.wait(10) == 0 and not lost and bool(acknowledged)
        passed, failed = passed + good, failed + (not good)
        print(f"{'ok   ' if good else 'FAIL '} round {round}: {len(acknowledged)} acknowledged, {len(lost)} lost {lost[:3] or ''}", flush=True)
print(f"{passed} passed, {failed} failed")
sys.exit(1 if failed else 0)
