"""A file is one idea: 80 to 300 lines. Above 400 it is named, above 500 it fails."""

import sources

NAMED, REFUSED = 400, 500
KINDS = sources.CODE + (".py", ".cmake", "CMakeLists.txt", ".sh", "/run", "setup")


def check(path, text):
    lines = text.count("\n")
    if not path.endswith(KINDS) or lines <= NAMED:
        return []
    if lines <= REFUSED:
        print(f"{path}: {lines} lines, more than {NAMED}: is there a second idea in it?")
        return []
    return [(1, f"{lines} lines, more than {REFUSED}")]


EXAMPLES = [
    ("rpc/src/example.cpp", "\n" * 501, True),
    ("rpc/src/example.cpp", "\n" * 300, False),
    ("docs/example.md", "\n" * 501, False),
    ("tests/run", "\n" * 501, True),
]

if __name__ == "__main__":
    sources.run(check, EXAMPLES)
