#!/usr/bin/env python3
"""A recording of a real session, over TLS and up to a kill -9, replays to the same outputs and holds nothing of what was said.

  recorded.py SPONDEE PORT

Needs slixmpp. Prints one line a check, then a total; the exit status is 1 if one failed.
"""
import base64
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

SPONDEE, PORT = sys.argv[1], sys.argv[2]
passed, failed = 0, 0
SAID = ["But soft!", "Ay me!", "on the balcony", "Hello again", "Good night, good night!", "rose"]


def check(what, holds):
    global passed, failed
    passed, failed = passed + bool(holds), failed + (not holds)
    print(("ok    " if holds else "FAIL  ") + what, flush=True)


def session(folder, name, *options, end):
    """One server's life, with two users; returns what it recorded."""
    recorded = folder / name
    server = subprocess.Popen(
        [SPONDEE, "serve", "--data", str(folder / "data"), "--port", PORT, "--record", str(recorded), *options],
        stdout=subprocess.PIPE, text=True)
    while "Add an account" not in (line := server.stdout.readline()):
        if not line:
            raise RuntimeError("the server does not start")
    for user in ("romeo", "juliet"):
        subprocess.run([SPONDEE, "account", "add", "--data", str(folder / "data"), f"{user}@localhost", "--password-stdin"],
                       input="secret\n", text=True, capture_output=True)
    clients = subprocess.run([sys.executable, str(pathlib.Path(__file__).parent / "two_users.py"), "127.0.0.1", PORT])
    check(f"{name}: two users talk", clients.returncode == 0)
    server.send_signal(end)
    server.wait(20)
    return recorded


def replay(recorded):
    result = subprocess.run([SPONDEE, "simulate", "--replay", str(recorded)], capture_output=True, text=True)
    print(result.stdout + result.stderr, end="")
    return result.returncode == 0


def traps(recorded, folder):
    """Plants a trap at every third message, and looks for the fewest deeds that lead to it."""
    planted = [SPONDEE, "simulate", "--mutation", "processTraps", "--replay"]
    shrunk = subprocess.run([*planted, str(next(recorded.iterdir())), "--shrink", "--output", str(folder)], capture_output=True, text=True)
    print(shrunk.stdout + shrunk.stderr, end="")
    files = list(folder.glob("*-shrunk.recording"))
    quiet = {**os.environ, "SWIFT_BACKTRACE": "enable=no"}
    again = files and subprocess.run([*planted, str(files[0])], capture_output=True, env=quiet)
    return shrunk.returncode == 1 and bool(files) and again.returncode < 0 and replay(files[0])


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        killed = session(folder, "killed", end=signal.SIGKILL)
        files = list(killed.iterdir())
        check("only its owner can read it", files and all(file.stat().st_mode & 0o077 == 0 for file in files))
        check("what was recorded until the process was killed replays", replay(killed))
        # The names of fields hold the word, too.
        found = b"".join(file.read_bytes() for file in files).replace(b"roomsecret", b"")
        secrets = SAID + ["secret", base64.b64encode(b"\0romeo\0secret").decode()]
        check("nothing that was said is in it", not [text for text in secrets if text.encode() in found])
        check("but who spoke is", b"romeo@localhost" in found)
        check("a trap, planted, shrinks to a recording that traps", traps(killed, folder))
        kept = session(folder, "kept", "--record-bodies", end=signal.SIGTERM)
        check("with the texts it replays, too", replay(kept))
        found = b"".join(file.read_bytes() for file in kept.iterdir())
        check("the texts are in it and no password", b"But soft!" in found and b"secret" not in found.replace(b"roomsecret", b""))


try:
    main()
except Exception as error:  # whatever it was, it is a failure with a name
    check(f"{type(error).__name__}: {error}", False)
print(f"{passed} passed, {failed} failed")
sys.exit(1 if failed else 0)
