"""Which case reaches which mutant, and how long each takes without one. Measured once for each build."""

import json
from concurrent.futures import ThreadPoolExecutor

from . import layers, tree

FOLDER = tree.SCRATCH / "reach"
TIMES = FOLDER / "times.json"
# A case that takes longer costs more than all the others together that reach a mutant, and is left out.
MOST_SECONDS = 5


def measure(report=print):
    """Runs each case alone, without a mutant. All must pass."""
    FOLDER.mkdir(exist_ok=True)
    stamp = str(tree.CATALOG.stat().st_mtime_ns) + str(tree.SPONDEE.stat().st_mtime_ns)
    if TIMES.exists():
        known = json.loads(TIMES.read_text())
        if known["stamp"] == stamp:
            return Reach(known["times"], known["flaky"])
    times, flaky = {}, []

    def one(layer, case):
        end, why, seconds = layers.run(layer, [case], 300, reached=FOLDER / name(layer, case))
        return layer, case, end, why, seconds

    with ThreadPoolExecutor(2) as pool:
        jobs = [pool.submit(one, layer, case) for layer in layers.all_layers() for case in layer.cases]
        for job in jobs:
            layer, case, end, why, seconds = job.result()
            if end == "passed" and (FOLDER / name(layer, case)).exists():
                times[f"{layer.name} {case}"] = round(seconds, 3)
            else:
                flaky.append(f"{layer.name} {case}")
                report(f"left out, because it does not pass without a mutant: {layer.name} {case}: {end} {why}")
    TIMES.write_text(json.dumps({"stamp": stamp, "times": times, "flaky": flaky}, indent=1))
    return Reach(times, flaky)


def name(layer, case):
    return f"{layer.name} {case}".replace("/", "_")


class Reach:
    def __init__(self, times, flaky):
        self.times, self.flaky = times, flaky
        self.layers = layers.all_layers()
        self.maps = {}
        for layer in self.layers:
            known = [case for case in layer.cases if f"{layer.name} {case}" in times]
            self.maps[layer.name] = {case: (FOLDER / name(layer, case)).read_bytes() for case in known}

    def cases(self, layer, number):
        """The cases of a layer that reach a mutant, quickest first."""
        found = [case for case, map in self.maps[layer.name].items() if map[number] and self.seconds(layer, [case]) <= MOST_SECONDS]
        return sorted(found, key=lambda case: self.seconds(layer, [case]))

    def seconds(self, layer, cases):
        return sum(self.times[f"{layer.name} {case}"] for case in cases)
