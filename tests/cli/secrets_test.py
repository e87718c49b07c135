#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""No secret of the configuration is told: not in the log at its most talkative, not in an answer,
not in an error. Servers that repeat what they were sent, bad files and bad reloads provoke it.
usage: secrets_test.py SLOBURN
"""
import base64, http.server, json, os, ssl, subprocess, sys, threading, time, urllib.error, urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "peers"))
import peers

SLOBURN = sys.argv[1]
CANARY = "c4n4ry"  # a part of every secret
STATUS = ["/api/v1/status/config", "/api/v1/status/flags", "/api/v1/status/runtimeinfo",
          "/api/v1/status/buildinfo", "/api/v1/rules", "/api/v1/alerts", "/api/v1/slos", "/metrics",
          "/-/ready", "/api/v1/targets", "/api/v1/query?query=up", "/api/v1/alertmanagers"]
HASH = "$2y$04$abcdefghijklmnopqrstuu/LVz6MZlItEy42I2juLihZ66HnQx/cy"  # "open sesame"


def check(condition, *shown):
    if not condition:
        raise AssertionError(shown)


class Secrets:
    def __init__(self, folder):
        self.folder, self.all = folder, []

    def new(self, what):
        self.all.append(f"{CANARY}-{what}-{len(self.all)}")
        return self.all[-1]

    def file(self, what):
        path = os.path.join(self.folder, f"{what}-{len(self.all)}")
        with open(path, "w") as f:
            f.write(self.new(what) + "\n")
        return path

    def told_in(self, text):
        if isinstance(text, bytes):
            text = text.decode(errors="replace")
        encoded = [base64.b64encode(f"user:{secret}".encode()).decode() for secret in self.all]
        return [secret for secret in [CANARY, *self.all, *encoded] if secret in text]


class Parrot(http.server.BaseHTTPRequestHandler):
    """Repeats all headers in the words of an error."""
    protocol_version = "HTTP/1.1"
    seen = []
    status = 401

    def answer(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = str(self.headers)
        Parrot.seen.append(headers)
        body = json.dumps({"status": "error", "errorType": "bad_data",
                           "error": "you sent " + headers}).encode()
        if "plain" in self.path:
            body = ("you sent " + headers).encode()
        self.send_response(Parrot.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = answer

    def log_message(self, *_):
        pass


def clients(secrets):
    """A client's keys in each way that secrets may be given."""
    return [
        f"basic_auth: {{username: user, password: {secrets.new('password')}}}",
        f"basic_auth: {{username: user, password_file: {secrets.file('password_file')}}}",
        f"basic_auth: {{username_file: {secrets.file('username_file')}, password: x{secrets.new('p')}}}",
        f"authorization: {{credentials: {secrets.new('credentials')}}}",
        f"authorization: {{type: Token, credentials_file: {secrets.file('credentials_file')}}}",
        f"headers: {{X-Key: {secrets.new('header')}}}",
        f"http_headers: {{X-Key: {{values: [shown], secrets: [{secrets.new('http_secret')}, "
        f"{secrets.new('http_secret')}], files: [{secrets.file('http_file')}]}}}}",
    ]


def config(folder, secrets, port, source_client, hosts):
    lines = ["global: {evaluation_interval: 1s}", "rule_files: [rules.yml]",
             f"source: {{url: 'http://127.0.0.1:{port}', mode: query, {source_client}}}", "remote_write:"]
    for host in hosts:
        lines += [f"- {{url: '{host}/write', {client}}}" for client in clients(secrets)]
    return "\n".join(lines) + "\n"


