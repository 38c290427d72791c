"""The patches in tests/sim/mutations still apply: the lines that a patch removes are in the file it names."""

import pathlib
import re
import sys

import sources

ROOT = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2])


def read(path):
    try:
        return (ROOT / path).read_text(encoding="utf-8")
    except FileNotFoundError:
        return FILES.get(path, "")


def hunks(text):
    """(line number, file, the lines that must be there) of every hunk."""
    found, name = [], None
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("+++ "):
            name = line.split()[1].removeprefix("b/")
        elif line.startswith("@@ "):
            found.append((number, name, []))
        elif found and re.match(r"[ -](?!-- a/)", line):
            found[-1][2].append(line[1:])
    return found


def check(path, text):
    if not path.endswith(".patch"):
        return []
    made = hunks(text)
    wrong = [(number, f"does not apply to {name} any more: make the same mistake in the code as it is now and keep the diff")
             for number, name, there in made if "\n".join(there) + "\n" not in read(name)]
    return wrong if made else [(1, "no patch")]


FILES = {"example.cpp": "one\ntwo\nthree\n"}
EXAMPLES = [
    ("a.patch", "--- a/example.cpp\n+++ b/example.cpp\n@@ -1,2 +1,2 @@\n one\n-two\n+2\n", False),
    ("a.patch", "--- a/example.cpp\n+++ b/example.cpp\n@@ -1,2 +1,2 @@\n one\n-three\n+3\n", True),
    ("a.patch", "--- a/no/such/file\n+++ b/no/such/file\n@@ -1 +1 @@\n-one\n+two\n", True),
    ("a.patch", "", True),
]

if __name__ == "__main__":
    sources.run(check, EXAMPLES)
