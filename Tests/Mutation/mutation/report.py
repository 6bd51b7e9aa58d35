"""The table of fates, the survivors, and the list of equivalent mutants."""

from . import tree

EQUIVALENTS = tree.PACKAGE / "equivalents.txt"
TABLE = tree.PACKAGE / "table.md"
# Held to 95 %: rooms, routing, streams, SASL and storage.
STRICT = ["Sources/ServerCore/Rooms/", "Sources/ServerCore/Routing/", "Sources/ServerCore/Streams/", "Sources/SASL/", "Sources/Storage/",
          "Sources/ServerCore/Storage/"]
LAYERS = ["unit", "spec", "campaign"]


def equivalents():
    """Identities that are listed by hand. Each line is followed by an indented reason."""
    found, name = {}, None
    for line in EQUIVALENTS.read_text().splitlines() if EQUIVALENTS.exists() else []:
        if line.startswith("#") or not line.strip():
            continue
        if line.startswith(" "):
            if name is None:
                raise SystemExit(f"{EQUIVALENTS.name}: a reason without a mutant: {line.strip()}")
            found[name] = (found[name] + " " + line.strip()).strip()
        else:
            name = line.strip()
            found[name] = ""
    for name, reason in found.items():
        if not reason:
            raise SystemExit(f"{EQUIVALENTS.name}: no reason is given for: {name}")
    return found


class Row:
    def __init__(self):
        self.mutants = self.run = self.equivalent = self.survived = self.unreached = 0
        self.killed = dict.fromkeys(LAYERS, 0)

    def add(self, fate, is_equivalent):
        self.mutants += 1
        if fate is None:
            return
        self.run += 1
        if fate in self.killed:
            self.killed[fate] += 1
        elif is_equivalent:
            self.equivalent += 1
        elif fate == "survived":
            self.survived += 1
        else:
            self.unreached += 1

    def merge(self, other):
        for name in ["mutants", "run", "equivalent", "survived", "unreached"]:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for name in LAYERS:
            self.killed[name] += other.killed[name]

    @property
    def score(self):
        judged = self.run - self.equivalent
        return 100 * sum(self.killed.values()) / judged if judged else None

    def cells(self):
        score = "" if self.score is None else f"{self.score:.0f} %"
        numbers = [self.mutants, self.run, *self.killed.values(), self.survived, self.unreached, self.equivalent]
        return " | ".join([str(number) for number in numbers] + [score])


def rows(mutants, known, listed):
    found = {}
    for mutant in mutants:
        name = tree.identity(mutant)
        result = known.get(name)
        found.setdefault(mutant["file"], Row()).add(result and result["fate"], name in listed)
    return dict(sorted(found.items()))


def total(some):
    all_rows = Row()
    for row in some:
        all_rows.merge(row)
    return all_rows


def table(mutants, known):
    """The table per file, as Markdown."""
    files = rows(mutants, known, equivalents())
    strict = total(row for file, row in files.items() if file.startswith(tuple(STRICT)))
    lines = [
        "# Mutation score", "",
        "Written by `Tests/Mutation/run.py`; CONTRIBUTING.md says how to read it. `run` counts the mutants that were tried: a sample, if",
        "they are fewer than the mutants. The score is the killed mutants' part of those that were tried and are not equivalent; a mutant",
        "that no test reaches is not killed.", "",
        "| file | mutants | run | unit | spec | campaign | survived | never reached | equivalent | score |",
        "|---|---|---|---|---|---|---|---|---|---|",
        f"| **all** (target 85 %) | {total(files.values()).cells()} |",
        f"| **rooms, routing, streams, SASL, storage** (target 95 %) | {strict.cells()} |",
    ]
    folders = {}
    for file, row in files.items():
        folders.setdefault("/".join(file.split("/")[1:-1]), []).append(row)
    lines += [f"| **{folder}** | {total(some).cells()} |" for folder, some in folders.items()]
    lines += [f"| {file.removeprefix('Sources/')} | {row.cells()} |" for file, row in files.items()]
    return "\n".join(lines) + "\n"


def survivors(mutants, known, fate="survived"):
    """Each mutant with this fate that is not listed as equivalent, as a source line with what was done to it."""
    listed, lines = equivalents(), []
    for mutant in sorted(mutants, key=lambda mutant: (mutant["file"], mutant["line"])):
        result = known.get(tree.identity(mutant))
        if not result or result["fate"] != fate or tree.identity(mutant) in listed:
            continue
        source = (tree.REPOSITORY / mutant["file"]).read_text().splitlines()[mutant["line"] - 1].strip()
        lines.append(f"{mutant['file']}:{mutant['line']}: {mutant['rule']}: {mutant['text']}\n    {source}")
    return lines


def summary(mutants, known):
    row = total(rows(mutants, known, equivalents()).values())
    score = "none were run" if row.score is None else f"{row.score:.1f} % killed"
    return (f"{row.mutants} mutants, {row.run} run: {score} ({row.killed['unit']} by unit tests, {row.killed['spec']} by scripts, "
            f"{row.killed['campaign']} by the campaign), {row.survived} survived, {row.unreached} never reached, "
            f"{row.equivalent} equivalent")