BAD = [  # what typing mistakes make of a secret
    "remote_write: [{{url: 'http://h', basic_auth: {{username: u, password:{0}}}}}]",
    "remote_write: [{{url: 'http://h', basic_auth: {{username: u, password: *{0}}}}}]",
    "remote_write: [{{url: 'http://h', basic_auth: {{username: u, password: &{0} [1]}}}}]",
    "remote_write: [{{url: 'http://h', basic_auth: {{username: u, password: '{0}}}}}]",
    "remote_write: [{{url: 'http://h', basic_auth: {{username: u, password: [{0}]}}}}]",
    "remote_write: [{{url: 'http://h', basic_auth: {{username: u, password: {{{0}: 1}}}}}}]",
    "remote_write: [{{url: 'http://h', basic_auth: {0}}}]",
    "remote_write: [{{url: 'http://h', basic_auth: [{0}]}}]",
    "remote_write: [{{url: 'http://h', basic_auth: {{username: u, password: !!int {0}}}}}]",
    "remote_write: [{{url: 'http://h', basic_auth: {{username: u, password: !!binary {0}}}}}]",
    "remote_write: [{{url: 'http://h', basic_auth: {{username: u, password: \"{0}\\q\"}}}}]",
    "remote_write: [{{url: 'http://h', basic_auth: {{username: u, password: {0}, password_file: f}}}}]",
    "remote_write: [{{url: 'http://h', basic_auth: {{password: a, password: {0}}}}}]",
    "remote_write: [{{url: 'http://user:{0}@h/'}}]",
    "remote_write: [{{url: 'http//user:{0}@h/'}}]",
    "remote_write: [{{url: 'http://h', authorization: {{type: Basic, credentials: {0}}}}}]",
    "remote_write: [{{url: 'http://h', headers: {{X-Key:{0}}}}}]",
    "remote_write: [{{url: 'http://h', headers: {{X-Key: \"{0}\\n\"}}}}]",
    "remote_write: [{{url: 'http://h', headers: {{Authorization: {0}}}}}]",
    "remote_write: [{{url: 'http://h', headers: [{0}]}}]",
    "remote_write: [{{url: 'http://h', http_headers: {{X-Key:{0}}}}}]",
    "remote_write: [{{url: 'http://h', http_headers: {{X-Key: {0}}}}}]",
    "remote_write: [{{url: 'http://h', http_headers: {{X-Key: {{secrets: {0}}}}}}}]",
    "remote_write: [{{url: 'http://h', http_headers: {{X-Key: {{secrets: [\"{0}\\n\"]}}}}}}]",
    "remote_write: [{{url: 'http://h', http_headers: {{Authorization: {{secrets: [{0}]}}}}}}]",
    "source: {{url: 'http://h', basic_auth: {{username: u, password: {0}}}, timeout: x}}",
    "source: {{url: 'http://h', basic_auth: {{username: u,\n password: {0}\n  bad: indent}}}}",
]
BAD_WEB = [
    "basic_auth_users: {{alice: {0}}}", "basic_auth_users: {{alice:{0}}}", "basic_auth_users: [{0}]",
    "basic_auth_users: {0}", "basic_auth_users: {{alice: '{0}}}", "basic_auth_users: {{alice: *{0}}}",
    "tls_server_config: {{cert: {0}, key: {0}}}", "tls_server_config: {{cert_file: web.yml, key: {0}}}",
    "tls_server_config: {{cert: x, key: {0}, key_file: x}}", "tls_server_config: {{cert: x, key: [{0}]}}",
    "tls_server_config: {{cert: x, key:{0}}}",
]


def bad_files(path, secrets):
    """At the start, where the error is on stderr."""
    file = os.path.join(path, "bad.yml")
    for flag, texts in (("--config.file", BAD), ("--web.config.file", BAD_WEB)):
        for text in texts:
            with open(file, "w") as f:
                f.write(text.format(secrets.new("bad")) + "\n")
            done = subprocess.run([SLOBURN, "serve", flag + "=" + file, "--log.level=debug",
                                   "--web.listen-address=127.0.0.1:0"], capture_output=True, timeout=60)
            told = done.stdout + done.stderr
            check(done.returncode == 2 and file.encode() in told, text, done)
            check(not secrets.told_in(told), text, told.decode())
    print(f"{len(BAD) + len(BAD_WEB)} bad files tell no secret")


