"""The instrumented copy of the repository: how it is made and built."""

import json
import re
import shutil
import subprocess
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent
REPOSITORY = PACKAGE.parent.parent
SCRATCH = REPOSITORY / ".scratch"
TREE = SCRATCH / "tree"
BUILD = SCRATCH / "build"
CATALOG = SCRATCH / "mutants.jsonl"
UNCOMPILABLE = PACKAGE / "uncompilable.txt"
BUNDLE = BUILD / "release" / "spondeePackageTests.xctest"
SPONDEE = BUILD / "release" / "spondee"

MODULES = ["XML", "XMPP", "SASL", "Storage", "ServerCore"]
TESTS = ["XMLTests", "XMPPTests", "SASLTests", "StorageTests", "StorageSQLiteTests", "ServerCoreTests"]


def tracked_files():
    output = subprocess.run(["git", "ls-files", "-z", "Package.swift", "Sources", "Tests", "Fuzz", "corpus", "spec"],
                            cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout
    skipped = "Tests/Mutation/"
    return [name for name in output.split("\0") if name and not name.startswith(skipped) and (REPOSITORY / name).is_file()]


def without_targets(manifest, unwanted):
    """Leaves out whole target declarations: what begins with `.kind(` up to the closing parenthesis."""
    out, place = [], 0
    for found in re.finditer(r"^    \.(testTarget|target|executableTarget)\(", manifest, re.MULTILINE):
        end, depth = found.end(), 1
        while depth:
            depth += {"(": 1, ")": -1}.get(manifest[end], 0)
            end += 1
        name = re.search(r'name: "([^"]+)"', manifest[found.start():end]).group(1)
        if name in unwanted:
            out.append(manifest[place:found.start()])
            place = end + manifest[end:].startswith(",")
    return "".join(out) + manifest[place:]


def instrumented_manifest(manifest):
    """The manifest with the switch, without targets that no layer needs, and with warnings allowed."""
    names = re.findall(r'\.testTarget\(\s*name: "([^"]+)"', manifest)
    manifest = without_targets(manifest, set(names) - set(TESTS) | {"Workloads", "spondee-count"})
    manifest = re.sub(r'^.*targets: \["Workloads"\].*\n', "", manifest, flags=re.MULTILINE)
    manifest = manifest.replace("  .treatAllWarnings(as: .error),\n", "").replace(" + [.strictMemorySafety()]", "")
    manifest = re.sub(r'(\.target\(\s*name: "(?:%s)",\s*dependencies: \[)' % "|".join(MODULES), r'\1"MutantSwitch", ', manifest)
    switch = '    .target(name: "MutantSwitchC"),\n    .target(name: "MutantSwitch", dependencies: ["MutantSwitchC"]),\n'
    return manifest.replace("  targets: [\n", "  targets: [\n" + switch, 1)


def write(path, content):
    """Leaves a file alone that is the same already, so that it is not compiled again."""
    if path.exists() and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def instrument():
    """Makes the copy. Returns the line that the rewriter prints."""
    fresh = SCRATCH / "fresh"
    shutil.rmtree(fresh, ignore_errors=True)
    for name in tracked_files():
        write(fresh / name, (REPOSITORY / name).read_bytes())
    (fresh / "Package.swift").write_text(instrumented_manifest((fresh / "Package.swift").read_text()))
    shutil.copytree(PACKAGE / "Switch", fresh / "Sources", dirs_exist_ok=True)
    UNCOMPILABLE.touch()
    subprocess.run(["swift", "build", "--package-path", PACKAGE, "--product", "mutate"], check=True, capture_output=True)
    command = [PACKAGE / ".build/debug/mutate", fresh, CATALOG, UNCOMPILABLE] + ["Sources/" + module for module in MODULES]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    files = {path.relative_to(fresh) for path in fresh.rglob("*") if path.is_file()}
    for old in [path for path in TREE.rglob("*") if path.is_file() and path.name != "Package.resolved"]:
        if old.relative_to(TREE) not in files:
            old.unlink()
    for name in files:
        write(TREE / name, (fresh / name).read_bytes())
    shutil.rmtree(fresh)
    return printed


def catalog():
    return [json.loads(line) for line in CATALOG.read_text().splitlines()]


def identity(mutant):
    return " | ".join([mutant["file"], mutant["function"], mutant["rule"], mutant["text"], str(mutant["occurrence"])])


def compile_tree(*arguments):
    command = ["timeout", "3000", "swift", "build", "-c", "release", "-Xswiftc", "-enable-testing", "--scratch-path", BUILD, *arguments]
    done = subprocess.run(command, cwd=TREE, capture_output=True, text=True)
    (SCRATCH / "build.log").write_text(done.stdout + done.stderr)
    return done.returncode == 0, done.stdout + done.stderr


# Rules that guess types. Of the mutants on a line with an error these are suspected first.
GUESSES = {"swap", "full", "bare", "case", "arithmetic", "exchange", "extremum", "boundary"}


def culprits(output, mutants):
    """The mutants that a compiler's errors are about: those of the line, or else those of the smallest statement around it."""
    found = {}
    places = set(re.findall(r"%s/(Sources/[^:\s]+):(\d+):\d+: error: (.*)" % re.escape(str(TREE)), output))
    for file, line, message in places:
        line = int(line)
        here = [mutant for mutant in mutants if mutant["file"] == file]
        exact = [mutant for mutant in here if mutant["line"] == line]
        if "reasonable time" in message or not exact:
            around = [mutant for mutant in here if mutant["statement"][0] <= line <= mutant["statement"][1]]
            size = min((mutant["statement"][1] - mutant["statement"][0] for mutant in around), default=0)
            exact = [mutant for mutant in around if mutant["statement"][1] - mutant["statement"][0] == size] or exact
        if not exact:
            before = max((mutant for mutant in here if mutant["line"] <= line), key=lambda mutant: mutant["line"], default=None)
            exact = [mutant for mutant in here if before and mutant["function"] == before["function"]]
            exact = [mutant for mutant in exact if mutant["rule"] == "remove"] or exact
        for mutant in [mutant for mutant in exact if mutant["rule"] in GUESSES] or exact:
            found[identity(mutant)] = f"{file}:{line}: {message}"
    return found, places


def build(report=print):
    """Instruments and builds, and leaves out what does not compile, until all does. Returns whether it succeeded."""
    for attempt in range(1, 31):
        report(instrument())
        for target in MODULES:
            good, output = compile_tree("--target", target)
            if not good:
                break
        if good:
            report("the modules compile; building tests and program")
            good, output = compile_tree("--build-tests")
            if good:
                return True
        found, places = culprits(output, catalog())
        known = set(UNCOMPILABLE.read_text().splitlines())
        new = sorted(set(found) - known)
        report(f"build {attempt}: {target}: {len(places)} errors, {len(new)} mutants left out")
        if not new:
            report(output[-4000:])
            return False
        UNCOMPILABLE.write_text("\n".join(sorted(known | set(new))) + "\n")
        with (SCRATCH / "errors.log").open("a") as log:
            log.writelines(f"{reason}\n    {name}\n" for name, reason in sorted(found.items()))
    return False
