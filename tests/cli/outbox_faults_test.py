#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The outbox of remote write: an end while the receiver hangs, and more than it may hold.

SIGTERM ends the process within the time for draining, whatever the receiver does, and what was not sent is
sent by the next one. Where more waits than --storage.outbox.max-bytes the oldest is dropped, counted and
told; the store has all of it, and what is newer arrives once and in order.

usage: outbox_faults_test.py SLOBURN
"""
import os, re, sys, time

import store
from rule_server import RuleServer, check_delivered, check_slots, received
from store import peers
import write_receiver

DRAIN_S = 5
RULES = """groups:
- name: ticks
  interval: 1s
  rules:
  - {record: tick, expr: time()}
  - {alert: Always, expr: vector(1), for: 2s}
"""


def wide_rules(series):
    return "groups:\n- name: wide\n  interval: 1s\n  rules:\n" + "".join(
        f"  - {{record: wide, labels: {{n: '{i}'}}, expr: time()}}\n" for i in range(series))


def start(binary, folder, rules, receiver, *flags):
    server = RuleServer(binary, folder, {
        "rules.yml": rules, "sloburn.yml": "rule_files: [rules.yml]\n"
        f"remote_write: [{{url: '{receiver.url('/write')}'}}]\n"}, *flags)
    server.start()
    return server


class Mood:
    """What the receiver does."""

    def __init__(self):
        self.reply = None
        self.receiver = write_receiver.Receiver()
        self.receiver.route("/write", lambda *_: self.reply() if self.reply else None)

    def requests(self):
        return self.receiver.requests("/write")


HANGS = lambda: write_receiver.Reply(503, delay=40)
REFUSES = lambda: write_receiver.Reply(503)


def end_while_it_hangs(path, binary):
    mood = Mood()
    with start(binary, os.path.join(path, "hang"), RULES, mood.receiver) as server:
        peers.wait_for("a delivery", lambda: received(mood.requests()))
        for reply, name in ((HANGS, "hangs"), (REFUSES, "refuses")):
            mood.reply = reply
            time.sleep(2.5)
            began = time.time()
            assert server.stop() == 0, server.log()
            took = time.time() - began
            assert took < DRAIN_S + 2, f"the end took {took:.1f} s"
            mood.reply = None
            server.start()
            peers.wait_for("a tick", lambda: server.only("tick")[-1][0] > began * 1000 + 2000)
            check_slots(server.only("tick"), 1000, name)
            check_delivered(server, mood.requests, f"the receiver {name}")
            print(f"the receiver {name}: ended after {took:.1f} s; nothing lost", flush=True)
        # One that answers again within the time gets all of it before the end.
        mood.reply = REFUSES
        time.sleep(1.5)
        server.process.terminate()
        time.sleep(0.5)
        mood.reply = None
        assert server.process.wait(DRAIN_S + 2) == 0
        before = received(mood.requests())
        server.start()
        newest = max(found[-1][0] for found in before.values())
        ours = {labels: [one for one in found if one[0] <= newest]
                for labels, found in store.samples_of(server).items()}
        assert before == ours, "something was not sent before the end"
        assert server.stop() == 0


def more_than_it_holds(path, binary, kills):
    mood, series = Mood(), 40
    with start(binary, os.path.join(path, f"full{kills}"), wide_rules(series), mood.receiver,
               "--storage.outbox.max-bytes=8000") as server:
        peers.wait_for("a delivery", lambda: received(mood.requests()))
        mood.reply = REFUSES

        def dropped():
            return server.sum_of("prometheus_remote_storage_samples_dropped_total")

        peers.wait_for("drops", lambda: dropped() >= 3 * series, 20)
        assert "The outbox of remote write is full" in server.log()
        if kills:
            server.kill()
            server.start()
            peers.wait_for("drops again", lambda: dropped() >= series, 20)
        mood.reply = None
        asked = time.time()
        peers.wait_for("deliveries", lambda: min(
            found[-1][0] for found in received(mood.requests()).values()) > asked * 1000 + 1000)
        counted = dropped()
        server.process.terminate()
        assert server.process.wait(20) == 0
        there = received(mood.requests())
        said = re.findall(r"max_bytes=8000 dropped=(\d+)", server.log())
        server.start()
        ours = store.samples_of(server)
        lost = 0
        for labels, found in ours.items():
            check_slots(found, 1000, "the store")
            got = [one for one in there[labels] if one[0] <= found[-1][0]]
            times = [at for at, _ in got]
            assert times == sorted(set(times)), "twice, or out of order"
            assert set(got) <= set(found)
            lost += len([one for one in found if one[0] <= times[-1]]) - len(got)
        assert lost > 0 and said
        assert kills or counted == lost, f"{counted:.0f} counted as dropped, {lost} are missing"
        print(f"a full outbox{', kill -9' if kills else ''}: {lost} samples dropped", flush=True)


def main():
    with peers.workdir() as path:
        end_while_it_hangs(path, sys.argv[1])
        more_than_it_holds(path, sys.argv[1], kills=False)
        more_than_it_holds(path, sys.argv[1], kills=True)
    print("PASSED")


main()
