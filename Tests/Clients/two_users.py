#!/usr/bin/env python3
"""Two users with a real client library (slixmpp: real TLS, SCRAM) talk through a server.

  two_users.py HOST PORT      accounts romeo@localhost and juliet@localhost, both with the password `secret`

Prints one line a check, then a total; the exit status is 1 if one failed.
"""
import asyncio
import ssl
import sys

import slixmpp

HOST, PORT = sys.argv[1], int(sys.argv[2])
ROOM = "balcony@conference.localhost"
passed, failed = 0, 0


def check(what, holds):
    global passed, failed
    passed, failed = passed + bool(holds), failed + (not holds)
    print(("ok    " if holds else "FAIL  ") + what, flush=True)


class User(slixmpp.ClientXMPP):
    def __init__(self, name):
        super().__init__(f"{name}@localhost/{name}", "secret")
        self.ssl_context.check_hostname = False
        self.ssl_context.verify_mode = ssl.CERT_NONE
        self.auto_authorize = True
        for plugin in ("xep_0030", "xep_0045", "xep_0092", "xep_0191", "xep_0199", "xep_0202"):
            self.register_plugin(plugin)
        self.inbox = asyncio.Queue()
        self.groupchat = asyncio.Queue()
        self.presences = asyncio.Queue()
        self.ready = asyncio.Event()
        self.add_event_handler("session_start", self.started)
        self.add_event_handler("message", lambda m: self.inbox.put_nowait(m) if m["type"] in ("chat", "normal") else None)
        self.add_event_handler("message_error", self.inbox.put_nowait)
        self.add_event_handler("groupchat_message", self.groupchat.put_nowait)
        self.add_event_handler("presence_available", self.presences.put_nowait)
        self.add_event_handler("presence_unavailable", self.presences.put_nowait)

    async def started(self, _):
        await self.get_roster()
        self.send_presence()
        self.ready.set()

    async def presence_of(self, who, kind):
        """Waits for a presence of this bare JID: available or unavailable."""
        while True:
            stanza = await asyncio.wait_for(self.presences.get(), 5)
            if stanza["from"].bare == who and (stanza["type"] == "unavailable") == (kind == "unavailable"):
                return stanza


async def main():
    romeo, juliet = User("romeo"), User("juliet")
    for user in (romeo, juliet):
        user.connect(HOST, PORT)
        await asyncio.wait_for(user.ready.wait(), 10)
    check("both are logged in, over TLS", all(isinstance(u.transport.get_extra_info("ssl_object"), ssl.SSLObject) for u in (romeo, juliet)))

    romeo.send_message(mto="juliet@localhost", mbody="But soft! <what> light & \"so\" on ☀")
    message = await asyncio.wait_for(juliet.inbox.get(), 5)
    check("a message arrives as it was sent", message["body"] == "But soft! <what> light & \"so\" on ☀" and message["from"] == romeo.boundjid)
    juliet.send_message(mto=message["from"], mbody="Ay me!")
    check("so does the answer", (await asyncio.wait_for(romeo.inbox.get(), 5))["body"] == "Ay me!")

    romeo.send_presence_subscription("juliet@localhost")
    seen = await romeo.presence_of("juliet@localhost", "available")
    check("a subscriber sees presence", seen["from"] == juliet.boundjid)
    await juliet.presence_of("romeo@localhost", "available")
    juliet.send_presence(pstatus="on the balcony")
    while not (seen := await romeo.presence_of("juliet@localhost", "available"))["status"]:
        pass
    check("and changes of it", seen["status"] == "on the balcony")

    await juliet.plugin["xep_0191"].block("romeo@localhost")
    check("blocking ends presence", (await romeo.presence_of("juliet@localhost", "unavailable")) is not None)
    romeo.send_message(mto="juliet@localhost", mbody="Hello?")
    check("and bounces messages", (await asyncio.wait_for(romeo.inbox.get(), 5))["error"]["condition"] == "service-unavailable")
    await juliet.plugin["xep_0191"].unblock("romeo@localhost")
    romeo.send_message(mto="juliet@localhost", mbody="Hello again")
    check("until it is over", (await asyncio.wait_for(juliet.inbox.get(), 5))["body"] == "Hello again")

    muc = romeo.plugin["xep_0045"]
    await muc.join_muc_wait(ROOM, "Romeo", timeout=5)
    form = await muc.get_room_config(ROOM)
    form["type"] = "submit"
    answers = {"muc#roomconfig_roomsecret": "rose", "muc#roomconfig_passwordprotectedroom": True}
    for key, value in answers.items():
        if key in form.get_fields():
            form.get_fields()[key]["value"] = value
    await muc.set_room_config(ROOM, form)
    try:
        await juliet.plugin["xep_0045"].join_muc_wait(ROOM, "Juliet", timeout=5)
        refused = False
    except slixmpp.exceptions.PresenceError as error:
        refused = error.condition == "not-authorized"
    check("a room with a password keeps strangers out", refused)
    await juliet.plugin["xep_0045"].join_muc_wait(ROOM, "Juliet", password="rose", timeout=5)
    # Romeo's client hears of it in its turn.
    for _ in range(50):
        if len(muc.get_roster(ROOM)) == 2:
            break
        await asyncio.sleep(0.1)
    check("and lets in who knows it", sorted(muc.get_roster(ROOM)) == ["Juliet", "Romeo"])
    juliet.send_message(mto=ROOM, mbody="Good night, good night!", mtype="groupchat")
    said = await asyncio.wait_for(romeo.groupchat.get(), 5)
    while not said["body"]:
        said = await asyncio.wait_for(romeo.groupchat.get(), 5)
    check("what is said in a room is heard", said["body"] == "Good night, good night!" and said["from"].resource == "Juliet")

    version = await romeo.plugin["xep_0092"].get_version("localhost")
    check("the server says what it is", version["software_version"]["name"] == "Spondee")
    check("and answers pings", (await romeo.plugin["xep_0199"].ping("localhost")) is not None)

    await juliet.disconnect()
    check("who leaves is seen leaving", (await romeo.presence_of("juliet@localhost", "unavailable")) is not None)
    await romeo.disconnect()


try:
    asyncio.run(asyncio.wait_for(main(), 60))
except Exception as error:  # whatever it was, it is a failure with a name
    check(f"{type(error).__name__}: {error}", False)
print(f"{passed} passed, {failed} failed")
sys.exit(1 if failed else 0)
