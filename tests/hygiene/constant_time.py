"""Proofs and tokens are compared only by equal_in_constant_time."""

import re

import sources

SECRET = r"[\w.\->]*\b\w*(?:proof|token)\w*(?:\(\))?"
# What they are compared with in between says no more than that they are there.
COMPARED = [rf"\b{SECRET}\s*[!=]=(?!=)", rf"[!=]=\s*{SECRET}\b(?!\s*\()",
            rf"\b(?:memcmp|strcmp|strncmp|equal|compare|starts_with|ends_with)\s*\([^;]*\b{SECRET}\b",
            rf"\b{SECRET}\.(?:compare|starts_with|ends_with)\s*\("]
# Here peers' proofs and tokens arrive.
ARRIVE = {"rpc/src/wire/hello.cpp": 2, "runtime/src/web/token.cpp": 1}


def check(path, text):
    if not path.startswith(("rpc/", "runtime/")) or not path.endswith(sources.CODE):
        return []
    code = sources.code_only(text)
    found = []
    for number, line in enumerate(code.splitlines(), 1):
        if any(re.search(pattern, line) for pattern in COMPARED):
            found.append((number, "a proof or token is compared, not by equal_in_constant_time"))
    uses = len(re.findall(r"\bequal_in_constant_time\s*\(", code))
    if uses < ARRIVE.get(path, 0):
        found.append((1, f"equal_in_constant_time is used {uses} times, not {ARRIVE[path]}"))
    return found


GOOD = "if (!equal_in_constant_time(seen.proof, prove(a))) f();\n"
EXAMPLES = [
    ("rpc/src/wire/hello.cpp", GOOD * 2, False),
    ("rpc/src/wire/hello.cpp", GOOD, True),
    ("rpc/src/wire/hello.cpp", GOOD * 2 + "if (who.proof == prove(a)) f();\n", True),
    ("rpc/src/wire/hello.cpp", GOOD * 2 + "if (prove(a) != who.proof) f();\n", True),
    ("runtime/src/web/token.cpp", "return given == token;\n", True),
    ("runtime/src/web/token.cpp", "return std::ranges::equal(given, token);\n", True),
    ("runtime/src/web/token.cpp", "return given.compare(token) == 0;\n", True),
    ("runtime/src/web/token.cpp", "return equal_in_constant_time(as_bytes(given), as_bytes(token));\n", False),
    ("rpc/src/example.cpp", "if (asked.proof_wanted && secret.empty()) f();\n", False),
]

if __name__ == "__main__":
    sources.run(check, EXAMPLES)
