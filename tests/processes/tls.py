#!/usr/bin/env python3
"""TLS on the single port: nodes, jobs, curl and openssl, with and without certificates; and the rights of each
token."""

import hashlib
import hmac
import json
import os
import resource
import shutil
import socket
import ssl
import subprocess
import sys
import time

from support import Failure, World, expect, main, names_addresses_once, say, until

CERTIFICATES = sys.argv.pop(2)
SECRET = "a secret of a good length"


def pem(name):
    return os.path.join(CERTIFICATES, name)


SERVER = ["--tls-cert", pem("master.pem"), "--tls-key", pem("master.key")]
TRUST = ["--tls-ca", pem("authority.pem")]
NODE = ["--tls-cert", pem("node.pem"), "--tls-key", pem("node.key")]
STRANGER = ["--tls-cert", pem("stranger.pem"), "--tls-key", pem("stranger.key")]


def token(what_for):
    return hmac.new(SECRET.encode(), what_for.encode(), hashlib.sha256).hexdigest()


def secret_file(world):
    path = world.path("secret")
    with open(path, "w") as file:
        file.write(SECRET + "\n")
    os.chmod(path, 0o600)
    return ["--secret-file", path]


def curl(url, *more):
    """The status and the body; 0 and curl's error if there was no answer."""
    done = subprocess.run(["curl", "-sS", "--max-time", "20", "-w", "\n%{http_code}", *more, url], capture_output=True,
                          text=True)
    if done.returncode != 0:
        return 0, done.stderr
    text, code = done.stdout.rsplit("\n", 1)
    return int(code), text


def square(url, *more):
    request = '{"jsonrpc":"2.0","method":"Work.square","params":[12],"id":1}'
    return curl(url + "/rpc", "-d", request, *more)


def nodes(url, *more):
    code, text = curl(url + "/status", *more)
    return len(json.loads(text)["nodes"]) if code == 200 else 0


def plain_text_is_rejected_by_a_tls_master(world):
    master = world.master(*SERVER)
    url = "https://localhost:%d" % master.port
    trust = ["--cacert", pem("authority.pem")]
    node = world.start("--join", "localhost:%d" % master.port, "--name", "a", "--log", "info", *TRUST)
    node.says("joined the master")
    until("the node", lambda: nodes(url, *trust) == 1)
    job = world.start("--connect", master.at, *TRUST, "sum", "100").ends(0)
    expect(job.stdout() == "328350\n", job.stdout())
    code, text = square(url, *trust)
    expect((code, json.loads(text)["result"]) == (200, 144), text)
    # Without the authority no client accepts this master.
    code, text = square(url)
    expect(code == 0 and "certificate" in text, text)
    doubter = world.start("--connect", master.at, "--tls", "sum", "3").ends(4)
    expect("is not trusted" in doubter.stderr() and "--tls-ca FILE" in doubter.stderr(), doubter.stderr())
    # Plain text is answered once, with the remedy.
    code, text = square("http://localhost:%d" % master.port)
    expect((code, text) == (400, "this port requires TLS; use https\n"), text)
    world.start("--connect", master.at, "sum", "3").ends(4)
    master.says("connected without TLS")


def tls_master_dials_no_go_node_back(world):
    # Neither the master nor a node sends plain text to a peer that registers or dials.
    secret = secret_file(world)
    for flags in (SERVER, [*SERVER, *secret], [*SERVER, *TRUST]):
        master = world.master(*flags)
        shown = ["--cert", pem("node.pem"), "--key", pem("node.key")] if "--tls-ca" in flags else []
        with socket.create_server(("127.0.0.1", 0)) as place:
            url = "https://localhost:%d/register-node?port=%d" % (master.port, place.getsockname()[1])
            code, text = curl(url, "--cacert", pem("authority.pem"), *shown)
            expect(code == 403 and "--go-nodes" in text, text)
            place.settimeout(1)
            try:
                place.accept()
            except socket.timeout:
                continue
            expect(False, "it is dialled back")


def expired_certificate_is_named(world):
    expired = ["--tls-cert", pem("expired.pem"), "--tls-key", pem("expired.key")]
    master = world.master(*SERVER, *TRUST)
    node = world.start("--join", master.at, "--name", "a", *expired, *TRUST).ends(2)
    expect("this end's certificate has expired; renew it" in node.stderr(), node.stderr())
    master.says("certificate has expired; renew it")
    expect("give the authority" not in master.stderr(), master.stderr())


def client_certificates_replace_the_secret(world):
    # With certificates on both ends no secret is needed beyond this machine.
    master = world.master(*SERVER, *TRUST, at="0.0.0.0:0")
    master.says("open to peers with a certificate of the authority")
    url = "https://localhost:%d" % master.port
    shown = ["--cacert", pem("authority.pem"), "--cert", pem("node.pem"), "--key", pem("node.key")]
    world.start("--join", master.at, "--name", "a", "--log", "info", *NODE, *TRUST).says("joined the master")
    until("the node", lambda: nodes(url, *shown) == 1)
    job = world.start("--connect", master.at, *NODE, *TRUST, "sum", "10").ends(0)
    expect(job.stdout() == "285\n", job.stdout())
    code, text = square(url, *shown)
    expect((code, json.loads(text)["result"]) == (200, 144), text)
    plain = world.start("--join", master.at, "--name", "b").ends(2)
    expect("requires TLS; add --tls-ca FILE or --tls" in plain.stderr(), plain.stderr())
    expect("trying again" not in plain.stderr(), plain.stderr())
    naked = world.start("--join", master.at, "--name", "b", *TRUST).ends(2)
    expect("--tls-cert FILE --tls-key FILE" in naked.stderr(), naked.stderr())
    stranger = world.start("--join", master.at, "--name", "c", *STRANGER, *TRUST).ends(2)
    expect("does not trust this end's certificate" in stranger.stderr(), stranger.stderr())
    master.says("presented no certificate")
    master.says("is not trusted")
    for one in (master, plain, naked, stranger):
        names_addresses_once(one.stderr())
    code, text = square(url, "--cacert", pem("authority.pem"))
    expect(code == 0, text)
    expect(nodes(url, *shown) == 1, "a stranger joined")


