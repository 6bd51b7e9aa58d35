"""Pages that the simulator writes: how to have them made, and the data in them."""
import json
import pathlib
import subprocess

STANZAS = ("sent", "received")


class Page:
    """A page as text, and `data`, what the program wrote into it for the scripts."""

    def __init__(self, html):
        self.html = html
        self.start = html.index("const data = ") + len("const data = ")
        self.data, length = json.JSONDecoder().raw_decode(html[self.start:])
        self.end = self.start + length

    def write(self, path):
        path.write_text(self.html)
        return path

    def with_data(self, data):
        """The same page with other data, written as the program writes it."""
        return Page(self.html[:self.start] + json.dumps(data).replace("<", "\\u003c") + self.html[self.end:])

    def with_script(self, old, new):
        if self.html.count(old) != 1:
            raise ValueError(f"'{old}' is {self.html.count(old)} times in the page: the list of planted errors is out of date")
        return Page(self.html.replace(old, new))


def simulate(spondee, folder, *arguments):
    done = subprocess.run([spondee, "simulate", *arguments], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode not in (0, 1):
        raise RuntimeError(f"{' '.join(done.args)}: exit status {done.returncode}\n{done.stdout}")


def shrunk_failure(spondee, folder, *arguments):
    """The page of the first failure, made small."""
    pathlib.Path(folder).mkdir(exist_ok=True)
    simulate(spondee, folder, *arguments, "--shrink", "--output", str(folder))
    (page,) = pathlib.Path(folder).glob("failure-*.html")
    return Page(page.read_text())


def report(spondee, folder, *arguments):
    """The page of a campaign."""
    path = pathlib.Path(folder) / "report.html"
    simulate(spondee, folder, *arguments, "--report", str(path))
    return Page(path.read_text())


def kind_of(event):
    """As the filters have it."""
    if event["kind"] in STANZAS:
        return event["name"] if event["name"] in ("message", "presence", "iq") else "other"
    return {"fault": "fault", "asked": "operator", "answered": "operator"}.get(event["kind"], "session")
