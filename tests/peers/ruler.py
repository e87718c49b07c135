# SPDX-License-Identifier: Apache-2.0
"""sloburn as a rule engine that writes back: a group of rules every second over series that are pushed."""
import contextlib, json, os, re, time

import peers
import write_sender_wire as wire

HISTOGRAM = peers.Histogram(1, 31, 12.5, 0.001, 4, {-2: 6, -1: 7, 2: 9}, {1: 5})
HISTOGRAMS = {"in_histogram": HISTOGRAM, "in_empty_histogram": peers.Histogram(0, 0, 0.0),
              "in_large_histogram": peers.Histogram(0, 10**9, 1.0, positive={0: 10**9}),
              "in_custom_histogram": peers.Histogram(peers.CUSTOM_BUCKETS, 3, 4.0, positive={0: 1, 1: 2},
                                                     custom_values=(1.0, 2.0))}
WIRE_RULES = [("out", "in"), ("job:now:time", "time()"), ("out:nothing", "absent_metric"),
              (wire.LONG_NAME, 'in{value="integer"}'), ("out:histogram", "in_histogram"),
              ("out:empty_histogram", "in_empty_histogram"), ("out:large_histogram", "in_large_histogram"),
              ("out:custom_histogram", "in_custom_histogram")]


@contextlib.contextmanager
def engine(binary, path, name, rules, endpoints):
    """`endpoints`: mappings of remote_write. Yields the URL and the log's path."""
    port, config = peers.free_port(), os.path.join(path, name + ".json")
    rule_file = os.path.join(path, name + ".rules.json")
    json.dump({"groups": [{"name": "g", "interval": "1s", "rules": [
        {"record": record, "expr": expr} for record, expr in rules]}]}, open(rule_file, "w"))
    json.dump({"global": {"external_labels": {"cluster": "eu"}}, "rule_files": [rule_file],
               "remote_write": endpoints}, open(config, "w"))
    log = os.path.join(path, name + ".log")
    command = [binary, "serve", "--config.file=" + config, "--web.enable-remote-write-receiver",
               f"--web.listen-address=127.0.0.1:{port}"]
    with peers.running(command, log) as process:
        base = f"http://127.0.0.1:{port}"
        peers.wait_for(name, lambda: peers.get(base + "/-/ready"))
        yield base, log
        assert process.poll() is None, f"{name} died:\n" + open(log).read()[-4000:]


def push(base, series, histograms=()):
    now = int(time.time() * 1000) - 1000
    peers.push_series(base, [peers.Series(labels, [(now, value)]) for labels, value in series.items()])
    for name, value in dict(histograms).items():
        peers.push_series(base, [peers.Series((("__name__", name),), [(now, value)])])


def metrics_of(base):
    """remote_name -> {name without prefix: value}; reasons and buckets are added up."""
    found = {}
    for line in peers.get(base + "/metrics").decode().splitlines():
        match = re.match(r'prometheus_remote_storage_(\w+)\{remote_name="([^"]*)",url="[^"]*"[^}]*\} (\S+)', line)
        if match:
            mine = found.setdefault(match[2], {})
            mine[match[1]] = mine.get(match[1], 0) + float(match[3])
    return found
