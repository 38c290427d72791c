"""Each path and each type that docs/architecture.md names exists."""

import pathlib
import re
import sys

import sources

ROOT = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2])
# Words of other things: functions, events' kinds, commands.
TYPE = re.compile(r"`([a-z]+(?:_[a-z]+)+)`")
CODE = [path for path in sources.list_files(ROOT) if path.endswith(sources.CODE) and path.split("/")[0] in sources.MODULES]
WORDS = set()
for code in CODE:
    WORDS.update(re.findall(r"\b[a-z][a-z0-9_]*\b", (ROOT / code).read_text(encoding="utf-8")))


def check(path, text):
    if path != "docs/architecture.md":
        return []
    wrong = []
    for number, line in enumerate(text.splitlines(), 1):
        for name in re.findall(r"`([\w.-]+(?:/[\w.-]+)+/?)`", line):
            if name not in ("dist/1", "HTTP/1.1") and not (ROOT / name).exists():
                wrong.append((number, f"no such path: {name}"))
        wrong += [(number, f"no such name in the code: {name}") for name in TYPE.findall(line) if name not in WORDS]
    return wrong


EXAMPLES = [
    ("docs/architecture.md", "`registry/src/ledger` has `call_ledger`\n", False),
    ("docs/architecture.md", "`registry/src/nowhere`\n", True),
    ("docs/architecture.md", "`no_such_class`\n", True),
    ("docs/other.md", "`registry/src/nowhere`\n", False),
]

if __name__ == "__main__":
    sources.run(check, EXAMPLES)
