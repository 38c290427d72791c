"""Include rules: modules depend only on earlier ones, and each header is included in one way only."""

import pathlib
import re

import sources

BEFORE = {"rpc": (), "registry": ("rpc",), "runtime": ("rpc", "registry")}
# The part of rpc that is free of Asio and that the pure registry may use.
GROUND = ("error", "fault", "result", "limits", "deadline", "detail/call_id", "detail/call_no", "detail/call_table", "detail/end_facts", "detail/method_entry",
          "detail/spelling")
FILES = set(sources.list_files(pathlib.Path(__file__).parents[2])) | {"runtime/src/call/private.hpp", "rpc/src/io/private.hpp"}


def check(path, text):
    if not path.endswith(sources.CODE):
        return []
    module = path.split("/")[0]
    found = []
    for line, mark, name in sources.includes(text):
        message = about(path, module, mark, name)
        if message:
            found.append((line, message))
    if path.endswith(".hpp") and not re.search(r"^#pragma once$", text, re.M):
        found.append((1, "a header starts with #pragma once"))
    return found + own_header_first(path, module, text)


def about(path, module, mark, name):
    """What is wrong with one include, or nothing."""
    public = "/include/" in path
    if name in ("asio.hpp", "boost/asio.hpp") or name.startswith("boost/asio/"):
        return f"<{name}>: include the narrow headers of standalone Asio"
    if mark == '"':
        if name.startswith("dist/"):
            return f'"{name}": public headers are included with <>'
        if public:
            return f'"{name}": a public header includes no private one'
        if "../" in name:
            return f'"{name}": no way out of the own folder'
        owners = [owner for owner in sources.MODULES if f"{owner}/src/{name}" in FILES]
        if len(owners) > 1:
            return f'"{name}" is in {" and in ".join(owners)}'
        if module in BEFORE and owners and owners[0] not in (module, *BEFORE[module]):
            return f'{module} must not know of {owners[0]}: "{name}"'
        if module == "registry" and owners == ["rpc"]:
            return f'registry may use only {", ".join(GROUND)} of rpc: "{name}"'
        return None
    if module not in BEFORE:
        return None
    if name == "dist/dist.hpp" and module != "runtime":
        return f"{module} must not know of <{name}>"
    other = re.match(r"dist/(\w+)/", name)
    if other and other.group(1) in sources.MODULES and other.group(1) not in (module, *BEFORE[module]):
        return f"{module} must not know of {other.group(1)}: <{name}>"
    if module == "registry":
        if name.startswith("asio/"):
            return f"registry is free of Asio: <{name}>"
        if name.startswith("dist/rpc/") and name not in [f"dist/rpc/{header}.hpp" for header in GROUND]:
            return f"registry may use only {', '.join(GROUND)} of rpc: <{name}>"
    if module == "runtime" and public and name.startswith("asio/ip/"):
        return f"public headers of runtime do not expose sockets: <{name}>"
    return None


def own_header_first(path, module, text):
    """A source that includes its own header does so first, which proves the header complete."""
    if module not in BEFORE or not path.endswith(".cpp"):
        return []
    names = [name for _, _, name in sources.includes(text)]
    stem = path.rsplit("/", 1)[1].removesuffix(".cpp")
    own = [name for name in names if name.rsplit("/", 1)[-1] == f"{stem}.hpp"]
    if own and names[0] != own[0]:
        return [(1, f"its own header {own[0]} comes first")]
    return []


HEADER = "#pragma once\n"
EXAMPLES = [
    ("rpc/src/a.cpp", "#include <dist/registry/queue.hpp>\n", True),
    ("rpc/src/a.cpp", "#include <dist/runtime/run.hpp>\n", True),
    ("rpc/src/a.cpp", "#include <dist/dist.hpp>\n", True),
    ("rpc/src/a.cpp", "// #include <dist/runtime/run.hpp>\n#include <dist/rpc/task.hpp>\n", False),
    ("rpc/src/a.cpp", "#include <asio.hpp>\n", True),
    ("rpc/src/a.cpp", '#include "dist/rpc/task.hpp"\n', True),
    ("rpc/src/a.cpp", '#include "../../runtime/src/b.hpp"\n', True),
    ("rpc/src/a.cpp", '#include "a.hpp"\n', False),
    ("rpc/src/a.cpp", '#include <dist/rpc/task.hpp>\n#include "a.hpp"\n', True),
    ("rpc/src/a.cpp", "#include <vector>\n#include <dist/rpc/a.hpp>\n", True),
    ("rpc/include/dist/rpc/a.hpp", HEADER + '#include "b.hpp"\n', True),
    ("rpc/include/dist/rpc/a.hpp", "#include <vector>\n", True),
    ("registry/src/a.cpp", "#include <dist/rpc/fault.hpp>\n", False),
    ("registry/src/a.cpp", "#include <dist/rpc/task.hpp>\n", True),
    ("registry/include/dist/registry/a.hpp", HEADER + "#include <asio/awaitable.hpp>\n", True),
    ("registry/src/a.cpp", "#include <dist/runtime/master.hpp>\n", True),
    ("runtime/include/dist/runtime/a.hpp", HEADER + "#include <asio/ip/tcp.hpp>\n", True),
    ("runtime/src/a.cpp", "#include <asio/ip/tcp.hpp>\n#include <dist/registry/queue.hpp>\n", False),
    ("rpc/src/io/a.cpp", '#include "call/private.hpp"\n', True),
    ("runtime/src/call/a.cpp", '#include "io/private.hpp"\n', False),
    ("registry/src/a.cpp", '#include "io/private.hpp"\n', True),
    ("samples/a.cpp", "#include <asio.hpp>\n", True),
    ("samples/a.cpp", "#include <dist/dist.hpp>\n", False),
]

if __name__ == "__main__":
    sources.run(check, EXAMPLES)