def openssl_clients_can_connect(world):
    if not shutil.which("openssl"):
        raise Failure("no openssl: run ./setup")
    master = world.master(*SERVER, *TRUST)
    at = ["-connect", master.at, "-CAfile", pem("authority.pem"), "-verify_return_error", "-verify_hostname", "localhost"]

    def visit(*more):
        return subprocess.run(["openssl", "s_client", "-quiet", "-ign_eof", *at, *more], capture_output=True, text=True,
                              input="GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", timeout=30)

    done = visit("-cert", pem("node.pem"), "-key", pem("node.key"))
    expect("HTTP/1.1 200 OK" in done.stdout and done.stdout.endswith("ok\n"), done.stdout + done.stderr)
    # It can tell a regular end from a connection cut by a third party.
    expect("unexpected eof" not in done.stderr, done.stderr)
    done = visit("-tls1_2", "-cert", pem("node.pem"), "-key", pem("node.key"))
    expect("200 OK" not in done.stdout and "protocol version" in done.stderr, done.stdout + done.stderr)
    done = visit()
    expect("200 OK" not in done.stdout and "certificate required" in done.stderr, done.stdout + done.stderr)


def first_flight():
    """What a client sends first."""
    heard, said = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = ssl.create_default_context(cafile=pem("authority.pem"))
    try:
        context.wrap_bio(heard, said, server_hostname="localhost").do_handshake()
    except ssl.SSLWantReadError:
        pass
    return said.read()


def crowd_of_handshakes_leaves_others_served(world):
    # Handshakes are paced. Peers that were closed while they waited leave the line: those behind them do not wait for them.
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(8192, resource.getrlimit(resource.RLIMIT_NOFILE)[1]),
                                                resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    master = world.master(*SERVER, "--limit", "unproven_bytes=2MB")
    greeting, crowd = first_flight(), []
    for _ in range(2000):
        crowd.append(socket.create_connection(("127.0.0.1", master.port)))
        try:
            crowd[-1].sendall(greeting)
        except ConnectionError:
            pass  # closed already
    begun = time.monotonic()
    code, text = curl("https://localhost:%d/healthz" % master.port, "--cacert", pem("authority.pem"))
    say("another was served after %.1f s" % (time.monotonic() - begun))
    expect((code, text) == (200, "ok\n"), text)
    for peer in crowd:
        peer.close()


def mismatched_tls_files_are_rejected(world):
    def refused(words, *arguments):
        said = world.start(*arguments, "serve").ends(2).stderr()
        for word in words:
            expect(word in said, said)

    refused(["--tls-cert FILE"], "--master", "127.0.0.1:0", *TRUST)
    refused(["node.key", "mismatch"], "--master", "127.0.0.1:0", "--tls-cert", pem("master.pem"), "--tls-key", pem("node.key"))
    refused(["chmod 600"], "--master", "127.0.0.1:0", "--tls-cert", pem("node.pem"), "--tls-key", pem("open.key"))
    refused(["No such file"], "--join", "127.0.0.1:1", "--tls-ca", world.path("missing"))
    refused(["--master, --join or --connect"], "--local", "1", *TRUST)
    # TLS alone does not authenticate peers, so it does not permit listening beyond this machine.
    refused(["--tls-ca", "--secret-file", "--insecure"], "--master", "0.0.0.0:0", *SERVER)


def tokens_grant_only_their_rights(world):
    secret = secret_file(world)
    master = world.master(*secret, *SERVER, at="0.0.0.0:0")
    url = "https://localhost:%d" % master.port
    trust = ["--cacert", pem("authority.pem")]

    def shows(what_for):
        return ["-H", "Authorization: Bearer " + token(what_for)]

    world.start("--join", master.at, "--name", "a", "--log", "info", *secret, *TRUST).says("joined the master")
    world.start("--join", master.at, "--name", "b", *TRUST).ends(2)
    caller, viewer = shows("dist/1 bearer"), shows("dist/1 viewer")
    until("the node", lambda: nodes(url, *trust, *viewer) == 1)
    expect(square(url, *trust, *caller)[0] == 200, "a caller cannot call")
    expect(nodes(url, *trust, *caller) == 1, "a caller cannot look")
    code, text = square(url, *trust, *viewer)
    expect((code, text) == (403, "this token is read-only\n"), text)
    expect(square(url, *trust)[0] == 401, "calls are accepted without a token")
    expect(square(url, *trust, "-H", "Authorization: Bearer " + SECRET)[0] == 401, "the secret is accepted as a token")
    for one in (token("dist/1 bearer"), token("dist/1 viewer"), SECRET):
        expect(one not in master.stderr(), "the log shows a secret")
        expect(one not in curl(url + "/status", *trust, *caller)[1], "/status shows a secret")


main([plain_text_is_rejected_by_a_tls_master, tls_master_dials_no_go_node_back, expired_certificate_is_named,
      client_certificates_replace_the_secret, openssl_clients_can_connect, crowd_of_handshakes_leaves_others_served,
      mismatched_tls_files_are_rejected,
      tokens_grant_only_their_rights])
