"""Calls that only certain files may make: each rule with those files and the reason."""

import re

import sources

# (what, where it may stand: beginnings of paths, why)
RULES = [
    (r"\b(?:asio::)?detached\b(?=\s*[,)])|\basio::detached\b|\basio/detached\.hpp\b", (),
     "every coroutine has an owner: a task_group"),
    (r"\bco_spawn\s*\(",
     ("rpc/src/io/task_group.cpp", "rpc/src/service/coroutine_call.cpp", "rpc/src/io/sleep.cpp",
      "runtime/src/call/block_on.cpp",
      "runtime/include/dist/runtime/block_on.hpp", "runtime/sim/world/run.hpp", "tests/"),
     "coroutines start in a task_group, as a served method or in block_on"),
    (r"\bjson::(?:parse|parse_into|parser|stream_parser)\b", ("tests/",),
     "Boost.JSON's own parsing of doubles is inexact; use the reader of rpc"),
]


def check(path, text):
    if not path.endswith(sources.CODE):
        return []
    code = sources.code_only(text)
    return [(sources.line_of(code, hit.start()), f"{hit.group()}: {why}")
            for pattern, places, why in RULES if not path.startswith(places)
            for hit in re.finditer(pattern, code)]


EXAMPLES = [
    ("rpc/src/a.cpp", "asio::co_spawn(io, f(), asio::detached);", True),
    ("tests/rpc/a_test.cpp", "asio::co_spawn(io, f(), asio::detached);", True),
    ("rpc/src/a.cpp", "#include <asio/detached.hpp>", True),
    ("rpc/src/a.cpp", "bool detached = true;", False),
    ("rpc/src/a.cpp", "asio::co_spawn(io, f(), done);", True),
    ("rpc/src/a.cpp", "#include <asio/co_spawn.hpp>", False),
    ("rpc/src/io/task_group.cpp", "asio::co_spawn(io, f(), done);", False),
    ("rpc/src/a.cpp", "auto v = boost::json::parse(text);", True),
    ("samples/a.cpp", "auto v = json::parse(text);", True),
    ("rpc/src/a.cpp", "boost::json::basic_parser<handler> p;", False),
    ("tests/rpc/a_test.cpp", "auto v = boost::json::parse(text);", False),
]

if __name__ == "__main__":
    sources.run(check, EXAMPLES)
