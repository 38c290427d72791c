"""Each promise and each limit in docs/security.md names existing tests and cases."""

import pathlib
import re
import sys

import sources

ROOT = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2])
# `rpc.hello`, and behind a colon the names of its cases.
NAMED = re.compile(r"`(\w+)\.(\w+|\*)`((?:: \w+(?:, \w+)*)?)")


def read(folder, name):
    """The text of a test, whatever it is written in; None where there is none."""
    if name == "*":
        return "" if (ROOT / "tests" / folder).is_dir() else None
    for file in (f"{name}_test.cpp", f"{name}.py", f"{name}.cpp"):
        path = ROOT / "tests" / folder / file
        if path.is_file():
            return path.read_text(encoding="utf-8")
    return FILES.get(f"{folder}.{name}")


def check(path, text):
    if path != "docs/security.md":
        return []
    wrong, tests = [], 0
    for number, line in enumerate(text.splitlines(), 1):
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if not line.startswith("|") or set(cells[-1]) <= set("-"):
            continue
        for folder, name, cases in NAMED.findall(cells[-1]):
            tests += 1
            there = read(folder, name)
            if there is None:
                wrong.append((number, f"unknown test {folder}.{name}"))
                continue
            for case in re.findall(r"\w+", cases):
                if not re.search(rf"\b{case}\b", there):
                    wrong.append((number, f"{folder}.{name} has no case {case}"))
    if not tests:
        wrong.append((1, "it names no tests"))
    # A promise without a test is none; `below` points to the limits, each with its own.
    promises = re.search(r"^\| promise \| test \|\n\|[-|]+\n((?:\|.*\n)*)", text, re.M)
    for line in promises.group(1).splitlines() if promises else []:
        if not NAMED.search(line) and not line.endswith("| below |"):
            wrong.append((sources.line_of(text, text.index(line)), "a promise without a test"))
    return wrong


FILES = {"rpc.example": "BOOST_AUTO_TEST_CASE(it_holds) {\n"}
EXAMPLES = [
    ("docs/security.md", "| promise | test |\n|---|---|\n| it holds | `rpc.example`: it_holds |\n", False),
    ("docs/security.md", "| promise | test |\n|---|---|\n| it holds | `rpc.example`: it_does_not |\n", True),
    ("docs/security.md", "| promise | test |\n|---|---|\n| it holds | `rpc.none` |\n", True),
    ("docs/security.md", "| promise | test |\n|---|---|\n| a | `rpc.example` |\n| it holds | surely |\n", True),
    ("docs/security.md", "nothing\n", True),
]

if __name__ == "__main__":
    sources.run(check, EXAMPLES)
