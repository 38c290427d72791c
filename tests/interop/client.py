"""A client of a dist master in Python's standard library: JSON-RPC 2.0 over HTTP, 2.0 or 1.0 over TCP.

    python3 client.py localhost:3000 Arith.sum '[[2, 4, 6]]'
"""

import http.client
import json
import socket
import sys


class RpcError(Exception):
    """An error response; `code` and `data` are None in 1.0, which has only the text."""

    def __init__(self, error):
        details = error if isinstance(error, dict) else {"message": error}
        super().__init__(details["message"])
        self.code = details.get("code")
        self.data = details.get("data")


def result_of(answer):
    if answer.get("error") is not None:
        raise RpcError(answer["error"])
    return answer["result"]


class WebClient:
    """Calls over POST /rpc, on one kept connection."""

    def __init__(self, host, port, token=None):
        self.connection = http.client.HTTPConnection(host, port, timeout=30)
        self.headers = {"Content-Type": "application/json"}
        if token:
            self.headers["Authorization"] = "Bearer " + token
        self.last_id = 0

    def post(self, body):
        """The status and the body of the response to `body`, which is sent unchanged."""
        self.connection.request("POST", "/rpc", body, self.headers)
        answer = self.connection.getresponse()
        return answer.status, answer.read().decode()

    def request(self, method, params):
        self.last_id += 1
        return {"jsonrpc": "2.0", "method": method, "params": params, "id": self.last_id}

    def call(self, method, *params):
        status, text = self.post(json.dumps(self.request(method, list(params))))
        if status != 200:
            raise ConnectionError(f"HTTP {status}: {text.strip()}")
        return result_of(json.loads(text))

    def batch(self, calls):
        """The answers to [(method, params), ...], in the order of the calls."""
        requests = [self.request(method, params) for method, params in calls]
        answers = {answer["id"]: answer for answer in json.loads(self.post(json.dumps(requests))[1])}
        return [answers[request["id"]] for request in requests]

    def notify(self, method, *params):
        self.post(json.dumps({"jsonrpc": "2.0", "method": method, "params": list(params)}))

    def close(self):
        self.connection.close()


class TcpClient:
    """Calls over one TCP connection, any number of them pending. version: "2.0" or "1.0"."""

    def __init__(self, host, port, version="2.0"):
        self.socket = socket.create_connection((host, port), timeout=30)
        self.lines = self.socket.makefile("r", encoding="utf-8", newline="\n")
        self.version = version
        self.last_id = 0
        self.answers = {}

    def send(self, text):
        self.socket.sendall(text.encode() + b"\n")

    def start(self, method, *params):
        """Sends a call and returns its id for `finish`."""
        self.last_id += 1
        request = {"method": method, "params": list(params), "id": self.last_id}
        if self.version == "2.0":
            request["jsonrpc"] = "2.0"
        self.send(json.dumps(request))
        return self.last_id

    def receive(self):
        """The next answer as text; empty once the master has closed the connection."""
        return self.lines.readline().rstrip("\n")

    def finish(self, call_id):
        """Replies come in completion order: those to other calls are kept."""
        while call_id not in self.answers:
            text = self.receive()
            if not text:
                raise ConnectionError("the master closed the connection")
            answer = json.loads(text)
            self.answers[answer["id"]] = answer
        return result_of(self.answers.pop(call_id))

    def call(self, method, *params):
        return self.finish(self.start(method, *params))

    def close(self):
        self.lines.close()
        self.socket.close()


def main():
    host, _, port = sys.argv[1].rpartition(":")
    client = WebClient(host, int(port))
    try:
        print(json.dumps(client.call(sys.argv[2], *json.loads(sys.argv[3]))))
    except RpcError as error:
        sys.exit(f"error {error.code}: {error}")


if __name__ == "__main__":
    main()
