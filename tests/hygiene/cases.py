"""Finds functions of test scripts that are never used: a case that is written but not run would always pass."""

import re

import sources


def check(path, text):
    if not path.endswith(".py") or "\nmain([" not in text and " main([" not in text:
        return []
    return [(sources.line_of(text, hit.start()), f"{hit.group(1)} is never used: a case belongs in the list that main runs")
            for hit in re.finditer(r"^def (\w+)\(", text, re.M)
            if len(re.findall(rf"\b{hit.group(1)}\b", text)) < 2]


EXAMPLES = [
    ("tests/processes/a.py", "def one(world):\n    pass\n\n\nmain([one])\n", False),
    ("tests/processes/a.py", "def one(world):\n    pass\n\n\ndef two(world):\n    pass\n\n\nmain([one])\n", True),
    ("tests/processes/a.py", "def helper():\n    pass\n\n\ndef two(world):\n    helper()\n\n\nmain([two])\n", False),
    ("tests/processes/support.py", "def until(what):\n    pass\n", False),  # others import it
]

if __name__ == "__main__":
    sources.run(check, EXAMPLES)
