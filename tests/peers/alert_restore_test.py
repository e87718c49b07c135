#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An alert goes on as the same alert where the process that knew it is gone.

sloburn runs beside a real Prometheus and writes ALERTS_FOR_STATE back to it. It is killed and started
again: with its store it knows everything before the first tick; without one it asks the Prometheus.
An alert that had ended before begins anew.

usage: alert_restore_test.py SLOBURN
"""
import json, os, sys, time

import peers

SLOBURN = sys.argv[1]
RULES = """groups:
- name: g
  interval: 1s
  rules:
  - {alert: Down, expr: up == 0, for: 4s, labels: {severity: page}}
"""
UP = {name: (("__name__", "up"), ("instance", name)) for name in ("stays", "ended")}


def start(path, prometheus, *flags):
    port = peers.free_port()
    command = [SLOBURN, "serve", "--config.file=" + os.path.join(path, "sloburn.yml"),
               f"--web.listen-address=127.0.0.1:{port}", "--rules.alert.for-grace-period=1s", *flags]
    return peers.running(command, os.path.join(path, f"sloburn-{port}.log")), f"http://127.0.0.1:{port}"


def push(prometheus, values):
    now = int(time.time() * 1000)
    peers.push(prometheus, {UP[name]: [(now, value)] for name, value in values.items()})


def alerts(base):
    found = json.loads(peers.get(base + "/api/v1/alerts"))["data"]["alerts"]
    return {alert["labels"]["instance"]: alert for alert in found}


def wait(prometheus, base, values, what, condition):
    def check():
        push(prometheus, values)
        return condition(alerts(base))
    return peers.wait_for(what, check, 40)


def restarts(path, prometheus, *flags):
    down = {"stays": 0, "ended": 0}
    server, base = start(path, prometheus, *flags)
    with server as process:
        peers.wait_for("sloburn", lambda: peers.get(base + "/-/ready"))
        wait(prometheus, base, down, "two firing alerts", lambda found: len(found) == 2 and all(
            alert["state"] == "firing" for alert in found.values()))
        before = alerts(base)
        wait(prometheus, base, {"stays": 0, "ended": 1}, "the end of one", lambda found: len(found) == 1)
        time.sleep(2)  # and for its end to be written back
        process.kill()
        process.wait()
    began = time.time()
    server, base = start(path, prometheus, *flags)
    with server:
        peers.wait_for("sloburn", lambda: peers.get(base + "/-/ready"))
        wait(prometheus, base, down, "firing again", lambda found: len(found) == 2 and
             found["stays"]["state"] == "firing")
        # Without restoration it would take four seconds.
        took = time.time() - began
        after = alerts(base)
    same = after["stays"]["activeAt"][:19] == before["stays"]["activeAt"][:19]
    assert same, (before["stays"], after["stays"])
    assert after["ended"]["activeAt"] > before["stays"]["activeAt"], after["ended"]
    assert after["ended"]["activeAt"] != before["ended"]["activeAt"], after["ended"]
    return before["stays"]["activeAt"], after["stays"]["activeAt"], took


def main():
    binary = peers.require_prometheus()
    with peers.workdir() as path, peers.prometheus(binary, path) as prometheus:
        with open(os.path.join(path, "rules.yml"), "w") as f:
            f.write(RULES)
        with open(os.path.join(path, "sloburn.yml"), "w") as f:
            f.write("global: {external_labels: {replica: a}}\n"
                    f"rule_files: [rules.yml]\nsource: {{url: '{prometheus}'}}\n"
                    f"remote_write: [{{url: '{prometheus}/api/v1/write'}}]\n")
        push(prometheus, {"stays": 0, "ended": 0})
        before, after, took = restarts(path, prometheus)
        assert before != after, "to the second: ALERTS_FOR_STATE has no more"
        print(f"from the source: {before} is {after} after a restart, firing after {took:.1f} s")
        before, after, took = restarts(path, prometheus,
                                       "--storage.path=" + os.path.join(path, "data"))
        assert before == after, (before, after)
        print(f"from the store: {before} is {after} after a restart, firing after {took:.1f} s")


if __name__ == "__main__":
    main()
