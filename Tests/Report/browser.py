"""Headless Chromium, asked over a pipe (DevTools protocol): no port is opened, and nothing is fetched from a network."""
import base64
import fcntl
import json
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time

PATIENCE = 60  # seconds for an answer: only a browser that hangs takes so long.
QUIET = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--host-resolver-rules=MAP * ~NOTFOUND",
         "--remote-debugging-pipe", "--disable-background-networking", "--force-color-profile=srgb"]


class PageError(Exception):
    """The script that was to be evaluated in the page failed."""


class Browser:
    """One browser with one page. `errors` is what its console and its scripts complained of since the page was opened."""

    def __init__(self, width=1400, height=1000, scale=1):
        program = next((found for name in ("chromium-shell", "chromium", "chromium-headless-shell") if (found := shutil.which(name))), None)
        if program is None:
            raise FileNotFoundError("no chromium-shell, chromium or chromium-headless-shell")
        self.profile = tempfile.TemporaryDirectory(prefix="spondee-browser-", ignore_cleanup_errors=True)
        heard_there, self.to = os.pipe()
        self.heard, from_there = os.pipe()
        self.process = subprocess.Popen(
            [program, *QUIET, f"--user-data-dir={self.profile.name}", f"--data-path={self.profile.name}", "about:blank"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, close_fds=False,
            preexec_fn=lambda: hand_over(heard_there, from_there), start_new_session=True)
        os.close(heard_there)
        os.close(from_there)
        self.number, self.buffer, self.session = 0, b"", None
        self.errors, self.happened = [], []
        target = next(each for each in self.ask("Target.getTargets")["targetInfos"] if each["type"] == "page")
        self.session = self.ask("Target.attachToTarget", targetId=target["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.ask(domain + ".enable")
        self.size(width, height, scale)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        # All of its processes: the one that was started may be a shell that waits for it.
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        os.close(self.to)
        os.close(self.heard)
        self.profile.cleanup()

    # The protocol

    def ask(self, method, **parameters):
        self.number += 1
        question = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            question["sessionId"] = self.session
        os.write(self.to, json.dumps(question).encode() + b"\0")
        while (answer := self.hear()).get("id") != self.number:
            pass
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']['message']}")
        return answer["result"]

    def hear(self):
        while b"\0" not in self.buffer:
            if not select.select([self.heard], [], [], PATIENCE)[0]:
                raise TimeoutError("the browser says nothing")
            if not (more := os.read(self.heard, 1 << 20)):
                raise EOFError("the browser has ended")
            self.buffer += more
        line, self.buffer = self.buffer.split(b"\0", 1)
        said = json.loads(line)
        self.note(said.get("method"), said.get("params"))
        return said

    def note(self, method, about):
        if method == "Runtime.exceptionThrown":
            details = about["exceptionDetails"]
            self.errors.append(details.get("exception", {}).get("description") or details["text"])
        elif method == "Runtime.consoleAPICalled" and about["type"] in ("error", "assert", "warning"):
            self.errors.append(" ".join(str(each.get("value", each.get("description"))) for each in about["args"]))
        elif method == "Log.entryAdded" and about["entry"]["level"] in ("error", "warning"):
            self.errors.append(about["entry"]["text"])
        elif method:
            self.happened.append(method)

    # The page

    def open(self, path):
        self.errors, self.happened = [], []
        self.ask("Page.navigate", url="file://" + os.path.abspath(path))
        while "Page.loadEventFired" not in self.happened:
            self.hear()
        self.settle()

    def size(self, width, height, scale=1):
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale, mobile=False)

    def evaluate(self, script):
        """The value of an expression, which may be a promise."""
        said = self.ask("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in said:
            raise PageError(said["exceptionDetails"].get("exception", {}).get("description", script))
        return said["result"].get("value")

    def settle(self):
        """Until two frames have been drawn."""
        self.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))")

    def until(self, script, seconds=5):
        """Whether the expression comes to hold; it is asked again and again."""
        end = time.monotonic() + seconds
        while not (holds := self.evaluate(script)) and time.monotonic() < end:
            self.settle()
        return bool(holds)

    # Hands

    def click(self, node):
        """With the mouse, in the middle of the node that the expression says, which is scrolled to."""
        self.press(f"""(() => {{
          const node = {node};
          node?.scrollIntoView({{ block: "nearest" }});
          return node;
        }})()""")

    def press(self, node, across=0.5):
        place = self.evaluate(f"""(() => {{
          const node = {node};
          if (!node) return null;
          const {{ left, top, width, height }} = node.getBoundingClientRect();
          return {{ x: left + width * {across}, y: top + height / 2 }};
        }})()""")
        if place is None:
            raise PageError(f"nothing to click at: {node}")
        for kind in ("mousePressed", "mouseReleased"):
            self.ask("Input.dispatchMouseEvent", type=kind, button="left", clickCount=1, **place)
        self.settle()

    def key(self, name):
        text = {"Enter": "\r"}.get(name, "")
        for kind in ("keyDown", "keyUp"):
            self.ask("Input.dispatchKeyEvent", type=kind, key=name, code=name, **({"text": text} if text and kind == "keyDown" else {}))
        self.settle()

    def type(self, text):
        self.ask("Input.insertText", text=text)

    def picture(self, path, **clip):
        """A PNG of a part of the page: x, y, width, height."""
        self.settle()
        said = self.ask("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip={"scale": 1, **clip})
        with open(path, "wb") as file:
            file.write(base64.b64decode(said["data"]))


def hand_over(heard, said):
    """Chromium reads commands from descriptor 3 and answers on 4; neither of ours may be in the way."""
    heard, said = (fcntl.fcntl(each, fcntl.F_DUPFD, 10) for each in (heard, said))
    os.dup2(heard, 3)
    os.dup2(said, 4)
