"""A browser that a test drives: Debian's chromium, through playwright-core of npm (driver.mjs)."""

import json
import os
import shutil
import subprocess

from support import until

HERE = os.path.dirname(os.path.abspath(__file__))


def missing():
    """What the page's tests need and this machine lacks; empty if nothing."""
    if not shutil.which("chromium"):
        return "chromium (Debian's package of that name)"
    if not shutil.which("node"):
        return "node (Debian's package nodejs)"
    if not os.path.isdir(os.path.join(HERE, "node_modules", "playwright-core")):
        return "playwright-core (npm ci in tests/page)"
    return ""


class Browser:
    def __init__(self):
        self.child = subprocess.Popen(["node", os.path.join(HERE, "driver.mjs"), shutil.which("chromium")],
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.child.stdin.close()
        try:
            self.child.wait(30)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()

    def _do(self, what, **more):
        self.child.stdin.write(json.dumps({"do": what, **more}) + "\n")
        self.child.stdin.flush()
        line = self.child.stdout.readline()
        if not line:
            raise RuntimeError("the browser has gone")
        answer = json.loads(line)
        if "failed" in answer:
            raise RuntimeError("%s %s: %s" % (what, more, answer["failed"]))
        return answer["is"]

    def open(self, url):
        self._do("open", url=url)

    def fake(self, path, body, kind):
        """From now on the page gets this instead of the master's response."""
        self._do("fake", path=path, body=body, type=kind)

    def guard(self, path, body, kind, token):
        """The same, but only for requests that show the token."""
        self._do("guard", path=path, body=body, type=kind, token=token)

    def eval(self, code):
        return self._do("eval", code=code)

    def until(self, code):
        """Waits until this JavaScript is true."""
        until("in the page: " + code, lambda: self.eval(code))

    def until_text(self, selector, text):
        self.until("[...document.querySelectorAll(%s)].some(e => e.innerText.includes(%s))" %
                   (json.dumps(selector), json.dumps(text)))

    def until_no_text(self, selector, text):
        self.until("![...document.querySelectorAll(%s)].some(e => e.innerText.includes(%s))" %
                   (json.dumps(selector), json.dumps(text)))

    def look(self, colors="light", width=1280, height=900):
        self._do("look", colors=colors, width=width, height=height)

    def press(self, key):
        self._do("press", key=key)

    def type(self, text):
        self._do("type", text=text)

    def shot(self, path, whole=False):
        self._do("shot", path=path, whole=whole)

    def complaints(self):
        """Errors in the browser's console since the last call."""
        return self._do("complaints")

    def asked(self):
        """Every address that the page requested."""
        return self._do("asked")
