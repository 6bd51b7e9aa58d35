#!/usr/bin/python3
"""Checks the scripts and styles of the simulator's report page (Sources/Simulation/Report/Page).

  lint.py [FOLDER]

The scripts: Debian's TypeScript compiler reads them all as the one script that they become, and finds syntax errors, names that do not
exist, calls with wrong arguments, and what is declared and never used. The styles: Chromium must understand each selector, each condition
and each declaration, since it leaves out in silence what it does not understand; a variable must be defined, a class must be in a script.
Prints one line for each finding; the exit status is 1 if there is one.
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile

import tinycss2

sys.dont_write_bytecode = True  # Nothing of it stays in the tree.

from browser import Browser

HERE = pathlib.Path(__file__).parent
PAGE = HERE.parent.parent / "Sources/Simulation/Report/Page"
MOST_LINES, MOST_COLUMNS = 400, 140


def shape(files):
    for name, text in files.items():
        lines = text.split("\n")
        if len(lines) - 1 > MOST_LINES:
            yield f"{name}: {len(lines) - 1} lines, more than {MOST_LINES}"
        if lines[-1]:
            yield f"{name}: no line feed at the end"
        for number, line in enumerate(lines, 1):
            if len(line) > MOST_COLUMNS:
                yield f"{name}:{number}: {len(line)} columns, more than {MOST_COLUMNS}"
            if line != line.rstrip() or "\t" in line:
                yield f"{name}:{number}: a tab, or white space at the end"


def compile_scripts(folder):
    settings = json.loads((HERE / "tsconfig.json").read_text())
    settings["include"] = [str(folder / "*.js"), str(HERE / "page.d.ts")]
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(settings, file)
        file.flush()
        done = subprocess.run(["tsc", "--project", file.name, "--pretty", "false"], stdout=subprocess.PIPE, text=True)
    findings = done.stdout.splitlines()
    yield from (re.sub(r"^\S*/", "", line) for line in findings)
    if done.returncode != 0 and not findings:
        yield f"tsc: exit status {done.returncode}"


def unused_names(scripts):
    """The compiler takes what stands outside of all functions for something that others use."""
    everything = "\n".join(re.sub(r"(?m)^\s*//.*$", "", text) for text in scripts.values())
    for name, text in scripts.items():
        for found in re.finditer(r"(?m)^(?:const|let|function|class) (\w+)", text):
            if len(re.findall(rf"\b{found[1]}\b", everything)) < 2:
                yield f"{name}: '{found[1]}' is never used"
        for found in re.finditer(r"(?m)^  (?:get )?(\w+)\([^()]*(?:\([^()]*\))?[^()]*\) \{", text):
            if found[1] != "constructor" and len(re.findall(rf"\.{found[1]}\b", everything)) < 1:
                yield f"{name}: the method '{found[1]}' is never used"


# Styles

def read_styles(text):
    """(kind, text, line) of all that a browser may fail to understand; kinds: error, condition, selector, declaration."""
    def of_rules(nodes):
        for node in nodes:
            if node.type == "error":
                yield "error", node.message, node.source_line
            elif node.type == "at-rule":
                yield "condition", tinycss2.serialize(node.prelude).strip(), node.source_line
                yield from of_rules(tinycss2.parse_rule_list(node.content, skip_comments=True, skip_whitespace=True))
            else:
                yield "selector", tinycss2.serialize(node.prelude).strip(), node.source_line
                for each in tinycss2.parse_declaration_list(node.content, skip_comments=True, skip_whitespace=True):
                    if each.type == "declaration":
                        yield "declaration", f"{each.name}: {tinycss2.serialize(each.value).strip()}", each.source_line
                    else:
                        yield "error", getattr(each, "message", "a rule in a rule"), each.source_line

    return of_rules(tinycss2.parse_stylesheet(text, skip_comments=True, skip_whitespace=True))


# A feature that is not known is neither there nor not there.
UNDERSTOOD = r"""([kind, text]) =>
  kind === "condition" ? /^(screen|print)?( and )?(\(.*\))?$/.test(text)
    && (text.match(/\([^()]*\)/g) ?? []).every((one) => matchMedia(one).matches || matchMedia(`not ${one}`).matches)
  : kind === "selector" ? text.split(",").every((one) => CSS.supports(`selector(${one})`))
  : CSS.supports(`(${text})`)"""


def with_values(text, defined):
    """A browser believes any declaration with a variable."""
    for _ in range(4):
        text = re.sub(r"var\((--[\w-]+)\)", lambda found: defined.get(found[1], found[0]), text)
    return text


def check_styles(styles, scripts):
    strings = set(re.findall(r"[\w-]+", " ".join(re.findall(r'"[^"\n]*"|`[^`]*`', "\n".join(scripts.values())))))
    used = set(re.findall(r"var\((--[\w-]+)", "\n".join(styles.values())))
    everything = [(name, *each) for name, text in styles.items() for each in read_styles(text)]
    defined = dict(text.split(": ", 1) for _, kind, text, _ in everything if kind == "declaration" and text.startswith("--"))
    # The scripts set and read some.
    defined |= {each: "1" for each in strings if each.startswith("--") and each not in defined}
    used |= {each for each in strings if each.startswith("--")}
    with Browser() as browser:
        judged = [each for each in everything if each[1] != "error"]
        questions = [(kind, with_values(text, defined)) for _, kind, text, _ in judged]
        understood = browser.evaluate(f"{json.dumps(questions)}.map({UNDERSTOOD})")
    findings = [each for each in everything if each[1] == "error"]
    findings += [(name, "not understood", f"{kind} '{text}'", line)
                 for (name, kind, text, line), is_understood in zip(judged, understood) if not is_understood]
    for name, kind, text, line in judged:
        if kind == "selector":
            findings += [(name, "in no script", f"class '{each}'", line) for each in re.findall(r"\.([a-zA-Z][\w-]*)", text)
                         if each not in strings]
        elif kind == "declaration" and text.startswith("--") and text.partition(":")[0] not in used:
            findings.append((name, "never used", text, line))
        elif kind == "declaration":
            findings += [(name, "not defined", each, line) for each in re.findall(r"var\((--[\w-]+)", text) if each not in defined]
    yield from (f"{name}:{line}: {problem}: {text}" for name, problem, text, line in findings)
    print(f"{len(judged)} selectors, conditions and declarations")


def main():
    folder = pathlib.Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else PAGE
    scripts, styles = ({path.name: path.read_text() for path in sorted(folder.glob(kind))} for kind in ("*.js", "*.css"))
    if not scripts or not styles:
        sys.exit(f"no scripts or no styles in {folder}")
    findings = [*shape(scripts | styles), *compile_scripts(folder), *unused_names(scripts), *check_styles(styles, scripts)]
    print(*findings, f"{len(scripts)} scripts, {len(styles)} styles, {len(findings)} findings", sep="\n")
    sys.exit(1 if findings else 0)


main()
