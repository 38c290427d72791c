"""Links in the documentation point to existing files and headings. Web addresses are not requested."""

import pathlib
import re
import sys

import sources

LINK = re.compile(r"\]\(([^()\s]+)\)")
CODE = re.compile(r"^(`{3,}|~{3,}).*?^\1[^\n]*$|`[^`\n]+`", re.M | re.S)


def root():
    return pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2]).resolve()


def prose(text):
    """The text without code; line numbers are kept."""
    return CODE.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), text)


def anchors(text):
    """The anchors of headings: lower case, without punctuation, hyphens for spaces."""
    titles = re.findall(r"^#+ +(.*?) *$", CODE.sub(lambda match: match.group().replace("#", " "), text), re.M)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def check(path, text):
    if not path.endswith(".md"):
        return []
    found = []
    for link in LINK.finditer(prose(text)):
        target, _, anchor = link.group(1).partition("#")
        if re.match(r"\w+:", target):
            continue
        file = root() / pathlib.Path(path).parent / target
        if target and not file.exists():
            found.append((sources.line_of(text, link.start()), f"{link.group(1)}: file not found"))
        elif anchor and (not target or target.endswith(".md")):
            there = anchors(file.read_text(encoding="utf-8") if target else text)
            if anchor not in there:
                found.append((sources.line_of(text, link.start()), f"{link.group(1)}: heading not found"))
    return found


EXAMPLES = [
    ("docs/a.md", "see [this](https://example.org/none.md)", False),
    ("docs/a.md", "see [this](none.md)", True),
    ("docs/a.md", "see ![this](none.png)", True),
    ("docs/a.md", "see [below](#1-a-part)\n\n## 1. A part\n", False),
    ("docs/a.md", "see [below](#a-part)\n\n```sh\n# A part\n```\n", True),
    ("docs/a.md", "`map[x](none)` and\n```cpp\n[this](auto) {}\n```\n", False),
    ("docs/a.cpp", "[this](auto) {}", False),
]

if __name__ == "__main__":
    sources.run(check, EXAMPLES)
