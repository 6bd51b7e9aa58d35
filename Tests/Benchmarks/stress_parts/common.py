"""What every strain stands on: a server as a process of its own, what it takes of the machine, and a database full of copies."""
import argparse
import signal
import socket
import sqlite3
import statistics
import subprocess
import threading
import time

import load
import xmppload


class Server:
    """The server with a data folder of its own. With spinners it is pinned to the first core, beside so many processes that do nothing but
    compute, and gets its share of that core."""

    def __init__(self, arguments, folder, limits=(), spinners=0):
        self.arguments, self.folder, self.port = arguments, folder, arguments.port
        self.spinners = spinners
        self.config = folder / "config.yaml"
        lines = "".join(f"  {line}\n" for line in [*arguments.limits, *limits])
        self.config.write_text(
            f'listeners: [{{ address: "127.0.0.1", port: {self.port} }}]\ndata: {folder}/data\nrequires_tls: false\nlog_level: info\n'
            "features: { open_registration: true }\n" + (f"limits:\n{lines}" if lines else ""))
        self.process = None

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self):
        """Seconds from the process's start until its port accepts."""
        began = time.monotonic()
        self.busy = []
        with open(self.folder / "log", "a") as log:
            self.process = subprocess.Popen([self.arguments.server, "serve", "--config", self.config], stdout=log, stderr=log)
        self.busy = [subprocess.Popen(["taskset", "-c", "0", "sh", "-c", "while :; do :; done"]) for _ in range(self.spinners)]
        while time.monotonic() < began + 60:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    if self.spinners:
                        subprocess.run(["taskset", "-acp", "0", str(self.process.pid)], stdout=subprocess.DEVNULL, check=True)
                    return time.monotonic() - began
            if self.process.poll() is not None:
                break
            time.sleep(0.002)
        raise RuntimeError("the server did not come up: " + (self.folder / "log").read_text().rstrip().split("\n")[-1][:300])

    def stop(self):
        """Seconds from SIGTERM to the end."""
        for busy in self.busy:
            busy.kill()
            busy.wait()
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise RuntimeError("the server did not end within a minute of SIGTERM")
        return time.monotonic() - began

    @property
    def pid(self):
        return self.process.pid

    def cpu(self):
        return load.process_clock(self.pid)

    def memory(self):
        return xmppload.rss_bytes(self.pid)

    def account(self, *words, password=None):
        command = [self.arguments.server, "account", *words, "--config", self.config] + (["--password-stdin"] if password else [])
        result = subprocess.run(command, input=password, capture_output=True, text=True, timeout=120)
        if result.returncode:
            raise RuntimeError(f"account {' '.join(words)}: {result.stderr[-300:]}")
        return result.stdout

    def client(self, user, resource="r", register=False):
        return xmppload.Client(login(self.port, register), user, resource).start()


def login(port, register=False):
    return argparse.Namespace(host="127.0.0.1", port=port, domain="localhost", password="password", tls=False, register=register)


class Watch:
    """Looks at the server's memory over and over, from another thread."""

    def __init__(self, server, pause=0.05):
        self.server, self.pause, self.seen = server, pause, []

    def __enter__(self):
        self.ends = threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ends.set()
        self.thread.join()

    def run(self):
        while True:
            self.seen.append(self.server.memory())
            if self.ends.wait(self.pause):
                return

    @property
    def peak(self):
        return max(self.seen)


def ask(client, stanza, name=b"iq"):
    """Sends a request with the id "q" and returns its answer, as bytes."""
    client.send(stanza)
    return client.until(rb"<%s[^>]*id=.q.[^>]*?(/>|>.*?</%s>)" % (name, name)).group(0)


def measure(server, times, action):
    """Median wall time and mean CPU time of the server for each of so many actions, in seconds."""
    cpu, walls = server.cpu(), []
    for index in range(times):
        began = time.monotonic()
        action(index)
        walls.append(time.monotonic() - began)
    return statistics.median(walls), (server.cpu() - cpu) / times


def fill(server, accounts, rooms=0):
    """Makes accounts user1, user2, … (password "password") and persistent rooms room1, room2, …: one of each by the server, which runs and
    is stopped here, and the others as copies of the rows that it stored for those."""
    if accounts:
        server.account("add", "user1@localhost", password="password\n")
    if rooms:
        owner = server.client("user1")
        owner.send("<presence to='room1@conference.localhost/n'><x xmlns='http://jabber.org/protocol/muc'/></presence>")
        owner.until(rb"<subject")
        persistent = "<field var='muc#roomconfig_persistentroom'><value>1</value></field>"
        ask(owner, "<iq type='set' id='q' to='room1@conference.localhost'><query xmlns='http://jabber.org/protocol/muc#owner'>"
                   "<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>http://jabber.org/protocol/muc#roomconfig</value>"
                   f"</field>{persistent}</x></query></iq>")
        owner.close()
    server.stop()
    with database(server) as db:
        copies(db, "account", {"jid": "user1@localhost"}, [{"jid": f"user{i}@localhost"} for i in range(2, accounts + 1)])
        copy_rows(db, "credential", "account", "user1@localhost")
        if rooms:
            copies(db, "room", {"jid": "room1@conference.localhost"}, [{"jid": f"room{i}@conference.localhost"} for i in range(2, rooms + 1)])
            copy_rows(db, "affiliation", "room", "room1@conference.localhost")


def database(server):
    db = sqlite3.connect(server.folder / "data" / "spondee.sqlite")
    db.row_factory = sqlite3.Row
    return db


def copies(db, table, where, changes):
    """Copies of the one row where this holds, with these changes."""
    condition = " AND ".join(f"{name} = :{name}" for name in where)
    row = dict(db.execute(f"SELECT * FROM {table} WHERE {condition}", where).fetchone())
    row.pop("id", None)
    db.executemany(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join(':' + name for name in row)})", [row | change for change in changes])


def copy_rows(db, table, owner, jid):
    """Gives all who came after this owner what the owner has in a table."""
    first = db.execute(f"SELECT id FROM {owner} WHERE jid = ?", [jid]).fetchone()[0]
    for row in map(dict, db.execute(f"SELECT * FROM {table} WHERE {owner} = ?", [first]).fetchall()):
        names = [name for name in row if name != owner]
        values = ", ".join(":" + name for name in names)
        db.execute(f"INSERT INTO {table} ({owner}, {', '.join(names)}) SELECT id, {values} FROM {owner} WHERE id > {first}", row)


def show(value, unit=""):
    text = f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
    return f"{text} {unit}".strip()


def seconds(value):
    """A time in the unit that suits it."""
    for factor, unit in ((1, "s"), (1e3, "ms")):
        if value * factor >= 1:
            return show(value * factor, unit)
    return show(value * 1e6, "µs")


def megabytes(value):
    return show(value / 1e6, "MB")
