# SPDX-License-Identifier: Apache-2.0
"""The notifier against real Alertmanagers: what they keep, what they notify of, and their outages; and
what /metrics and /api/v1/alertmanagers tell, as a real Prometheus does.

usage: alertmanager_test.py NOTIFIER_PROBE SLOBURN
"""
import contextlib, datetime, json, os, shutil, subprocess, sys, time

import peers

PASSWORD = "hunter2"
PASSWORD_HASH = "$2b$04$WOeWmZy92SvgyZBEBJIv5OG7O2Ey7CM1kme0O0dweeO5BwprntorK"  # bcrypt of it


class Probe:
    """The notifier in a process of its own, driven by lines."""
    def __init__(self, binary, path, alerting):
        config = os.path.join(path, f"probe-{time.monotonic_ns()}.yml")
        with open(config, "w") as f:
            json.dump({"global": {"external_labels": {"region": "eu", "alertname": "never"}},
                       "alerting": alerting}, f)
        self.log = open(config + ".log", "wb")
        self.process = subprocess.Popen([binary, config], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=self.log, text=True)

    def ask(self, command):
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def send(self, *alerts):
        assert self.ask({"send": alerts}) == "sent"

    def delivered(self, seconds=10):
        return self.ask({"wait": seconds})

    def close(self):
        self.process.stdin.close()
        self.process.wait(30)
        self.log.close()


@contextlib.contextmanager
def probing(binary, path, alerting):
    probe = Probe(binary, path, alerting)
    try:
        yield probe
    finally:
        probe.close()


def alert(name, ends_in, **labels):
    return {"labels": {"alertname": name, **labels}, "annotations": {"summary": f"{name} <é>\n"},
            "starts_in": -60.0625, "ends_in": ends_in,
            "generator_url": "http://h/graph?g0.expr=up+%3D%3D+0&g0.tab=1"}


def firing(name, **labels):
    return alert(name, 240, **labels)


def resolved(name, **labels):
    return alert(name, -0.5, **labels)


def targets(*bases, **more):
    return {"static_configs": [{"targets": [base.split("//")[1] for base in bases]}], **more}


def kept(base):
    alerts = json.loads(peers.get(base + "/api/v2/alerts"))
    return {one["labels"]["alertname"]: one for one in alerts}


def notices(notified):
    """(name, status) of all that a webhook was told."""
    return [(one["labels"]["alertname"], one["status"]) for body in notified for one in body["alerts"]]


