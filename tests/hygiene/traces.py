"""No leftovers of one machine or of unfinished work: no local paths, no markers such as to-do."""

import re

import sources

MACHINE = r"(?<![\w.}~-])/(?:work|home|Users)/\w*"
UNFINISHED = r"\b(?:TO" + r"DO|FIX" + r"ME|X" + r"XX)\b"
SELF = "tests/hygiene/traces.py"  # its examples are what it looks for


def check(path, text):
    if path == SELF:
        return []
    found = []
    for pattern, message in ((MACHINE, "a path of one machine"), (UNFINISHED, "finish it, or say what is so and why")):
        found += [(sources.line_of(text, hit.start()), f"{hit.group()}: {message}") for hit in re.finditer(pattern, text)]
    return found


EXAMPLES = [
    ("README.md", "cd /home/ada/dist", True),
    ("setup", "cat /home/me/.netrc", True),
    ("docs/a.md", "https://example.org/home/page and build/home/x", False),
    ("rpc/src/a.cpp", "// TODO: later", True),
    ("rpc/src/a.cpp", "// FIXME", True),
    ("rpc/src/a.cpp", "// XXX why", True),
    ("rpc/src/a.cpp", 'auto name = "dist.XXXXXX"; // to do things', False),
]

if __name__ == "__main__":
    sources.run(check, EXAMPLES)
