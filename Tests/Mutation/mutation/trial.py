"""Runs mutants, each against the layers that reach it, until one notices."""

import hashlib
import json
import threading
from concurrent.futures import ThreadPoolExecutor

from . import layers, tree

RESULTS = tree.SCRATCH / "results.jsonl"


def order(mutants):
    """An order of which every beginning is a sample that is spread evenly over all files. It depends on identities alone."""
    files = {}
    for mutant in mutants:
        files.setdefault(mutant["file"], []).append(mutant)
    ranked = []
    for some in files.values():
        some.sort(key=lambda mutant: hashlib.sha256(tree.identity(mutant).encode()).digest())
        for i, mutant in enumerate(some):
            shift = int.from_bytes(hashlib.sha256(tree.identity(mutant).encode()).digest()[:4], "big") / 2**32
            ranked.append(((i + shift) / len(some), mutant))
    return [mutant for _, mutant in sorted(ranked, key=lambda pair: pair[0])]


def steps(mutant, reach, ranges):
    """What to run for a mutant, cheapest first: layers with cases, and how long they take without it."""
    found = []
    for layer in reach.layers:
        cases = reach.cases(layer, mutant["number"])
        if layer.name == "campaign":
            cases = cases[:ranges]
        quick = [case for case in cases if layer.takes_several and reach.seconds(layer, [case]) <= layer.QUICK_SECONDS]
        slow = [case for case in cases if case not in quick]
        found += [(layer, some, reach.seconds(layer, some)) for some in [quick] + [[case] for case in slow] if some]
    # Quick unit tests together are dearer than one of them, and cheaper than they look: they run side by side.
    return sorted(found, key=lambda step: 0 if step[0].name == "unit" and len(step[1]) > 1 else step[2])


def attempt(mutant, reach, ranges):
    """One mutant's fate: which layer killed it and how, `survived`, or `unreached`."""
    spent, reached = 0, []
    for layer, cases, clean in steps(mutant, reach, ranges):
        if layer.name not in reached:
            reached.append(layer.name)
        end, why, seconds = layers.run(layer, cases, 5 + 4 * clean, mutant=mutant["number"])
        spent += seconds
        if end != "passed":
            return {"fate": layer.name, "how": end, "why": why, "seconds": round(spent, 2), "reached": reached}
    return {"fate": "survived" if reached else "unreached", "seconds": round(spent, 2), "reached": reached, "ranges": ranges}


def results():
    """What is known, by identity: the last result of each."""
    known = {}
    if RESULTS.exists():
        for line in RESULTS.read_text().splitlines():
            result = json.loads(line)
            known[result["identity"]] = result
    return known


def run(mutants, reach, jobs, ranges, until=None, report=print):
    """Runs those that have no result yet, and appends each result at once, so that an interrupted run goes on where it was."""
    known = results()
    todo = [mutant for mutant in mutants if tree.identity(mutant) not in known]
    lock = threading.Lock()
    done = 0

    def one(mutant):
        nonlocal done
        if until and until():
            return
        result = attempt(mutant, reach, ranges)
        with lock, RESULTS.open("a") as file:
            file.write(json.dumps({"identity": tree.identity(mutant), **result}) + "\n")
            done += 1
            if result["fate"] == "survived":
                report(f"survived: {mutant['file']}:{mutant['line']}: {mutant['rule']}: {mutant['text'][:120]}")
            if done % 100 == 0:
                report(f"{done} of {len(todo)}")

    with ThreadPoolExecutor(jobs) as pool:
        list(pool.map(one, todo))


def forget(names):
    """Drops results, so that these mutants are run again."""
    if RESULTS.exists():
        kept = [line for line in RESULTS.read_text().splitlines() if json.loads(line)["identity"] not in names]
        RESULTS.write_text("".join(line + "\n" for line in kept))
