#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Rules and alerts over `kill -9` at any moment, with reloads between, and a real Prometheus as receiver.

No alert is forgotten or begins anew: activeAt and keepFiringSince of an alert that stays active never change,
and it is there as soon as the process is. Recording rules have a sample at every slot; a series that ends has
exactly one staleness marker, right where it ends, and one that goes on under another group has none. All that
holds in the store and in the receiver, which have the same samples.

usage: rule_restarts_test.py SLOBURN [--rounds N] [--seed N]
"""
import argparse, json, os, random, sys, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cli"))
import peers, store
from rule_server import STALE, RuleServer, check_own_times, check_slots, write

LASTING = ("Firing3", "Pending10m", "Kept")  # alerts that never end
ENDS = 12  # series that end, one after the other


def rules(begin, variant, moved):
    """The files: `variant` names a rule and has a limit of its own; `moved` is where a group lives."""
    ending = "".join(f"  - {{record: ending, labels: {{n: '{i}'}}, expr: 'vector(time()) < {begin + 3 + 2 * i}'}}\n"
                     for i in range(ENDS))
    main = f"""groups:
- name: main
  interval: 1s
  limit: {100 + variant}
  rules:
  - {{record: tick, expr: time()}}
  - {{record: tick_of_tick, expr: tick}}
{ending}  - {{record: variant{variant}, expr: time()}}
  - {{alert: Firing3, expr: tick > 0, for: 3s}}
  - {{alert: Pending10m, expr: tick > 0, for: 10m}}
  - {{alert: Kept, expr: 'tick < {begin + 4}', keep_firing_for: 10m}}
  - {{alert: KeptShort, expr: 'tick < {begin + 4}', keep_firing_for: 3s}}
