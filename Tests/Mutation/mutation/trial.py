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


def attempt(mutant, reach):
    """One mutant's fate: which layer killed it and how, `survived`, or `unreached`."""
    number, spent, reached = mutant["number"], 0, []
    for layer in reach.layers:
        cases = reach.cases(layer, number)
        if not cases:
            continue
        reached.append(layer.name)
        limit = 8 + 4 * reach.seconds(layer, cases)
        end, why, seconds = layers.run(layer, cases, limit, mutant=number)
        spent += seconds
        if end != "passed":
            return {"fate": layer.name, "how": end, "why": why, "seconds": round(spent, 2), "reached": reached}
    return {"fate": "survived" if reached else "unreached", "seconds": round(spent, 2), "reached": reached}


def results():
    """What is known, by identity: the last result of each."""
    known = {}
    if RESULTS.exists():
        for line in RESULTS.read_text().splitlines():
            result = json.loads(line)
            known[result["identity"]] = result
    return known


def run(mutants, reach, jobs=2, until=None, report=print):
    """Runs those that have no result yet, and appends each result at once, so that an interrupted run goes on where it was."""
    known = results()
    todo = [mutant for mutant in mutants if tree.identity(mutant) not in known]
    lock = threading.Lock()
    done = 0

    def one(mutant):
        nonlocal done
        if until and until():
            return
        result = attempt(mutant, reach)
        with lock, RESULTS.open("a") as file:
            file.write(json.dumps({"identity": tree.identity(mutant), **result}) + "\n")
            done += 1
            if result["fate"] == "survived":
                report(f"survived: {mutant['file']}:{mutant['line']}: {mutant['rule']}: {mutant['text'][:120]}")
            if done % 50 == 0:
                report(f"{done} of {len(todo)}")

    with ThreadPoolExecutor(jobs) as pool:
        list(pool.map(one, todo))


def forget(names):
    """Drops results, so that these mutants are run again."""
    if RESULTS.exists():
        kept = [line for line in RESULTS.read_text().splitlines() if json.loads(line)["identity"] not in names]
        RESULTS.write_text("".join(line + "\n" for line in kept))
