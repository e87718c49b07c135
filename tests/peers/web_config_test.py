#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A web configuration file in a real Prometheus and in sloburn: equal verdicts of `check web-config`,
equal answers to clients with and without passwords and certificates; then what is sloburn's own:
rotation of certificates and users, bad files, slow handshakes, a flood of bad passwords.
usage: web_config_test.py SLOBURN
"""
import base64, concurrent.futures, contextlib, http.client, os, socket, ssl, subprocess, sys, threading, time

import peers
from certificates import Authority, subject_of

SLOBURN = sys.argv[1]
SESAME_4 = "$2y$04$abcdefghijklmnopqrstuu/LVz6MZlItEy42I2juLihZ66HnQx/cy"  # "open sesame"
SESAME_10 = "$2y$10$abcdefghijklmnopqrstuu4SuEsu2LsUrAYUpWQHLMMc4GV5pZTxK"
SECOND_4 = "$2y$04$abcdefghijklmnopqrstuu0m4FNu/b0Ul0dVXpD5yXn5kdSneXCgS"  # "second"


def check(condition, *shown):
    if not condition:
        raise AssertionError(shown)


def write(path, text):
    """As a careful operator does: the old or the new content, never a part."""
    with open(path + ".new", "w") as f:
        f.write(text)
    os.rename(path + ".new", path)


def basic(user, password):
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def client(port, ca=None, cert=None, version=None, ciphers=None):
    if ca is None:
        return http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    context = ssl.create_default_context(cafile=ca)
    if cert:
        context.load_cert_chain(*cert)
    if version:
        context.minimum_version = context.maximum_version = version
    if ciphers:
        context.set_ciphers(ciphers)
    return http.client.HTTPSConnection("localhost", port, timeout=20, context=context)


def ask(port, path="/-/healthy", headers=None, **tls):
    """(status, headers, body), or the kind of failure."""
    connection = client(port, **tls)
    try:
        connection.request("GET", path, headers=headers or {})
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()
    except (ssl.SSLError, OSError, http.client.HTTPException):
        return "refused", {}, b""
    finally:
        connection.close()


def answers(port):
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5):
            return True
    except OSError:
        return False


@contextlib.contextmanager
def both(prometheus, path, text):
    """Ports of a Prometheus and a sloburn with that web configuration."""
    web = os.path.join(path, "web.yml")
    write(web, text)
    ports = peers.free_port(), peers.free_port()
    config = os.path.join(path, "prometheus.yml")
    with open(config, "w") as f:
        f.write("global: {scrape_interval: 1m}\n")
    commands = [[prometheus, "--config.file=" + config, "--storage.tsdb.path=" + os.path.join(path, "d"),
                 f"--web.listen-address=127.0.0.1:{ports[0]}", "--web.config.file=" + web],
                [SLOBURN, "serve", f"--web.listen-address=127.0.0.1:{ports[1]}",
                 "--web.config.file=" + web, "--log.level=debug"]]
    with peers.running(commands[0], os.path.join(path, "prometheus.log")), \
            peers.running(commands[1], os.path.join(path, "sloburn.log")) as process:
        for port in ports:
            peers.wait_for(f"a server, see {path}", lambda: answers(port), 10)
        yield ports
        check(process.poll() is None, open(os.path.join(path, "sloburn.log")).read()[-3000:])


def log_of(path):
    return open(os.path.join(path, "sloburn.log")).read()


def same_verdicts(promtool, path, ca):
    """`check web-config` of both on good and bad files."""
    cert, key = ca.issue("checked", "DNS:localhost")
    pair = f"cert_file: {cert}, key_file: {key}"
    tls = lambda more="": f"tls_server_config: {{{pair}{more}}}\n"
    good = ["", tls(), tls(f", client_auth_type: RequireAndVerifyClientCert, client_ca_file: {ca.ca}"),
            tls(", min_version: TLS13"), tls(", curve_preferences: [CurveP384, X25519]"),
            tls(", cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, TLS_AES_128_GCM_SHA256]"),
            tls(", prefer_server_cipher_suites: false"), tls(", client_auth_type: RequestClientCert"),
            "http_server_config: {http2: false, headers: {X-Frame-Options: deny}}\n",
            "basic_auth_users: {a: %s, b: %s}\n" % (SESAME_4, SESAME_10),
            "rate_limit: {interval: 1s, burst: 3}\n", "tls_server_config: {}\n", "basic_auth_users:\n"]
    bad = ["x", "tls: {}\n", tls(", cert_fil: a"), f"tls_server_config: {{cert_file: {cert}}}\n",
           f"tls_server_config: {{key_file: {key}}}\n", tls(f", client_ca_file: {ca.ca}"),
           tls(", client_auth_type: Sometimes"), tls(", min_version: TLS14"),
           tls(", cipher_suites: [TLS_NONE]"), tls(", curve_preferences: [CurveP111]"),
           f"tls_server_config: {{cert_file: {cert}, key_file: {ca.ca}}}\n",
           f"tls_server_config: {{cert_file: {key}, key_file: {key}}}\n",
           f"tls_server_config: {{cert_file: nosuch.pem, key_file: {key}}}\n",
           "http_server_config: {headers: {Server: x}}\n", "basic_auth_users: {a: plain}\n",
           "http_server_config: {headers: {X-Frame-Options: allow}}\n", "basic_auth_users: [a]\n",
           "rate_limit: {interval: soon, burst: 1}\n", "basic_auth_users: {a: $2y$40$%s}\n" % ("a" * 53)]
    file = os.path.join(path, "checked.yml")
    for text in good + bad:
        write(file, text)
        verdicts = []
        for binary in (promtool, SLOBURN):
            done = subprocess.run([binary, "check", "web-config", file], capture_output=True, text=True,
                                  timeout=60)
            verdicts.append(done.returncode == 0)
            check((file + " SUCCESS\n" == done.stderr) == (done.returncode == 0), text, done)
        check(verdicts == [text in good] * 2, text, verdicts, done)
        if text not in good:
            check("PRIVATE KEY" not in done.stderr and "$2y" not in done.stderr.split("like")[0], done)
    print(f"{len(good)} good and {len(bad)} bad files: equal verdicts")


def same_answers(ports, cases):
    for case in cases:
        one, other = (ask(port, **case) for port in ports)
        check(one[0] == other[0], case, one, other)
        if one[0] == 401:
            check(one[2] == other[2] == b"Unauthorized\n", one, other)
            check(other[1]["WWW-Authenticate"] == one[1]["Www-Authenticate"] == "Basic", one, other)
        for name in ("X-Frame-Options", "Strict-Transport-Security"):
            check(one[1].get(name) == other[1].get(name), case, one, other)


def logins(prometheus, path):
    text = ("basic_auth_users: {alice: %s, bob: %s}\nhttp_server_config: {headers: "
            "{X-Frame-Options: deny, Strict-Transport-Security: max-age=9}}\n" % (SESAME_10, SESAME_10))
    with both(prometheus, path, text) as ports:
        raw = lambda value: {"Authorization": value}
        encoded = base64.b64encode(b"alice:open sesame").decode()
        cases = [dict(headers=h) for h in (
            {}, basic("alice", "open sesame"), basic("bob", "open sesame"), basic("bob", "wrong"),
            basic("alice", "open sesame "), basic("carol", "open sesame"), basic("", ""),
            basic("alice", ""), raw("Bearer x"), raw("Basic"), raw("Basic !!!!"), raw("basic " + encoded),
            raw("BASIC " + encoded), raw("Basic  " + encoded), raw("Basic " + encoded.rstrip("=")),
            basic("alice", "open sesame\0x"), basic("alice", "x" * 8000))]
        cases += [dict(path=p, headers=h) for p in ("/metrics", "/api/v1/query?query=1", "/nosuch")
                  for h in ({}, basic("alice", "open sesame"))]
        same_answers(ports, cases)
        # The body of a stranger is not waited for.
        with socket.create_connection(("127.0.0.1", ports[1]), timeout=10) as stranger:
            stranger.sendall(b"POST /api/v1/write HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n")
            check(stranger.recv(100).startswith(b"HTTP/1.1 401 "))
        # A refused request without a body leaves the connection usable.
        connection = client(ports[1])
        connection.request("GET", "/-/healthy")
        check(connection.getresponse().read() == b"Unauthorized\n")
        connection.request("GET", "/-/healthy", headers=basic("bob", "open sesame"))
        check(connection.getresponse().status == 200)
        print(f"{len(cases)} requests with logins: equal answers")
        flood(ports[1])


def timed(port, headers):
    begin = time.monotonic()
    status = ask(port, headers=headers)[0]
    return status, time.monotonic() - begin


def flood(port):
    """Health checks with a known password are answered while bad ones are tried; so is a first login."""
    check(timed(port, basic("alice", "open sesame"))[0] == 200)
    stop = threading.Event()

    def attack(number):
        tries = 0
        while not stop.is_set():
            tries += 1
            ask(port, headers=basic("bob", f"guess {number} {tries}"))
        return tries

    with concurrent.futures.ThreadPoolExecutor(24) as attackers:
        running = [attackers.submit(attack, number) for number in range(24)]
        time.sleep(0.5)
        health = [timed(port, basic("alice", "open sesame")) for _ in range(100)]
        stop.set()
        tries = sum(one.result() for one in running)
    check(all(status == 200 for status, _ in health), health)
    worst = max(seconds for _, seconds in health)
    print(f"flood of {tries} bad passwords: 100 health checks, median "
          f"{sorted(s for _, s in health)[50] * 1e3:.1f} ms, worst {worst * 1e3:.1f} ms")
    check(worst < 1, worst)
    # An unknown user takes as long as a known one.
    known, unknown = ([timed(port, basic(user, f"{user} {i}"))[1] for i in range(7)]
                      for user in ("bob", "nobody"))
    print(f"bad password: known user {sorted(known)[3] * 1e3:.0f} ms, unknown {sorted(unknown)[3] * 1e3:.0f} ms")


def certificates(prometheus, path, ca, other_ca):
    server = ca.issue("server", "DNS:localhost,IP:127.0.0.1")
    good = ca.issue("good", "DNS:good.example,email:a@b.example", "clientAuth")
    stranger = other_ca.issue("stranger", "DNS:good.example", "clientAuth")
    unnamed = ca.issue("unnamed", "DNS:other.example", "clientAuth")
    pair = f"cert_file: {server[0]}, key_file: {server[1]}"
    clients = [dict(ca=ca.ca), dict(ca=ca.ca, cert=good), dict(ca=ca.ca, cert=stranger),
               dict(ca=ca.ca, cert=unnamed), dict(ca=other_ca.ca)]
    v12, v13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
    count = 0
    for more in ("", *(f", client_auth_type: {kind}, client_ca_file: {ca.ca}" for kind in (
            "RequestClientCert", "RequireAnyClientCert", "VerifyClientCertIfGiven",
            "RequireAndVerifyClientCert", "RequireAndVerifyClientCert, client_allowed_sans: "
            "[x.example, good.example]")), ", min_version: TLS13", ", max_version: TLS12",
            ", cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384], max_version: TLS12"):
        with both(prometheus, path, f"tls_server_config: {{{pair}{more}}}\n"
                  "http_server_config: {http2: false}\n") as ports:
            cases = clients + [dict(ca=ca.ca, cert=good, version=v) for v in (v12, v13)]
            cases += [dict(ca=ca.ca, cert=good, version=v12, ciphers="ECDHE-ECDSA-AES128-GCM-SHA256")]
            same_answers(ports, cases)
            count += len(cases)
            plain = [socket.create_connection(("127.0.0.1", port), timeout=10) for port in ports]
            for one in plain:
                one.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            texts = [one.makefile("rb").read() for one in plain]
            check(texts[0] == texts[1] and b"HTTP request to an HTTPS server" in texts[1], texts)
            for one in plain:
                one.close()
    print(f"{count} TLS clients: equal answers")


def presented(port, ca):
    context = ssl.create_default_context(cafile=ca)
    with socket.create_connection(("127.0.0.1", port), timeout=10) as raw:
        with context.wrap_socket(raw, server_hostname="localhost") as tls:
            return subject_of(tls.getpeercert(binary_form=True))


def rotation(path, ca):
    first, second = ca.issue("first", "DNS:localhost"), ca.issue("second", "DNS:localhost")
    cert, key, web = (os.path.join(path, name) for name in ("live.pem", "live.key", "web.yml"))
    place = lambda pair: [write(to, open(one).read()) for one, to in zip(pair, (cert, key))]
    place(first)
    users = lambda text: write(web, f"tls_server_config: {{cert_file: live.pem, key_file: live.key}}\n{text}")
    users("basic_auth_users: {alice: %s}\n" % SESAME_4)
    with peers.running([SLOBURN, "serve", f"--web.listen-address=127.0.0.1:{(port := peers.free_port())}",
                        "--web.config.file=" + web], os.path.join(path, "sloburn.log")):
        peers.wait_for("sloburn", lambda: answers(port))
        status = lambda user, password: ask(port, headers=basic(user, password), ca=ca.ca)[0]
        check(presented(port, ca.ca) == "first" and status("alice", "open sesame") == 200)
        old = client(port, ca.ca)
        old.request("GET", "/-/healthy", headers=basic("alice", "open sesame"))
        check(old.getresponse().read())
        place(second)  # the key does not fit for a moment
        check(presented(port, ca.ca) == "second")
        users("basic_auth_users: {alice: %s, bob: %s}\n" % (SECOND_4, SESAME_4))
        check([status(*one) for one in (("alice", "open sesame"), ("alice", "second"),
                                        ("bob", "open sesame"))] == [401, 200, 200])
        # What is open goes on, with the new users.
        old.request("GET", "/-/healthy", headers=basic("alice", "open sesame"))
        check(old.getresponse().read() == b"Unauthorized\n")
        before = log_of(path).count("level=ERROR")
        bad = ("basic_auth_users: {alice: secret-hash}\n", "basic_auth_users: {alice: '\n", "nosuch: 1\n")
        for text in bad:
            users(text)
            for _ in range(3):
                check(status("alice", "second") == 200, text)
        write(web, "basic_auth_users: {alice: %s}\n" % SECOND_4)
        check(status("alice", "second") == 200 and presented(port, ca.ca) == "second")
        os.remove(cert)
        users("")
        check(presented(port, ca.ca) == "second" and status("alice", "wrong") == 401)
        log = log_of(path)
        check(log.count("level=ERROR") == before + len(bad) + 2, log)
        check("which only a restart can apply" in log and "failed to read cert_file" in log, log)
        check("secret-hash" not in log and "web.yml:2:" in log, log)
        place(first)
        check(presented(port, ca.ca) == "first" and status("alice", "wrong") == 200)
    print("certificates and users are replaced; bad files are told once and change nothing")


def slow_clients(path, ca):
    cert, key = ca.issue("slow", "DNS:localhost")
    web = os.path.join(path, "web.yml")
    write(web, f"tls_server_config: {{cert_file: {cert}, key_file: {key}}}\nhttp_server_config: {{http2: true}}\n"
               "rate_limit: {interval: 1h, burst: 4}\n")
    port = peers.free_port()
    with peers.running([SLOBURN, "serve", f"--web.listen-address=127.0.0.1:{port}", "--web.config.file=" + web,
                        "--web.tls-handshake-timeout=1s"], os.path.join(path, "sloburn.log")):
        peers.wait_for("sloburn", lambda: answers(port))
        silent = [socket.create_connection(("127.0.0.1", port), timeout=10) for _ in range(20)]
        for one in silent[:10]:
            one.sendall(b"\x16\x03\x01\x02\x00")  # the beginning of a handshake
        begin = time.monotonic()
        check(ask(port, ca=ca.ca)[0] == 200)
        for one in silent:
            check(one.recv(1) == b"")
            one.close()
        check(time.monotonic() - begin < 5)
        check("HTTP/2 is not offered" in log_of(path), log_of(path))
        context = ssl.create_default_context(cafile=ca.ca)
        context.set_alpn_protocols(["h2", "http/1.1"])
        with socket.create_connection(("127.0.0.1", port)) as raw:
            with context.wrap_socket(raw, server_hostname="localhost") as tls:
                check(tls.selected_alpn_protocol() == "http/1.1")
        # Large answers and bodies go through, and the end of an answer is told within TLS.
        connection = client(port, ca.ca)
        body = "query=" + "1%2B" * 50_000 + "1&query.max-nesting=1"
        connection.request("POST", "/api/v1/format_query", body=body, headers={
            "Content-Type": "application/x-www-form-urlencoded"})
        answer = connection.getresponse()
        check(len(answer.read()) > 100, answer.status)
        check(ask(port, ca=ca.ca)[0] == 200)
        statuses = [ask(port, ca=ca.ca)[0] for _ in range(3)]
        check(statuses == [200, 429, 429], statuses)
    print("slow handshakes end; HTTP/1.1 is agreed on; the rate limit holds")


def main():
    prometheus = peers.require_prometheus()
    promtool = peers.find("promtool", "promtool") or peers.find("prometheus", "promtool")
    with peers.workdir() as path:
        ca, other_ca = Authority(path), Authority(path, "other")
        if promtool is not None:
            same_verdicts(promtool, path, ca)
        logins(prometheus, path)
        certificates(prometheus, path, ca, other_ca)
        rotation(path, ca)
        slow_clients(path, ca)


main()