"""
    mover = "groups:\n- {name: mover, interval: 1s, rules: [{record: moved, expr: time()}]}\n"
    return {"main.yml": main, "here.yml": "groups: []\n" if moved else mover,
            "there.yml": mover if moved else "groups: []\n"}


class Receiver:
    def __init__(self, base):
        self.base = base


def active(server):
    """{name: (activeAt, keepFiringSince)} of the alerts that last."""
    found = json.loads(peers.get(server.base + "/api/v1/alerts"))["data"]["alerts"]
    return {one["labels"]["alertname"]: (one["activeAt"], one.get("keepFiringSince"))
            for one in found if one["labels"]["alertname"] in LASTING}


def check_alerts(server, known, what):
    now = active(server)
    for name, times in known.items():
        assert name in now, f"{what}: {name} is forgotten: {now}"
        for before, after in zip(times, now[name]):
            assert before is None or before == after, f"{what}: {name}: {times} became {now[name]}"
    known.update(now)


def apply(server, files, random_):
    for name, text in files.items():
        write(server.path(name), text)
    if random_.random() < 0.7:  # otherwise the next start reads them
        assert server.reload() is None


def storm(server, options, begin):
    random_, known, variant, moved = random.Random(options.seed), {}, 0, False
    peers.wait_for("alerts", lambda: server.states() == {
        "Firing3": "firing", "Pending10m": "pending", "Kept": "firing", "KeptShort": "firing"})
    for turn in range(options.rounds):
        time.sleep(random_.uniform(0.02, 0.9))
        if turn % 5 == 3:
            variant = 1 - variant
            apply(server, rules(begin, variant, moved), random_)
            time.sleep(random_.choice((0, 0, 0.3)))
        if turn == options.rounds // 3:
            time.sleep(1.1)  # a tick in the old place
            moved = True
            apply(server, rules(begin, variant, moved), random_)
            time.sleep(random_.choice((0, 1.2)))
        check_alerts(server, known, f"before kill {turn}")
        server.kill()
        if random_.random() < 0.2:
            time.sleep(random_.uniform(0, 2))
        server.start()
        check_alerts(server, known, f"after kill {turn}")
    peers.wait_for("the last alerts", lambda: len(active(server)) == len(LASTING)
                   and time.time() > begin + 2 * ENDS + 8, 60)
    check_alerts(server, known, "in the end")
    assert all(known["Kept"]), known


def runs(found):
    """The samples between markers: [[(ms, bits)]]; no marker may follow another one."""
    out = [[]]
    for i, (at, bits) in enumerate(found):
        if bits != STALE:
            out[-1].append((at, bits))
            continue
        assert i > 0 and found[i - 1][1] != STALE, f"a second marker at {at}: {found[i - 2:i + 2]}"
        out.append([])
    return out


def check_series(base, begin, what):
    everything = store.samples_of(base)

    def of(name, **labels):
        wanted = {b"__name__": name.encode(), **{k.encode(): v.encode() for k, v in labels.items()}}
        found = [samples for key, samples in everything.items() if wanted.items() <= dict(key).items()]
        assert len(found) == 1, (what, name, labels, len(found))
        return found[0]

    for name in ("tick", "tick_of_tick"):
        check_slots(of(name), 1000, f"{what}: {name}")
        check_own_times(of(name), f"{what}: {name}")
    slots = [at for at, _ in of("tick")]
    for i in range(ENDS):
        found, end = of("ending", n=str(i)), (begin + 3 + 2 * i) * 1000
        expected = [at for at in slots if at < end]
        expected.append(min(at for at in slots if at >= end))
        assert [at for at, _ in found] == expected, (what, i, set(expected) ^ {at for at, _ in found})
        assert [at for at, bits in found if bits == STALE] == expected[-1:], (what, i)
    turns = [runs(of(f"variant{v}")) for v in (0, 1)]
    covered = sorted(at for part in turns for run in part for at, _ in run)
    assert covered == [at for at in slots if at <= covered[-1]], f"{what}: variants"
    for run in turns[0] + turns[1]:
        if run:
            check_slots(run, 1000, f"{what}: a variant")
    moved = of("moved")
    assert len(runs(moved)) == 1, (what, [at for at, bits in moved if bits == STALE], moved[-5:])
    for name in LASTING:
        state = "pending" if name == "Pending10m" else "firing"
        assert len(runs(of("ALERTS", alertname=name, alertstate=state))) == 1, (what, name)
        assert len({bits for _, bits in of("ALERTS_FOR_STATE", alertname=name)}) == 1, (what, name)
    pending = of("ALERTS", alertname="Firing3", alertstate="pending")
    short = of("ALERTS", alertname="KeptShort", alertstate="firing")
    for found in (pending, short):
        assert [bits == STALE for _, bits in found] == [False] * (len(found) - 1) + [True], (what, found)
    return everything


def compare(server, receiver):
    ours = store.samples_of(server)
    newest = max(found[-1][0] for found in ours.values())
    peers.wait_for("the receiver", lambda: max(
        found[-1][0] for found in store.samples_of(receiver).values()) > newest + 1000)
    theirs = store.samples_of(receiver)
    for labels, found in ours.items():
        got = [one for one in theirs[labels] if one[0] <= found[-1][0]]
        assert got == found, (labels, sorted(set(found) ^ set(got))[:6])
    return len(ours), sum(len(found) for found in ours.values())


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("sloburn")
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    prometheus = peers.require_prometheus()
    with peers.workdir() as path, peers.prometheus(prometheus, path) as base:
        begin = int(time.time()) + 1
        files = {**rules(begin, 0, False), "sloburn.yml": "rule_files: [main.yml, here.yml, there.yml]\n"
                 f"remote_write: [{{url: '{base}/api/v1/write'}}]\n"}
        with RuleServer(options.sloburn, os.path.join(path, "own"), files) as server:
            try:
                server.start()
                storm(server, options, begin)
                series, samples = compare(server, Receiver(base))
                check_series(server, begin, "here")
                check_series(Receiver(base), begin, "in the receiver")
                assert "they are dropped" not in server.log()
            except AssertionError:
                print(server.log()[-4000:])
                raise
            assert server.stop() == 0
        print(f"PASSED: {options.rounds} rounds of kill -9, {series} series, {samples} samples in both")


main()