def read(base, path, headers, data=None):
    request = urllib.request.Request(base + path, headers=headers, data=data)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.read()
    except urllib.error.HTTPError as error:
        return error.read() + str(error.headers).encode()


def running(path, secrets, source_client):
    """A process whose servers refuse everything and repeat what they were sent."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Parrot)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    closed = peers.free_port()
    hosts = [f"http://127.0.0.1:{server.server_port}", f"http://127.0.0.1:{server.server_port}/plain",
             f"http://127.0.0.1:{closed}", "http://nosuch.invalid", f"https://127.0.0.1:{server.server_port}"]
    file, web = os.path.join(path, "c.yml"), os.path.join(path, "web.yml")
    with open(os.path.join(path, "rules.yml"), "w") as f:
        f.write("groups: [{name: g, rules: [{record: a, expr: 'vector(1)'}, {record: b, expr: up}]}]\n")
    with open(file, "w") as f:
        f.write(config(path, secrets, server.server_port, source_client, hosts))
    with open(web, "w") as f:
        f.write(f"basic_auth_users: {{user: {HASH}}}\n")
    port = peers.free_port()
    base = f"http://127.0.0.1:{port}"
    log = os.path.join(path, "log")
    headers = {"Authorization": "Basic " + base64.b64encode(b"user:open sesame").decode()}
    answers = []
    with peers.running([SLOBURN, "serve", "--config.file=" + file, "--web.config.file=" + web,
                        f"--web.listen-address=127.0.0.1:{port}", "--web.enable-lifecycle",
                        "--log.level=debug"], log) as process:
        peers.wait_for("sloburn", lambda: read(base, "/-/healthy", headers))
        good = open(file).read()
        for status in (401, 400, 500, 302):
            Parrot.status = status
            time.sleep(0.7)
            answers += [read(base, path, headers) for path in STATUS]
        for text in BAD[:6] + [good.replace("source:", "source: {url: 'http://other'}\n#"), good, "x: " + good]:
            with open(file, "w") as f:
                f.write(text.format(secrets.new("reload")) if "{0}" in text else text)
            answers.append(read(base, "/-/reload", headers, data=b""))
            answers += [read(base, path, headers) for path in STATUS[:3]]
        for text in BAD_WEB:
            with open(web, "w") as f:
                f.write(text.format(secrets.new("web")))
            answers.append(read(base, "/-/healthy", headers))
        wrong = base64.b64encode(f"user:{secrets.new('typed')}".encode()).decode()
        answers.append(read(base, "/-/healthy", {"Authorization": "Basic " + wrong}))
        answers.append(read(base, "/-/healthy", {"Authorization": "Bearer " + secrets.new("typed")}))
        check(process.poll() is None)
    told = open(log, "rb").read()
    check(not secrets.told_in(told), secrets.told_in(told),
          [line for line in told.decode().splitlines() if secrets.told_in(line)][:3])
    for answer in answers:
        check(not secrets.told_in(answer) and HASH.encode() not in answer, secrets.told_in(answer), answer)
    check(b"<secret>" in b"".join(answers) and HASH.encode() not in told)
    check(b"you sent" in told and b"<secret>" in told, "the servers' words are told", told[-3000:])
    # The servers did get them.
    seen = "".join(Parrot.seen)
    Parrot.seen.clear()
    server.shutdown()
    return seen, told, answers


def main():
    with peers.workdir() as path:
        secrets = Secrets(path)
        bad_files(path, secrets)
        secrets = Secrets(path)
        for number in (0, 4, 6):
            source_client = clients(secrets)[number]
            seen, told, answers = running(path, secrets, source_client)
            for what in ("credentials", "credentials_file", "header", "http_secret", "http_file"):
                check(any(one in seen for one in secrets.all if f"-{what}-" in one), what, seen[:2000])
        print(f"{len(secrets.all)} secrets were sent, none was told in {len(told)} bytes of log and "
              f"{sum(map(len, answers))} bytes of answers of the last run")


main()
