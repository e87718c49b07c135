#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Ticks of rules on a disk that is full or fails, and with a clock that jumps.

A tick that cannot be committed has not happened: no sample of it is seen, alerts stay as they are, each rule
tells why, and nothing of it is sent. When the disk is mended the recording rules are evaluated at the slots
that were missed, each once, with the values of their own times; the receiver of remote write gets all of it
once and in order. When the clock jumps by an hour, ticks go on by the new time without a storm of them, no
alert is lost or begins anew, and what waits for the receiver is sent.

usage: tick_faults_test.py SLOBURN disk|clock [--cc COMPILER]
"""
import argparse, errno, os, random, time

from fault_shim import Faults, fill, small_disk
from rule_server import RuleServer, check_delivered, check_own_times, check_slots
from store import peers
import write_receiver

RULES = """groups:
- name: ticks
  interval: 1s
  rules:
  - {record: tick, expr: time()}
  - {record: tick_of_tick, expr: tick}
  - {alert: Always, expr: vector(1), for: 2s}
  - {alert: Later, expr: vector(1), for: 10m}
  - {alert: MuchLater, expr: vector(1), for: 3h}
"""
STATES = {"Always": "firing", "Later": "pending", "MuchLater": "pending"}


def start(binary, folder, faults, *flags, receiver=None):
    files = {"rules.yml": RULES, "sloburn.yml": "rule_files: [rules.yml]\n"}
    if receiver is not None:
        files["sloburn.yml"] += f"remote_write: [{{url: '{receiver.url('/write')}'}}]\n"
    server = RuleServer(binary, folder, files, *flags,
                        environment=faults.environment if faults else None)
    server.start()
    peers.wait_for("the alerts", lambda: server.states() == STATES)
    return server


def check_all(server, what):
    for name in ("tick", "tick_of_tick"):
        check_slots(server.only(name), 1000, f"{what}: {name}")
        check_own_times(server.only(name), f"{what}: {name}")


def goes_on(server, seconds=6):
    began = time.time()
    peers.wait_for("good ticks", lambda: server.healths() == {"ok"}
                   and server.only("tick")[-1][0] > began * 1000, seconds)


def failing_commits(path, faults, binary):
    receiver = write_receiver.Receiver()
    receiver.route("/write")
    with start(binary, os.path.join(path, "commits"), faults, "--storage.sync=commit",
               receiver=receiver) as server:
        since = server.since()
        cases = [(f"write -wal {errno.ENOSPC}", "database or disk is full"),
                 (f"write -wal {errno.EIO}", "disk I/O error"),
                 (f"sync -wal {errno.EIO}", "disk I/O error")]
        for i, (fault, cause) in enumerate(cases):
            faults.set(fault)
            peers.wait_for("failed rules", lambda: server.healths() == {"err"})
            assert all(cause in rule["lastError"] and "sloburn.db" in rule["lastError"]
                       for rule in server.rules().values()), server.rules()
            newest = server.only("tick")[-1]
            time.sleep(2.2)
            assert server.only("tick")[-1] == newest, "a sample of a tick that failed"
            assert (server.states(), server.since()) == (STATES, since)
            if i == 1:
                server.kill()  # while it fails
                faults.set()
                server.start()
                peers.wait_for("the alerts", lambda: server.alerts())
            faults.set()
            goes_on(server)
            assert (server.states(), server.since()) == (STATES, since), (server.alerts(), since)
            check_all(server, cause)
        # Now and then, so that it fails in the middle of a repair too.
        random_ = random.Random(1)
        for _ in range(25):
            faults.set(random_.choice(cases)[0])
            time.sleep(random_.uniform(0, 0.3))
            faults.set()
            time.sleep(random_.uniform(0, 0.1))
        goes_on(server)
        check_all(server, "now and then")
        assert (server.states(), server.since()) == (STATES, since)
        check_delivered(server, lambda: receiver.requests("/write"), "failing commits")
        assert server.sum_of("prometheus_rule_evaluation_failures_total") <= \
            server.sum_of("prometheus_rule_evaluations_total")
        server.kill()
        server.start()
        check_all(server, "after kill -9")
        server.stop()


def full_disk(path, binary):
    receiver = write_receiver.Receiver()
    receiver.route("/write")
    with small_disk(os.path.join(path, "disk"), 6 << 20) as disk:
        if disk is None:
            print("not mounted, so left out: a real file system that is full")
            return
        with start(binary, disk, None, receiver=receiver) as server:
            server.log_file = os.path.join(path, "disk.log")
            since = server.since()
            for _ in range(2):
                fill(os.path.join(disk, "filler"))
                peers.wait_for("failed rules", lambda: server.healths() == {"err"}, 20)
                time.sleep(1.5)
                assert (server.states(), server.since()) == (STATES, since)
                os.unlink(os.path.join(disk, "filler"))
                goes_on(server)
                check_all(server, "full disk")
            check_delivered(server, lambda: receiver.requests("/write"), "full disk")
            server.stop()


def evaluations(server):
    return server.sum_of("prometheus_rule_evaluations_total")


def jump(path, faults, binary, hours):
    """The clock jumps, and back."""
    receiver = write_receiver.Receiver()
    is_away = [False]
    receiver.route("/write", lambda *_: write_receiver.Reply(503) if is_away[0] else None)
    faults.set()
    with start(binary, os.path.join(path, f"clock{hours}"), faults, receiver=receiver) as server:
        since, states = server.since(), server.states()
        for offset in (hours * 3600, 0):
            is_away[0] = True  # so that the writer pauses while the clock jumps
            time.sleep(1.5)
            faults.set(f"clock - {offset}")
            # Evaluations within the jump count for the seconds they took, and no more.
            before, began = evaluations(server), time.time()
            time.sleep(3.5)
            is_away[0] = False
            done, took = evaluations(server) - before, time.time() - began
            assert 2 * 5 <= done <= (took + 2) * 5, f"{offset}: {done} evaluations in {took:.1f} s"
            last = server.rules()["tick"]["lastEvaluation"]
            real = time.strftime("%Y-%m-%dT%H", time.gmtime(time.time() + offset))
            assert last.startswith(real), (offset, last)
            assert server.since() == since, (offset, since, server.since())
            now = server.states()
            if offset > 0:  # `for` is over, by this clock
                assert now == {**states, "Later": "firing"}, now
            elif hours > 0 or offset == 0:
                assert now == states, now
            # Set back to before it was active, an alert waits for its `for` again, as in Prometheus.
            assert set(now) == set(states) and now["MuchLater"] == "pending", now
            peers.wait_for(f"{offset}: deliveries", lambda: server.sum_of(
                "prometheus_remote_storage_samples_pending") < 20, 12)
        if hours < 0:
            goes_on(server)
            assert server.states() == states, server.states()
        assert server.stop() == 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("sloburn")
    parser.add_argument("what", choices=("disk", "clock"))
    parser.add_argument("--cc", default="cc")
    options = parser.parse_args()
    with peers.workdir() as path:
        faults = Faults(path, options.cc)
        tests = {"disk": (lambda: failing_commits(path, faults, options.sloburn),
                          lambda: full_disk(path, options.sloburn)),
                 "clock": (lambda: jump(path, faults, options.sloburn, +1),
                           lambda: jump(path, faults, options.sloburn, -1))}
        for test in tests[options.what]:
            began = time.time()
            faults.set()
            test()
            print(f"{time.time() - began:.1f} s", flush=True)
    print("PASSED")


main()
