#!/usr/bin/env python3
"""Makes the reference of the public headers, and fails on links that lead nowhere and on types that nothing is said of.

usage: reference.py DOXYGEN DOXYFILE WARNINGS

Members may speak for themselves (`size()`), and a specialization has what its template says. WARNINGS is where the
Doxyfile has the warnings written.
"""

import pathlib
import re
import subprocess
import sys

NO_FAULT = re.compile(
    r"warning: (Member .* is not documented"
    r"|Compound [^<]*<.*> is not documented"
    # What this Doxygen does not understand: specializations of std's templates, `= {}` of a member with `>`.
    r"|Compound std::.* is not documented"
    r"|Internal inconsistency: scope for class std::"
    r"|Found ';' while parsing initializer list!)")


def faults(text):
    """Lines that go on with blanks belong to the warning before."""
    return [one for one in re.split(r"\n(?!\s)", text) if "warning:" in one or "error:" in one if not NO_FAULT.search(one)]


EXAMPLES = [
    ("a.hpp:1: warning: Compound dist::cluster is not documented.", 1),
    ("a.hpp:1: warning: Compound dist::awaited< task< T > > is not documented.", 0),
    ("a.hpp:1: warning: Member size() const noexcept (function) of class dist::queue is not documented.", 0),
    ("a.dox:1: warning: unable to resolve reference to 'dist::gone' for \\ref command", 1),
    ("a.hpp:1: warning: Member f() is not documented.\na.hpp:2: error: unexpected end of file\n", 1),
]


def main():
    for text, count in EXAMPLES:
        if len(faults(text)) != count:
            sys.exit("reference.py: misjudges: " + text)
    doxygen, doxyfile, warnings = sys.argv[1:]
    pathlib.Path(warnings).parent.mkdir(parents=True, exist_ok=True)
    subprocess.run([doxygen, doxyfile], check=True)
    found = faults(pathlib.Path(warnings).read_text(encoding="utf-8"))
    print("\n".join(found) if found else f"see {pathlib.Path(warnings).parent / 'html' / 'index.html'}")
    sys.exit(1 if found else 0)


main()
