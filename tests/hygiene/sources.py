"""Common ground of the hygiene checks: which files there are, C++ without its comments, and how a check runs.

A check is a function (path, text) -> list of (line number, message), with the path relative to the project's root, and a
list of examples (path, text, whether it is bad) that it is tried on each time before it reads the tree.
"""

import os
import pathlib
import re
import subprocess
import sys

CODE = (".cpp", ".hpp")
MODULES = ("rpc", "registry", "runtime")


def list_files(root):
    """The project's own files, relative: git's list where there is git, else all but builds and caches."""
    try:
        listed = subprocess.run(
            ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            capture_output=True, check=True).stdout.decode().split("\0")
        return sorted(name for name in listed if name and (root / name).is_file())
    except (OSError, subprocess.CalledProcessError):
        pass
    found = []
    for folder, subfolders, names in os.walk(root):
        subfolders[:] = [name for name in subfolders if name not in ("build", ".git", ".cache", "__pycache__", "node_modules")]
        found += [str((pathlib.Path(folder) / name).relative_to(root)) for name in names]
    return sorted(found)


_HIDDEN = re.compile(
    r"""//[^\n]* | /\*.*?\*/                                  # comments
      | R"(?P<mark>[^()\\\s]{0,16})\(.*?\)(?P=mark)"          # raw text
      | "(?:\\.|[^"\\\n])*"                                   # text
      | (?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])+'                   # characters, not the quotes inside numbers
    """, re.S | re.X)


def code_only(text):
    """C++ with comments and literals blanked, line numbers kept. Includes keep their quotes."""

    def blank(match):
        found = match.group()
        before = text[text.rfind("\n", 0, match.start()) + 1:match.start()]
        if found.startswith('"') and re.match(r"\s*#\s*include\s*$", before):
            return found
        return re.sub(r"[^\n]", " ", found)

    return _HIDDEN.sub(blank, text)


def includes(text):
    """(line number, '<' or '"', name) of every include."""
    found = re.finditer(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"]', code_only(text), re.M)
    return [(line_of(text, match.start()), match.group(1), match.group(2)) for match in found]


def line_of(text, at):
    return text.count("\n", 0, at) + 1


def try_examples(check, examples):
    """What the check gets wrong on its own examples."""
    wrong = []
    for path, text, bad in examples:
        if bool(check(path, text)) != bad:
            wrong.append(f"{'missed a bad' if bad else 'refused a good'} example, {path}: {text!r}")
    return wrong


def run(check, examples):
    """The main function of a check: 0 when the tree named by the first argument is clean."""
    wrong = try_examples(check, examples)
    for line in wrong:
        print(line)
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2]).resolve()
    count = 0
    findings = 0
    for path in list_files(root):
        try:
            text = (root / path).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        count += 1
        for line, message in check(path, text):
            findings += 1
            print(f"{path}:{line}: {message}")
    if count == 0:
        print(f"no files in {root}")
    print(f"{count} files, {findings} findings, {len(examples)} examples")
    sys.exit(1 if wrong or findings or count == 0 else 0)
