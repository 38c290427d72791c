#!/usr/bin/env python3
"""Calls methods of a dist cluster from Python; one file, the standard library only: copy it to where you need it.

    from dist_client import Cluster, CallError

    with Cluster("localhost:3000") as cluster:
        print(cluster.call("Arith.sum", [2, 4, 6]))                    # 12
        print(cluster.Arith.sum([2, 4, 6]))                            # the same
        print(cluster.batch([("Arith.sum", [[1, 2]]), ("Arith.sum", [[3, 4]])]))

Or from a shell: dist_client.py localhost:3000 Arith.sum '[2, 4, 6]'
"""

import hashlib
import hmac
import http.client
import json
import ssl
import sys


class CallError(Exception):
    """A call that failed. `code` is dist's own name, `known` says whether the method ran: not_started, unknown, executed."""

    def __init__(self, error):
        super().__init__(error["message"])
        data = error.get("data") or {}
        self.code = data.get("code", error.get("code"))
        self.known = data.get("known", "not_started")
        self.node = data.get("node", "")


class _Class:
    """`cluster.Arith`, so that `cluster.Arith.sum(...)` is a call."""

    def __init__(self, cluster, name):
        self._cluster, self._name = cluster, name

    def __getattr__(self, method):
        return lambda *arguments: self._cluster.call(self._name + "." + method, *arguments)


class Cluster:
    """One connection to a master, which is opened with the first call. Not for several threads at once.

    master       `desk:3000`
    secret_file  the cluster's join secret, which is never sent; over loopback or TLS only
    ca_file      uses TLS and trusts this authority; certificate = (file, key file) if the master requires one
    timeout      seconds that an answer may take; None: no limit
    traceparent  "00-...": its calls are part of that trace (W3C Trace Context)
    """

    def __init__(self, master, secret_file=None, ca_file=None, certificate=None, timeout=None, traceparent=None):
        host, _, port = master.rpartition(":")
        host = host.strip("[]") or "localhost"
        if ca_file:
            trust = ssl.create_default_context(cafile=ca_file)
            if certificate:
                trust.load_cert_chain(*certificate)
            self._connection = http.client.HTTPSConnection(host, int(port), timeout=timeout, context=trust)
        else:
            self._connection = http.client.HTTPConnection(host, int(port), timeout=timeout)
        self._headers = {"Content-Type": "application/json"}
        if traceparent:
            self._headers["traceparent"] = traceparent
        if secret_file:
            with open(secret_file, "rb") as file:
                secret = file.read().rstrip(b"\r\n")
            token = hmac.new(secret, b"dist/1 bearer", hashlib.sha256).hexdigest()
            self._headers["Authorization"] = "Bearer " + token
        self._last = 0

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        return _Class(self, name)

    def close(self):
        self._connection.close()

    def call(self, method, *arguments):
        """The method's result. Raises CallError, or OSError if there is no master."""
        return self._result(self._post(self._request(method, arguments)))

    def batch(self, calls):
        """Starts [(method, arguments), ...] together; results in the same order, a CallError in place of those that failed."""
        requests = [self._request(method, arguments) for method, arguments in calls]
        if not requests:
            return []
        answers = {answer["id"]: answer for answer in self._post(requests)}
        results = []
        for request in requests:
            try:
                results.append(self._result(answers[request["id"]]))
            except CallError as error:
                results.append(error)
        return results

    def notify(self, method, *arguments):
        """Runs the method; the outcome is not reported."""
        request = self._request(method, arguments)
        del request["id"]
        self._post(request)

    def status(self):
        """The content of `/status`: nodes, methods, jobs, the queue."""
        return self._answer("GET", "/status", None)

    def _request(self, method, arguments):
        self._last += 1
        return {"jsonrpc": "2.0", "method": method, "params": list(arguments), "id": self._last}

    @staticmethod
    def _result(answer):
        if "error" in answer:
            raise CallError(answer["error"])
        return answer["result"]

    def _post(self, what):
        return self._answer("POST", "/rpc", json.dumps(what))

    def _answer(self, verb, path, body):
        # A broken connection is reopened for the next call; this one is not retried.
        try:
            self._connection.request(verb, path, body, self._headers)
            answer = self._connection.getresponse()
            text = answer.read().decode()
        except (OSError, http.client.HTTPException):
            self._connection.close()
            raise
        if answer.status not in (200, 204):
            raise ConnectionError("HTTP %d: %s" % (answer.status, text.strip()))
        return json.loads(text) if text else None


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit("usage: dist_client.py HOST:PORT CLASS.METHOD [JSON...]")
    try:
        with Cluster(sys.argv[1]) as only:
            print(json.dumps(only.call(sys.argv[2], *map(json.loads, sys.argv[3:]))))
    except (CallError, OSError) as error:
        sys.exit("dist_client.py: %s" % error)
