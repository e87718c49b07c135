#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The same rules in a real Prometheus and in sloburn beside it: every sample they record is compared.

Prometheus takes the data by remote write and evaluates the rule files itself. sloburn has that Prometheus
as its source and evaluates the same files at the same times into a store of its own, and writes what it
computed to a second Prometheus. In the end all recorded series, ALERTS and ALERTS_FOR_STATE of the three
are read with their staleness markers and compared sample by sample, and so is what /api/v1/rules tells.

What is compared begins with the third tick of a group that both have, because the two processes do not
start in the same millisecond; groups that read other groups, when all have had three. From there on
every tick that one has and the other has not is a difference too. Rules whose state lives on from tick
to tick (alerts, windows over recorded series) read series that begin only then. It ends a moment before
the stores are read.

Twice within the run the rule files change and both reload (rules removed, renamed, moved, relabelled,
`for` raised and lowered, a group removed and there again). With --restart both are killed instead, at
once: from then on Prometheus restores its alerts as well as it can, so of alerts only the final states are
compared.

Not here: what Prometheus 3.5 does otherwise than 3.14 (version_differences.py; also, it lets an alert
fire on whose `for` was raised, and of a histogram with several faults it tells another one), and by the
query API native histograms and staleness markers of the data.

usage: ruler_side_by_side_test.py SLOBURN remote_read|query [--minutes N] [--restart] [--seed N] [--keep]
"""
import argparse, concurrent.futures, os, re, signal, sys, time, urllib.request

import peers
import ruler_rules
from recorded_series import STALE, read_all
from ruler_comparison import compare_all
from ruler_data import Feed

HISTORY_S = 900
FEATURES = "--enable-feature=promql-experimental-functions"


class Setting:
    """Three servers, and the rule files that two of them read."""

    def __init__(self, options, prometheus, path):
        self.options, self.path = options, path
        # Short runs have no time for slow groups. By the query API each tick is some hundred requests.
        self.slowest_s = 30 if options.minutes >= 10 else 5
        self.fastest_s = 2 if options.mode == "query" else 1
        self.with_native = options.mode == "remote_read"
        self.lookback_s = 60 if options.minutes >= 10 else 15
        self.at_s = int(time.time()) - HISTORY_S // 2
        os.mkdir(os.path.join(path, "rules"))
        self.revision = None
        self.write_rules(0)
        self.ruler = self._prometheus(prometheus, "ruler", f"""global:
  rule_query_offset: {ruler_rules.OFFSET_S}s
