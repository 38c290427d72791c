"""Each line of the table in docs/failures.md has cases in tests/registry/contract_rows.cpp, or a test that is named there."""

import pathlib
import re
import sys

import promises
import sources

ROOT = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2])
PAGES = {"docs/failures.md": "tests/registry/contract_rows.cpp", "example/page.md": "example/cases.cpp"}
CASES = {cases: page for page, cases in PAGES.items()}
TEXT = r'"((?:[^"\\\n]|\\.)*)"'


def unquoted(text):
    return re.sub(r"\\(.)", r"\1", text)


def rows(page):
    """(line number, first cell) of each line of the table with the column `event`."""
    found, inside = [], False
    for number, line in enumerate(page.splitlines(), 1):
        inside = line.startswith("| event |") or inside and line.startswith("|")
        cell = line.strip("|").split("|")[0].strip() if inside else ""
        if inside and cell != "event" and set(cell) - set("-"):
            found.append((number, cell))
    return found


def cases(text):
    """(line number, line of the page) of each case."""
    return [(sources.line_of(text, at.start()), unquoted(at[1])) for at in re.finditer(rf"^ +\{{{TEXT},$", text, re.M)]


def elsewhere(text):
    """(line number, line of the page, tests) of each line that other tests show."""
    found = re.finditer(rf"^// {TEXT}: (.*)$", text, re.M)
    return [(sources.line_of(text, at.start()), unquoted(at[1]), at[2]) for at in found]


def there(path):
    file = ROOT / path
    return file.read_text(encoding="utf-8") if file.is_file() else FILES.get(path, "")


def check(path, text):
    if path in PAGES:
        other = there(PAGES[path])
        shown = {row for _, row in cases(other)} | {row for _, row, _ in elsewhere(other)}
        if not rows(text):
            return [(1, "missing table with the column `event`")]
        return [(number, f"no case for: {row}") for number, row in rows(text) if row not in shown]
    if path not in CASES:
        return []
    known = {row for _, row in rows(there(CASES[path]))}
    wrong = [(number, f"no line of {CASES[path]}: {row}") for number, row in cases(text) if row not in known]
    for number, row, tests in elsewhere(text):
        if row not in known:
            wrong.append((number, f"no line of {CASES[path]}: {row}"))
        named = promises.NAMED.findall(tests)
        if not named:
            wrong.append((number, "it names no test"))
        for folder, name, names in named:
            test = promises.read(folder, name)
            if test is None:
                wrong.append((number, f"unknown test {folder}.{name}"))
            for case in re.findall(r"\w+", names) if test else []:
                if not re.search(rf"\b{case}\b", test):
                    wrong.append((number, f"{folder}.{name} has no case {case}"))
    return wrong


FILES = {
    "example/page.md": "| event | what the caller sees |\n|---|---|\n| it `rains` | it waits |\n| it snows | it ends |\n",
    "example/cases.cpp": '    {"it `rains`",\n     "it waits",\n// "it snows": `rpc.example`: it_holds\n',
}
GOOD_PAGE, GOOD_CASES = FILES["example/page.md"], FILES["example/cases.cpp"]
EXAMPLES = [
    ("example/page.md", GOOD_PAGE, False),
    ("example/page.md", GOOD_PAGE + "| it hails | it waits |\n", True),
    ("example/page.md", "no table\n", True),
    ("example/cases.cpp", GOOD_CASES, False),
    ("example/cases.cpp", GOOD_CASES + '    {"it hails",\n', True),
    ("example/cases.cpp", GOOD_CASES.replace("it_holds", "it_does_not"), True),
    ("example/cases.cpp", GOOD_CASES.replace("rpc.example", "rpc.none"), True),
    ("example/cases.cpp", '// "it snows": surely\n', True),
]

if __name__ == "__main__":
    sources.run(check, EXAMPLES)
