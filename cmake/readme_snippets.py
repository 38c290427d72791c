#!/usr/bin/env python3
"""Writes each ```cpp block of Markdown pages as a file of its own, so that the build compiles what the pages show.

usage: readme_snippets.py FOLDER PAGE...

A block with `int main` becomes FOLDER/program_<page>_<line>.cpp as it stands. Any other becomes
FOLDER/fragment_<page>_<line>.cpp, put at namespace scope behind docs/snippets/preamble.hpp: so a fragment shows whole
declarations and functions. What must not be compiled is not marked `cpp`. The files' names go to standard output;
#line makes the compiler speak of the page. A file that has not changed is left alone, one without its block is removed.
"""

import pathlib
import re
import sys


def find_blocks(text):
    """The ```cpp blocks of a page as (line of the first code line, code). Raises ValueError for one without end."""
    blocks, start, indent, code = [], None, "", []
    other = False
    for number, line in enumerate(text.splitlines(), 1):
        fence = re.match(r"^(\s*)```\s*([\w+-]*)\s*$", line)
        if start is None and not other:
            if fence and fence.group(2) == "cpp":
                start, indent, code = number + 1, fence.group(1), []
            elif fence:
                other = True
        elif fence and not fence.group(2):
            if start is not None:
                blocks.append((start, "\n".join(code) + "\n"))
            start, other = None, False
        elif start is not None:
            code.append(line.removeprefix(indent))
    if start is not None:
        raise ValueError(f"the block at line {start} does not end")
    return blocks


def to_file(page, line, code):
    """The name and the text of the file for one block."""
    stem = re.sub(r"\W", "_", page.stem).lower()
    marked = f'#line {line} "{page.name}"\n{code}'
    if re.search(r"\bint\s+main\s*\(", code):
        return f"program_{stem}_{line}.cpp", marked
    return f"fragment_{stem}_{line}.cpp", "#include <preamble.hpp>\n" + marked


def extract(folder, pages):
    """Updates FOLDER and returns the files' paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for page in pages:
        for line, code in find_blocks(page.read_text(encoding="utf-8")):
            name, text = to_file(page, line, code)
            path = folder / name
            if not path.exists() or path.read_text(encoding="utf-8") != text:
                path.write_text(text, encoding="utf-8")
            paths.append(path)
    for old in set(folder.glob("*.cpp")) - set(paths):
        old.unlink()
    return paths


if __name__ == "__main__":
    try:
        for path in extract(pathlib.Path(sys.argv[1]), [pathlib.Path(name) for name in sys.argv[2:]]):
            print(path)
    except ValueError as error:
        sys.exit(f"{sys.argv[0]}: {error}")