rule_files: ['{path}/rules/*.yml']
""")
        self.receiver = self._prometheus(prometheus, "receiver", "global: {}\n")
        self.sloburn = self._sloburn()

    def groups(self, revision=None):
        revision = self.revision if revision is None else revision
        return ruler_rules.groups(revision, (self.fastest_s, self.slowest_s), self.with_native,
                                  self.at_s)

    def write_rules(self, number):
        self.revision = number
        for name, text in ruler_rules.files(self.groups()).items():
            with open(os.path.join(self.path, "rules", name), "w") as f:
                f.write(text)

    def _prometheus(self, binary, name, config):
        port, folder = peers.free_port(), os.path.join(self.path, name)
        os.mkdir(folder)
        with open(os.path.join(folder, "prometheus.yml"), "w") as f:
            f.write(config)
        server = peers.Process(
            [binary, f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/tsdb",
             f"--web.listen-address=127.0.0.1:{port}", "--web.enable-remote-write-receiver",
             "--web.enable-lifecycle", FEATURES, "--enable-feature=native-histograms",
             f"--query.lookback-delta={self.lookback_s}s", "--storage.remote.read-sample-limit=0",
             "--rules.alert.for-grace-period=1s"],
            os.path.join(folder, "log"), f"http://127.0.0.1:{port}/-/ready")
        server.base = f"http://127.0.0.1:{port}"
        return server

    def _sloburn(self):
        port, config = peers.free_port(), os.path.join(self.path, "sloburn.yml")
        message = "io.prometheus.write.v2.Request" if self.with_native else "prometheus.WriteRequest"
        with open(config, "w") as f:
            f.write(f"global: {{rule_query_offset: {ruler_rules.OFFSET_S}s}}\n"
                    f"rule_files: ['{self.path}/rules/*.yml']\n"
                    f"source: {{url: '{self.ruler.base}', mode: {self.options.mode}}}\n"
                    f"remote_write:\n- url: '{self.receiver.base}/api/v1/write'\n"
                    f"  protobuf_message: {message}\n  send_native_histograms: true\n")
        server = peers.Process(
            [self.options.sloburn, "serve", "--config.file=" + config, "--web.enable-lifecycle",
             f"--storage.path={self.path}/data", f"--web.listen-address=127.0.0.1:{port}", FEATURES,
             f"--query.lookback-delta={self.lookback_s}s", "--storage.remote.read-sample-limit=0",
             "--rules.alert.for-grace-period=1s",
             # Prometheus does not make up for the ticks at which it was down.
             "--rules.gap-repair=0s"],
            os.path.join(self.path, "sloburn.log"), f"http://127.0.0.1:{port}/-/ready")
        server.base = f"http://127.0.0.1:{port}"
        return server

    @property
    def rulers(self):
        return self.ruler, self.sloburn

    def ticks(self, server, since_ms):
        """{group: [ms of its samples]}"""
        found = read_all(server.base, ".*:tick", since_ms, int(time.time() * 1000))
        return {ruler_rules.group_of(dict(labels)): sorted(at for at, value in samples.items()
                                                           if value != STALE)
                for labels, samples in found.items()}

    def third_ticks(self, since_ms):
        """{group: ms of the third tick that both have}, without groups that have not."""
        left, right = (self.ticks(server, since_ms) for server in self.rulers)
        common = {name: sorted(set(left[name]) & set(right.get(name, ()))) for name in left}
        return {name: found[2] for name, found in common.items() if len(found) > 2}

    def await_third_ticks(self, since_ms):
        def all_there():
            found = self.third_ticks(since_ms)
            return found if len(found) == len(self.groups()) else None
        return peers.wait_for("three ticks of all groups", all_there, 5 * self.slowest_s + 60)


def quiet_moment(setting):
    """Waits until the groups that a reload changes, and those that read their alerts, are as far from
    their ticks as they will be. So they are when the series of a removed group end, 10 s later."""
    slots = []
    now_ms = int(time.time() * 1000)
    ticks = setting.ticks(setting.ruler, 0)
    for group in setting.groups(0):
        if group.name in ruler_rules.RELOADED or group.name.startswith("over_"):
            slots.append((group.interval_s * 1000, ticks[group.name][-1] + group.query_offset_ms))

    def distance(at):
        return min(min((at - slot) % every, (slot - at) % every) for every, slot in slots)

    best = max(range(now_ms + 2000, now_ms + 14_000, 10), key=distance)
    print(f"reload {distance(best) / 1000:.1f} s from any tick that it could meet")
    time.sleep(best / 1000 - time.time())


def reload_both(setting, number):
    """Returns when that was, in ms. The first time by HTTP, then by signal."""
    quiet_moment(setting)
    setting.write_rules(number)
    started = time.time()
    if number == 1:
        def post(server):
            request = urllib.request.Request(server.base + "/-/reload", method="POST")
            urllib.request.urlopen(request, timeout=30).read()
        with concurrent.futures.ThreadPoolExecutor() as pool:
            list(pool.map(post, setting.rulers))
    else:
        for server in setting.rulers:
            server.process.send_signal(signal.SIGHUP)
    print(f"reload {number} at {time.strftime('%X')}, took {time.time() - started:.2f} s", flush=True)
    return int(started * 1000)


def restart_both(setting, feed):
    """Returns when they were killed and when all groups had ticked thrice again, in ms."""
    feed.is_calm = True  # nothing begins or ends near it: Prometheus would write no markers
    time.sleep(2 * setting.slowest_s + 2 * ruler_rules.LATE_OFFSET_S)
    with feed.pause_lock:
        time.sleep(ruler_rules.LATE_OFFSET_S)
        killed = int(time.time() * 1000)
        for server in setting.rulers:
            server.process.send_signal(signal.SIGKILL)
        for server in setting.rulers:
            server.kill()
        for server in setting.rulers:
            server.start()
    again = max(setting.await_third_ticks(int(time.time() * 1000)).values())
    print(f"restart of both at {time.strftime('%X')}", flush=True)
    return killed, again


def missed_ticks(server):
    """{group: how many}"""
    lines = re.findall(r'_rule_group_iterations_missed_total\{rule_group="[^"]*;([^"]*)"\} (\S+)',
                       peers.get(server.base + "/metrics").decode())
    return {group: int(float(count)) for group, count in lines if float(count)}


def run_with_restart(setting, feed, end):
    """Until `end`; returns what is not compared, as restart_both."""
    time.sleep((end - time.time()) / 3)
    killed, again = restart_both(setting, feed)
    time.sleep(45)  # the longest window over recorded series is whole again
    feed.is_calm = False
    time.sleep(max(0, end - time.time() - 60))
    feed.is_calm = True
    time.sleep(60)  # longer than any `for` and keep_firing_for
    return killed, again + 45_000


def run_with_reloads(setting, end):
    """Until `end`; returns when they were, in ms."""
    reloads, third = [], (end - time.time()) / 3
    for number in (1, 2):
        time.sleep(max(0, end - (3 - number) * third - time.time()))
        reloads.append(reload_both(setting, number))
    time.sleep(max(0, end - time.time()))
    return reloads


def run(setting, options):
    feed = Feed(setting.ruler.base, options.seed, setting.with_native, setting.with_native)
    for server in (setting.receiver, setting.ruler):
        server.start()
    feed.history(HISTORY_S)
    feed.start()
    setting.sloburn.start()
    started_ms = int(time.time() * 1000)
    thirds = setting.await_third_ticks(started_ms - 20_000)
    feed.begin()
    print(f"{len(thirds)} groups have ticked thrice at {time.strftime('%X')}", flush=True)
    end = time.time() + 60 * options.minutes
    reloads, gap = [], None
    if options.restart:
        gap = run_with_restart(setting, feed, end)
    else:
        reloads = run_with_reloads(setting, end)
    found, ticks = compare_all(setting, thirds, reloads, gap, started_ms - 20_000)
    feed.stop()
    rules = [rule for group in setting.groups() for rule in group.rules]
    alerts = sum(rule.is_alert for rule in rules)
    for comparison in found:
        print("\n".join([comparison.text()] + ["  " + text for text in comparison.shown]))
    different = sum(comparison.different for comparison in found)
    for server in setting.rulers:
        if missed := missed_ticks(server):
            print(f"{os.path.basename(server.command[0])} has missed ticks, the machine is busy: {missed}")
    print(f"{options.mode}{', restarted' if options.restart else ''}: {len(rules)} rules ({alerts} alerts) "
          f"in {len(setting.groups())} groups, {ticks} ticks, "
          f"{sum(one.samples for one in found)} samples compared, {different} different; "
          f"data was there after {feed.worst_s:.2f} s")
    assert len(rules) >= 200, len(rules)
    assert feed.worst_s < ruler_rules.OFFSET_S - 1, "data came later than the query offset allows"
    return different


def print_logs(path):
    for name in ("sloburn.log", "ruler/log", "receiver/log"):
        with open(os.path.join(path, name)) as log:
            print(f"--- {name}", log.read()[-3000:], sep="\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("sloburn")
    parser.add_argument("mode", choices=("remote_read", "query"))
    parser.add_argument("--minutes", type=float, default=1)
    parser.add_argument("--restart", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", action="store_true", help="leave files, and wait before the end")
    options = parser.parse_args()
    prometheus = peers.require_prometheus()
    with peers.workdir() as path:
        setting = Setting(options, prometheus, path)
        try:
            different = run(setting, options)
            if different:
                print_logs(path)
            if options.keep:
                input(f"files: {path}\nPrometheus: {setting.ruler.base}\nsloburn: {setting.sloburn.base}\n")
        except BaseException:
            print_logs(path)
            raise
        finally:
            for server in (setting.sloburn, setting.ruler, setting.receiver):
                server.stop()
    if different:
        sys.exit(1)
    print("PASSED")


main()
