"""What may notice a mutant, cheapest first: the unit tests of the core, the scripts of `spec/`, a campaign of the simulator."""

import os
import re
import resource
import signal
import subprocess
import threading

from . import tree

# Two runs are in parallel, on a machine that others use, too.
MEMORY = 6 << 30
ESCAPES = re.compile(r"\x1b\[[0-9;]*m")
# Ranges of seeds.
CAMPAIGN = [f"{first}..<{first + 20}" for first in range(0, 160, 20)]


class Layer:
    """A program with cases: suites, scripts or ranges of seeds. A case is run if it reaches the mutant."""

    # A case that takes longer than this without a mutant runs for itself, after what is quicker.
    QUICK_SECONDS = 0.4

    def __init__(self, name, cases, command, failure, takes_several=True):
        self.name, self.cases, self.command = name, cases, command
        # Whether one command can run several cases.
        self.takes_several = takes_several
        # A line of output that means that a case has failed: the rest need not run.
        self.failure = re.compile(failure)


def run(layer, cases, seconds, mutant=0, reached=None):
    """Runs these cases. Returns how it ended ('passed', 'failed', 'crashed', 'timeout'), the line that says why, and its seconds of CPU.

    The limit is one of CPU time, because other programs may be busy, too; what only waits is given ten times as long, and a minute.
    """
    environment = dict(os.environ, MUTANT=str(mutant), SWIFT_BACKTRACE="enable=no", SWIFT_DETERMINISTIC_HASHING="1")
    if reached:
        environment["MUTANT_REACHED"] = str(reached)

    def limit():
        os.setsid()
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (int(seconds) + 1, int(seconds) + 2))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    process = subprocess.Popen(layer.command(cases), cwd=tree.TREE, env=environment, preexec_fn=limit, stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    timer = threading.Timer(60 + 10 * seconds, os.killpg, [process.pid, signal.SIGKILL])
    timer.start()
    why, last = None, ""
    for line in process.stdout:
        last = ESCAPES.sub("", line).strip() or last
        if layer.failure.search(line):
            why = last
            break
    if why and not reached:
        os.killpg(process.pid, signal.SIGKILL)
    process.stdout.close()
    _, status, usage = os.wait4(process.pid, 0)
    timer.cancel()
    process.returncode = os.waitstatus_to_exitcode(status)
    spent = usage.ru_utime + usage.ru_stime
    if why:
        return "failed", why[:300], spent
    if process.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
        return "timeout", f"more than {seconds:.0f} s", spent
    if process.returncode == 0:
        return "passed", "", spent
    return ("failed" if process.returncode == 1 else "crashed"), last[:300], spent


def suites():
    """The unit tests by suite."""
    command = [tree.BUNDLE, "--testing-library", "swift-testing", "--list-tests"]
    listed = subprocess.run(command, capture_output=True, text=True, cwd=tree.TREE)
    names = {line.split("/")[0] for line in listed.stdout.splitlines() if "/" in line and "." in line}
    return sorted(name for name in names if name.split(".")[0] in tree.TESTS)


def unit():
    def command(cases):
        pattern = "^(" + "|".join(re.escape(case) for case in cases) + ")/"
        return [tree.BUNDLE, "--testing-library", "swift-testing", "--filter", pattern]
    return Layer("unit", suites(), command, r"recorded an issue|Fatal error|Caught error")


def spec():
    scripts = sorted(str(path.relative_to(tree.TREE)) for path in (tree.TREE / "spec").rglob("*.scs"))
    return Layer("spec", scripts, lambda cases: [tree.SPONDEE, "scenario", "--exact", *cases], r"^FAIL|Fatal error")


def campaign():
    def command(cases):
        return [tree.SPONDEE, "simulate", "--seeds", *cases, "--jobs", "1", "--until-failure", "--output", "/tmp"]
    return Layer("campaign", CAMPAIGN, command, r"^FAIL|Fatal error", takes_several=False)


def all_layers():
    return [unit(), spec(), campaign()]
