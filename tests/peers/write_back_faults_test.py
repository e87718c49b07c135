#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Nothing that a rule computed is lost on its way to a real Prometheus, and nothing arrives twice.

A rule records the time of its evaluation every second. Meanwhile the receiver is away, sloburn is killed
with `kill -9`, or both. In the end every second between the first and the last must be there, once, with
its own time as value. An alert that fires must go on as the same alert.

usage: write_back_faults_test.py SLOBURN [--full] [--rounds N] [--runs N]
  --full: the receiver is away for 15 and 45 s as in the comparison with other senders, not for 4
"""
import argparse, os, random, time

import peers

RULES = """groups:
- name: ticks
  interval: 1s
  rules:
  - {record: tick, expr: time()}
  - {record: tick_of_tick, expr: tick}
  - {alert: Always, expr: vector(1), for: 2s}
"""


class Setting:
    def __init__(self, sloburn, prometheus, path):
        receiver, own = peers.free_port(), peers.free_port()
        self.base = f"http://127.0.0.1:{receiver}"
        self.own = f"http://127.0.0.1:{own}"
        for name, text in (("rules.yml", RULES), ("prometheus.yml", "global: {}\n"),
                           ("sloburn.yml", "rule_files: [rules.yml]\nremote_write:\n"
                            f"- {{url: '{self.base}/api/v1/write'}}\n")):
            with open(os.path.join(path, name), "w") as f:
                f.write(text)
        self.receiver = peers.Process(
            [prometheus, "--config.file=" + os.path.join(path, "prometheus.yml"),
             "--storage.tsdb.path=" + os.path.join(path, "tsdb"),
             f"--web.listen-address=127.0.0.1:{receiver}", "--web.enable-remote-write-receiver"],
            os.path.join(path, "prometheus.log"), self.base + "/-/ready")
        self.sender = peers.Process(
            [sloburn, "serve", "--config.file=" + os.path.join(path, "sloburn.yml"),
             "--storage.path=" + os.path.join(path, "data"),
             f"--web.listen-address=127.0.0.1:{own}"],
            os.path.join(path, "sloburn.log"), None)

    def ready(self):
        peers.wait_for("sloburn", lambda: peers.get(self.own + "/-/ready"))

    def samples(self, name):
        """[(ms, text)] of the only series of the name that is no marker."""
        series = peers.query(self.base, name + "[1h]", time.time() + 60)
        assert len(series) == 1, (name, series)
        return [(round(at * 1000), value) for at, value in series[0]["values"]]

    def await_tick(self, after):
        def arrived():
            found = peers.query(self.base, "tick[1h]", time.time() + 60)
            return found and found[0]["values"][-1][0] > after
        peers.wait_for("the samples", arrived, 60)

    def check(self, what):
        self.await_tick(time.time() - 1)
        counts = []
        for name in ("tick", "tick_of_tick"):
            samples = self.samples(name)
            first, last = samples[0][0], samples[-1][0]
            expected = list(range(first, last + 1, 1000))
            got = [at for at, _ in samples]
            lost = sorted(set(expected) - set(got))
            assert not lost, f"{what}: {name}: {len(lost)} of {len(expected)} lost: {lost[:10]}"
            assert got == expected, f"{what}: {name}: extra samples: {set(got) - set(expected)}"
            for at, value in samples:
                assert round(float(value) * 1000) == at, (what, name, at, value)
            counts.append(len(expected))
        since = {value for _, value in self.samples("ALERTS_FOR_STATE")}
        assert len(since) == 1, f"{what}: the alert began anew: {since}"
        print(f"{what}: expected {counts[0]}, arrived {counts[0]}, lost 0, twice 0", flush=True)


def receiver_away(setting, seconds, kills):
    time.sleep(3)
    setting.receiver.stop()
    time.sleep(seconds / 2)
    if kills:
        setting.sender.kill()
        setting.sender.start()
    time.sleep(seconds / 2)
    setting.receiver.start()


def killed_often(setting, rounds, random_):
    time.sleep(3)
    for _ in range(rounds):
        time.sleep(random_.uniform(0.05, 1.5))
        setting.sender.kill()
        if random_.random() < 0.3:
            time.sleep(random_.uniform(0, 2))
        setting.sender.start()
    setting.ready()


def run(options, prometheus, what, act):
    with peers.workdir() as path:
        setting = Setting(options.sloburn, prometheus, path)
        try:
            setting.receiver.start()
            setting.sender.start()
            act(setting)
            setting.check(what)
            log = open(setting.sender.log).read()
            assert "samples, they are dropped" not in log, log[-4000:]
        except AssertionError:
            print(open(setting.sender.log).read()[-6000:])
            raise
        finally:
            setting.sender.stop()
            setting.receiver.stop()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("sloburn")
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    prometheus = peers.require_prometheus()
    away, long_away = (15, 45) if options.full else (4, 7)
    random_ = random.Random(options.seed)
    for _ in range(options.runs):
        run(options, prometheus, f"receiver away {away} s, sender killed in it",
            lambda setting: receiver_away(setting, away, kills=True))
        run(options, prometheus, f"receiver away {long_away} s",
            lambda setting: receiver_away(setting, long_away, kills=False))
    run(options, prometheus, f"sender killed {options.rounds} times",
        lambda setting: killed_often(setting, options.rounds, random_))


if __name__ == "__main__":
    main()
