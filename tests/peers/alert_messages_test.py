#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What rules tell an Alertmanager, over kills and outages.

An alert fires, sloburn is killed with `kill -9` again and again: every message has the same startsAt. It
resolves while the Alertmanager is away and sloburn is killed: the resolution arrives once it is back.

usage: alert_messages_test.py SLOBURN
"""
import http.server, json, os, sys, threading, time

import peers

SLOBURN = sys.argv[1]
RULES = """groups:
- name: g
  interval: 1s
  rules:
  - alert: Down
    expr: up == 0
    for: 2s
    labels: {severity: page, name: '{{ $labels.instance | toUpper }}'}
    annotations: {summary: '{{ $labels.instance }} is {{ $value }}'}
"""


class Alertmanager:
    """Keeps what it is told; `is_away`: answers 503."""

    def __init__(self):
        self.messages, self.is_away = [], False
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if not outer.is_away:
                    outer.messages += json.loads(body)
                self.send_response(503 if outer.is_away else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.target = "127.0.0.1:%d" % self.server.server_port


def main():
    with peers.workdir() as path:
        manager = Alertmanager()
        with open(os.path.join(path, "rules.yml"), "w") as f:
            f.write(RULES)
        with open(os.path.join(path, "sloburn.yml"), "w") as f:
            f.write("global: {external_labels: {cluster: eu}}\nrule_files: [rules.yml]\n"
                    "alerting: {alertmanagers: [{static_configs: [{targets: ['%s']}]}]}\n"
                    % manager.target)
        port = peers.free_port()
        base = f"http://127.0.0.1:{port}"
        process = peers.Process(
            [SLOBURN, "serve", "--config.file=" + os.path.join(path, "sloburn.yml"),
             "--storage.path=" + os.path.join(path, "data"), "--rules.alert.resend-delay=1s",
             f"--web.listen-address=127.0.0.1:{port}", "--web.enable-remote-write-receiver",
             "--web.external-url=http://ruler.example"],
            os.path.join(path, "sloburn.log"), base + "/-/ready")

        def push(value):
            peers.push(base, {(("__name__", "up"), ("instance", "a")): [
                (int(time.time() * 1000), value)]})

        def until(what, value, condition):
            def check():
                push(value)
                return condition()
            peers.wait_for(what, check, 30)

        try:
            process.start()
            until("a message", 0, lambda: manager.messages)
            first = manager.messages[0]
            assert first["labels"] == {"alertname": "Down", "instance": "a", "severity": "page",
                                       "name": "A", "cluster": "eu"}, first
            assert first["annotations"] == {"summary": "a is 0"}, first
            assert first["generatorURL"] == \
                "http://ruler.example/graph?g0.expr=up+%3D%3D+0&g0.tab=1", first
            for _ in range(5):
                count = len(manager.messages)
                process.kill()
                process.start()
                until("a message after a kill", 0, lambda: len(manager.messages) > count)
            starts = {message["startsAt"] for message in manager.messages}
            assert starts == {first["startsAt"]}, starts
            assert all(message["endsAt"] > message["startsAt"] for message in manager.messages)
            sent = len(manager.messages)
            manager.is_away = True
            until("the end of the alert", 1, lambda: not json.loads(
                peers.get(base + "/api/v1/alerts"))["data"]["alerts"])
            process.kill()
            process.start()
            time.sleep(2)
            process.kill()
            process.start()
            manager.is_away = False
            def resolved():
                return [message for message in manager.messages[sent:]
                        if message["endsAt"] <= time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime())]
            until("the resolution", 1, resolved)
            last = resolved()[-1]
            assert last["startsAt"] == first["startsAt"], last
            assert last["annotations"] == {"summary": "a is 0"}, last
            print(f"{len(manager.messages)} messages over 7 kills, one startsAt; the resolution of "
                  f"{last['endsAt']} arrived after an outage")
        finally:
            process.stop()


if __name__ == "__main__":
    main()