def seconds(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def check_firing_and_resolved(probe_binary, alertmanager, path):
    url, notified = peers.webhook()
    with peers.alertmanager(alertmanager, path, url) as (base, _), \
            probing(probe_binary, path, {
                "alert_relabel_configs": [{"regex": "replica", "action": "labeldrop"},
                                          {"source_labels": ["alertname"], "regex": "Quiet", "action": "drop"}],
                "alertmanagers": [targets(base)]}) as probe:
        sent_at = time.time()
        probe.send(firing("Down", replica="b", job="größe"), firing("Slow"), firing("Quiet"))
        assert probe.delivered()
        alerts = kept(base)
        assert sorted(alerts) == ["Down", "Slow"], alerts
        down = alerts["Down"]
        assert down["labels"] == {"alertname": "Down", "job": "größe", "region": "eu"}, down
        assert down["annotations"] == {"summary": "Down <é>\n"}, down
        assert down["generatorURL"] == "http://h/graph?g0.expr=up+%3D%3D+0&g0.tab=1", down
        assert abs(seconds(down["startsAt"]) - (sent_at - 60.0625)) < 1, down
        assert abs(seconds(down["endsAt"]) - (sent_at + 240)) < 1, down
        peers.wait_for("firing", lambda: ("Down", "firing") in notices(notified))
        probe.send(resolved("Down", replica="b", job="größe"))
        assert probe.delivered()
        peers.wait_for("resolved", lambda: ("Down", "resolved") in notices(notified))
        assert ("Slow", "resolved") not in notices(notified)
        # One alert that Alertmanager refuses takes none of its batch along.
        probe.send(firing("Before"), {"labels": {"": "x", "alertname": "Bad"}, "ends_in": 240}, firing("After"))
        peers.wait_for("the rest of a batch", lambda: {"Before", "After"} <= set(kept(base)))
        # Many batches.
        probe.send(*[firing("Many", number=str(i)) for i in range(3000)])
        assert probe.delivered()
        count = sum(one["labels"]["alertname"] == "Many"
                    for one in json.loads(peers.get(base + "/api/v2/alerts")))
        assert count == 3000, count
    print("firing and resolved: told, kept and notified of")


def check_outage(probe_binary, alertmanager, path):
    """Of two, one is killed: the other is told at once, this one when it is back."""
    url_a, notified_a = peers.webhook()
    url_b, notified_b = peers.webhook()
    port = peers.free_port()
    with peers.alertmanager(alertmanager, path, url_a) as (a, _):
        with peers.alertmanager(alertmanager, path, url_b, port=port) as (b, process), \
                contextlib.ExitStack() as stack:
            probe = stack.enter_context(probing(probe_binary, path, {"alertmanagers": [targets(a, b)]}))
            probe.send(firing("Down"))
            peers.wait_for("both", lambda: ("Down", "firing") in notices(notified_a)
                           and ("Down", "firing") in notices(notified_b))
            process.kill()
            process.wait()
            probe.send(firing("Later"), resolved("Down"))
            assert probe.delivered()
            peers.wait_for("resolved", lambda: ("Down", "resolved") in notices(notified_a))
            assert ("Down", "resolved") not in notices(notified_b)
            time.sleep(3)
            with peers.alertmanager(alertmanager, path, url_b, port=port):
                peers.wait_for("what was missed", lambda: ("Later", "firing") in notices(notified_b)
                               and "Down" not in active(b))
    print("an outage: nothing is lost, the other Alertmanager is told at once")


def active(base):
    return {name for name, one in kept(base).items() if one["status"]["state"] == "active"}


def check_last_one_standing(probe_binary, alertmanager, path):
    """The only one is down when an alert resolves: it is told when it is back."""
    url, notified = peers.webhook()
    port = peers.free_port()
    with peers.alertmanager(alertmanager, path, url, port=port) as (base, process):
        with probing(probe_binary, path, {"alertmanagers": [targets(base)]}) as probe:
            probe.send(firing("Down"))
            peers.wait_for("firing", lambda: ("Down", "firing") in notices(notified))
            process.terminate()  # it keeps what it notified of
            process.wait()
            probe.send(resolved("Down"))
            assert not probe.delivered(2)
            with peers.alertmanager(alertmanager, path, url, port=port):
                assert probe.delivered(30)
                peers.wait_for("resolved", lambda: ("Down", "resolved") in notices(notified), 20)
    print("the only one down: a resolved notice arrives after it is back")


def check_tls_and_basic_auth(probe_binary, alertmanager, path):
    openssl = shutil.which("openssl")
    if openssl is None:
        print("NOTICE: no openssl binary; TLS is not checked here")
        return
    key, cert = os.path.join(path, "am.key"), os.path.join(path, "am.crt")
    subprocess.run([openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-keyout", key, "-out", cert, "-days", "1", "-subj", "/CN=am",
                    "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
    web = os.path.join(path, "web.yml")
    with open(web, "w") as f:
        json.dump({"tls_server_config": {"cert_file": cert, "key_file": key},
                   "basic_auth_users": {"sloburn": PASSWORD_HASH}}, f)
    url, notified = peers.webhook()
    with peers.alertmanager(alertmanager, path, url, web_config=web, scheme="https") as (base, _):
        good = targets(base, scheme="https", tls_config={"ca_file": cert},
                       basic_auth={"username": "sloburn", "password": PASSWORD})
        with probing(probe_binary, path, {"alertmanagers": [good]}) as probe:
            probe.send(firing("Secret"))
            assert probe.delivered()
        peers.wait_for("firing", lambda: ("Secret", "firing") in notices(notified))
        for wrong in ({**good, "basic_auth": {"username": "sloburn", "password": "hunter3"}},
                      {**good, "tls_config": {}}):
            with probing(probe_binary, path, {"alertmanagers": [wrong]}) as probe:
                probe.send(firing("Wrong"))
                assert not probe.delivered(1)
            log = open(probe.log.name).read()
            assert "is tried again" in log and "hunter" not in log, log
    print("TLS and basic auth: taken with the right ones only")


def check_answers_are_those_of_prometheus(sloburn, prometheus, path):
    config = "global: {}\nalerting: " + json.dumps({"alertmanagers": [
        {"path_prefix": "/am/", "static_configs": [{"targets": ["a:1", "a:1", "b:2", "c:3"]}],
         "relabel_configs": [{"source_labels": ["__address__"], "regex": "b.*", "action": "drop"},
                             {"source_labels": ["__address__"], "regex": "c.*", "target_label": "__scheme__",
                              "replacement": "https"}]},
        {"static_configs": [{"targets": ["a:1"], "labels": {"__alerts_path__": "/x&y"}}], "scheme": "https"}]})
    file = os.path.join(path, "sloburn.yml")
    with open(file, "w") as f:
        f.write(config)

    def listed(base):
        data = json.loads(peers.get(base + "/api/v1/alertmanagers"))["data"]
        return {key: sorted(one["url"] for one in value) for key, value in data.items()}

    def families(base):
        lines = peers.get(base + "/metrics").decode().splitlines()
        return {line for line in lines if line.startswith("# TYPE prometheus_notifications_")}

    with peers.prometheus(prometheus, path, config=config + "\n") as theirs, \
            peers.sloburn(sloburn, path, "--config.file=" + file) as (ours, _):
        peers.wait_for("alertmanagers", lambda: len(listed(theirs)["activeAlertmanagers"]) == 3)
        assert listed(ours) == listed(theirs), (listed(ours), listed(theirs))
        assert families(ours) >= families(theirs), families(theirs) - families(ours)
    print("/api/v1/alertmanagers and metrics: as Prometheus'")


def main():
    probe, sloburn = sys.argv[1:3]
    alertmanager, prometheus = peers.require_alertmanager(), peers.find("prometheus", "prometheus")
    with peers.workdir() as path:
        check_firing_and_resolved(probe, alertmanager, path)
        check_outage(probe, alertmanager, path)
        check_last_one_standing(probe, alertmanager, path)
        check_tls_and_basic_auth(probe, alertmanager, path)
        if prometheus:
            check_answers_are_those_of_prometheus(sloburn, prometheus, path)
        else:
            print("NOTICE: no prometheus binary; its answers are not compared")


main()
