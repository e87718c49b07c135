#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""promtool's client commands against sloburn and against a Prometheus that holds the same samples:
the same bytes on both outputs, the same exit code.

usage: promtool_client_test.py SLOBURN
"""
import os, subprocess, sys, tarfile, time

import dataset, peers

SLOBURN = sys.argv[1]


def difference(expected, got):
    """Where two (code, out, err) part, with some text around it."""
    if expected[0] != got[0]:
        return f"exit code {expected[0]} != {got[0]}, {expected[2][-400:]!r} != {got[2][-400:]!r}"
    for a, b in zip(expected[1:], got[1:]):
        at = next((i for i, (x, y) in enumerate(zip(a, b)) if x != y), min(len(a), len(b)))
        if a != b:
            at = max(0, at - 60)
            return f"\n  prometheus: {a[at:at + 300]!r}\n  sloburn:    {b[at:at + 300]!r}"
    return f"unexpected exit code {got[0]}, {got[2]!r}"


class Both:
    """Runs a promtool command once per server and compares what it says."""

    def __init__(self, promtool, path, prometheus, sloburn):
        self.promtool, self.path = promtool, path
        self.servers = {"prometheus": prometheus, "sloburn": sloburn}
        self.compared, self.failures = 0, []

    def headers(self, command):
        """Extra headers, where this promtool's `query` can send some (3.6 and later)."""
        usage = subprocess.run([self.promtool, "query", command, "--help"], stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT).stdout
        return ["--header=X-Scope-OrgID=one", "--header=X-B=two"] if b"--header" in usage else []

    def run(self, server, arguments, normal=lambda text: text, stdin=b""):
        directory = os.path.join(self.path, server)
        os.makedirs(directory, exist_ok=True)
        url = self.servers[server]
        done = subprocess.run(
            [self.promtool] + [a.replace("SERVER", url) for a in arguments], cwd=directory,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120, input=stdin)
        # Only the address may differ.
        out, err = (s.decode().replace(url, "SERVER").replace(url.split("//")[1], "HOST")
                    for s in (done.stdout, done.stderr))
        return done.returncode, normal(out), normal(err)

    def same(self, *arguments, code=0, normal=lambda text: text, stdin=b""):
        expected = self.run("prometheus", arguments, normal, stdin)
        got = self.run("sloburn", arguments, normal, stdin)
        self.compared += 1
        if expected != got or expected[0] != code:
            self.failures.append(f"{' '.join(arguments)}: {difference(expected, got)}")
        return expected[1]

    def expect(self, condition, what):
        if not condition:
            self.failures.append(what)


INSTANT = [
    "up", "sum by (job) (rate(requests_total[5m]))", "requests_total{job='b<&>'}", "odd_values",
    "(-odd_values)", "gappy", "gappy[2m]", "ended", "ended offset 20m", "1", "(-0)", "NaN", "Inf",
    "1e21", "1e-7", "nothing", "nothing[5m]", "native_seconds",
    "native_seconds[1m]", "custom_seconds", "custom_seconds[2m]", "rate(native_seconds[5m])",
    "histogram_quantile(0.9, sum by (le) (rate(latency_seconds_bucket[5m])))",
    "histogram_quantile(0.5, native_seconds)", "quantile(2, up)", "rate(up[5m])",
    "{'name.with.dots'}", "{'name.with.dots', 'label.with.dots'='x'}[1m]", "up @ start()",
    "topk(3, requests_total)", "sort_desc(requests_total{code='200',job='api'})", "absent(nothing{a='b'})",
    "max_over_time(rate(requests_total[1m])[10m:30s])", "sort(count_values('v', up))", "time()",
    "label_replace(up, 'x', '$1', 'instance', '(.*):.*')", "{job=~'a.*'}", "up == bool 1",
    "scalar(vector(1e300) * 1e300)", "vector(1/3)", "histogram_count(native_seconds)",
    "sum(native_seconds)", "requests_total and on (job) up",
]

RANGE = [
    "up", "rate(requests_total[2m])", "odd_values", "gappy", "ended", "1", "time()", "nothing",
    "native_seconds", "custom_seconds", "sum by (job) (up)",
    "topk(2, requests_total)", "quantile(2, up)", "up offset 5m", "up @ end()", "{'name.with.dots'}",
    "native_seconds + on () group_left vector(1)", "histogram_quantile(0.9, custom_seconds)",
]

BAD = [
    "", "up{", "sum(", "up[5m", "foo bar", "rate(up)", "{}", "up{job=~'('}", "nosuch(up)",
    "'x' + 1", "label_replace(up, 'x', '$1', 'job', '(')",
    "sum by (job) up", "1 + ", "up @ x", "up{job='a' job='b'}", "\xff",
    "up + on (instance) group_left (job) requests_total{code='200'} * 2 + topk(1)", "up[5m] + 1",
]


def query_instant(both, end):
    at = f"--time={end}"
    for expr in INSTANT:
        both.same("query", "instant", at, "SERVER", expr)
        both.same("query", "--format=json", "instant", at, "SERVER", expr)
    for expr in BAD:
        both.same("query", "instant", at, "SERVER", expr, code=1)
    for text in (str(end - 0.25), str(end + 299.5), str(end + 301),
                 time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(end)),
                 time.strftime("%Y-%m-%dT%H:%M:%S.5+02:00", time.gmtime(end + 7200))):
        both.same("query", "instant", "--time=" + text, "SERVER", "up")
    both.same("query", "instant", "--time=junk", "SERVER", "up", code=1)
    both.same("query", "instant", at, *both.headers("instant"), "SERVER", "up")
    both.same("query", "-o", "json", "instant", at, "SERVER/", "sum(up)")


def sloburn_query(both, end):
    """`sloburn query` prints what `promtool query instant` prints, of either server."""
    for server, url in both.servers.items():
        for expr in INSTANT:
            expected = both.run(server, ["query", "instant", f"--time={end}.5", "SERVER", expr])
            done = subprocess.run([SLOBURN, "query", "--url=" + url, f"--time={end}.5", expr],
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
            # Ours can be pasted into a query; promtool leaves such names bare.
            out = done.stdout.decode().replace('"label.with.dots"=', "label.with.dots=")
            got = done.returncode, out, done.stderr.decode()
            both.compared += 1
            if (expected[0], expected[1].rstrip("\n")) != (got[0], got[1].rstrip("\n")):
                both.failures.append(f"sloburn query {expr} of {server}: "
                                     f"{difference(expected, got)}")


def query_range(both, start, end):
    times = [f"--start={start}", f"--end={end}"]
    for expr in RANGE:
        both.same("query", "range", *times, "SERVER", expr)
        both.same("query", "--format=json", "range", *times, "--step=7s", "SERVER", expr)
    for expr in BAD + ["up[5m]", "'text'"]:
        both.same("query", "range", *times, "SERVER", expr, code=1)
    both.same("query", "range", *times, "--step=100ms", "SERVER", "up", code=1)  # too many points
    both.same("query", "range", *times, "--step=1ms", "SERVER", "up", code=1)
    both.same("query", "range", *times, "--step=1us", "SERVER", "up", code=1)
    both.same("query", "range", *times, "--step=-5s", "SERVER", "up", code=1)
    both.same("query", "range", f"--start={end}", f"--end={start}", "SERVER", "up", code=1)
    both.same("query", "range", f"--start={start + 0.123}", f"--end={end}", "--step=33s",
              *both.headers("range"), "SERVER", "requests_total")


def query_series_and_labels(both, start, end):
    times = [f"--start={start}", f"--end={end}"]
    for matches in (["up"], ["{job='b<&>'}"], ["up", "odd_values"], ["nothing"], ["{job=~'.+'}"],
                    ["{'name.with.dots'}"], ["gappy"], ["native_seconds"], ["{__name__=~'.+'}"]):
        flags = ["--match=" + m for m in matches]
        for output in ("promql", "json"):
            both.same("query", "--format=" + output, "series", *flags, "SERVER")
            both.same("query", "--format=" + output, "series", *flags, *times, "SERVER")
        for name in ("job", "__name__", "text", "label.with.dots", "nosuch", "le"):
            both.same("query", "labels", *flags, *times, "SERVER", name)
    for output in ("promql", "json"):
        for name in ("job", "__name__", "instance", "text", "label.with.dots", "nosuch"):
            both.same("query", "--format=" + output, "labels", "SERVER", name)
            both.same("query", "--format=" + output, "labels", *times, "SERVER", name)
    for match in ("{}", "up{", "{job=~'('}", "{job=~'.*'}", "rate(up[5m])", "up[5m]", "up offset 5m",
                  "'x'"):
        both.same("query", "series", "--match=" + match, "SERVER", code=1)
        both.same("query", "labels", "--match=" + match, "SERVER", "job", code=1)
    both.same("query", "labels", "SERVER", "", code=1)
    both.same("query", "labels", f"--start={end}", f"--end={start}", "SERVER", "job")
    both.same("query", "series", f"--start={end + 9}", f"--end={start - 9}", "--match=up", "SERVER")
    # Before and after all samples.
    for day in (-30, 30):
        days = [f"--start={start + day * 86400}", f"--end={end + day * 86400}"]
        both.same("query", "labels", *days, "SERVER", "job")
        both.same("query", "series", *days, "--match=up", "SERVER")


def query_analyze(both, end):
    # promtool lists classic histograms in the order of a Go map.
    lines = lambda text: sorted(text.split("\n"))
    for match in ("native_seconds", "custom_seconds", "latency_seconds_bucket", "size_bytes_bucket",
                  "{__name__=~'.*_bucket'}", "up", "nothing", "native_seconds{job='web'}"):
        both.same("query", "analyze", "--server=SERVER", "--type=histogram", f"--time={end}",
                  "--duration=10m", "--match=" + match, normal=lines)
    both.same("query", "analyze", "--server=SERVER", "--type=histogram", f"--time={end}",
              "--match=native_seconds", "--match=latency_seconds_bucket", normal=lines)
    both.same("query", "analyze", "--server=SERVER", "--type=histogram", "--match=up{", code=1)
    both.same("query", "analyze", "--server=SERVER", "--type=counter", "--match=up", code=1)


def checks(both):
    """Each server says its own name."""
    name = lambda text: text.replace("Prometheus Server is", "NAME is").replace("sloburn is",
                                                                                "NAME is")
    both.same("check", "healthy", "--url=SERVER", normal=name)
    both.same("check", "ready", "--url=SERVER", normal=name)
    both.same("check", "healthy", "--url=SERVER/nosuch", code=1)
    # The metrics of a process are its own, but promtool must find nothing to complain about.
    metrics = peers.get(both.servers["sloburn"] + "/metrics")
    code, out, err = both.run("sloburn", ["check", "metrics"], stdin=metrics)
    assert (code, out, err) == (0, "", ""), (code, out, err)


def debug_metrics(both):
    both.same("debug", "metrics", "SERVER")
    with tarfile.open(os.path.join(both.path, "sloburn", "debug.tar.gz")) as archive:
        assert archive.getnames() == ["metrics.txt"], archive.getnames()
        text = archive.extractfile("metrics.txt").read()
    assert b"sloburn_http_connections" in text, text[:2000]
    # Go's profiles do not exist here: an error, not a hang nor an archive that pretends.
    code, _, err = both.run("sloburn", ["debug", "pprof", "SERVER"])
    assert code == 1 and "error completing debug command" in err, (code, err)


PUSHED = b"""# TYPE pushed_total counter
pushed_total{path="/a"} 41
pushed_total{path="/b\\"\\\\\\n"} 2.5e10
# TYPE pushed_temperature gauge
pushed_temperature -3.25
# TYPE pushed_seconds histogram
pushed_seconds_bucket{le="1"} 2
pushed_seconds_bucket{le="+Inf"} 3
pushed_seconds_sum 4.5
pushed_seconds_count 3
# TYPE pushed_summary summary
pushed_summary{quantile="0.5"} 0.25
pushed_summary_sum 17
pushed_summary_count 9
"""


def push_metrics(both):
    usage = both.run("sloburn", ["push", "metrics", "--help"])
    # Later versions add the path themselves.
    url = "SERVER" if "--remote-write.path" in "".join(usage[1:]) else "SERVER/api/v1/write"
    for extra in ([], ["--label=job=other", "--header=X-A=b"]):
        both.same("push", "metrics", *extra, url, stdin=PUSHED)
    now = f"--time={time.time() + 1:.3f}"
    for job in ("promtool", "other"):
        out = both.same("query", "instant", now, "SERVER", f"sort_by_label({{job='{job}'}} + 0, "
                        "'path')", code=1)  # experimental: refused by both
        out = both.same("query", "--format=json", "instant", now, "SERVER",
                        f"count by (path, le, quantile) ({{job='{job}'}})")
        both.expect('"/b' in out, out)
    both.same("query", "instant", now, "SERVER", "pushed_temperature{job='other'}")
    both.same("push", "metrics", url, stdin=b"not metrics at all {", code=1)
    both.same("push", "metrics", url, "--protobuf_message=io.prometheus.write.v3.Request",
              stdin=PUSHED, code=1)


RULES = """groups:
- name: backfill
  interval: 30s
  rules:
  - record: job:requests:rate5m
    expr: sum by (job) (rate(requests_total[5m]))
    labels: {team: a}
  - record: instance:up:avg
    expr: avg_over_time(up[2m])
"""


def blocks_from_rules(both, start, end):
    rules = os.path.join(both.path, "backfill.rules.yaml")
    with open(rules, "w") as f:
        f.write(RULES)
    dumps = {}
    for server in both.servers:
        code, _, err = both.run(server, [
            "tsdb", "create-blocks-from", "rules", f"--start={start}", f"--end={end}",
            "--url=SERVER", "--output-dir=blocks", rules])
        assert code == 0, (server, err)
        os.makedirs(os.path.join(both.path, server, "blocks", "wal"))  # dump wants one
        code, out, err = both.run(server, ["tsdb", "dump", "blocks"])
        assert code == 0, (server, err)
        # Blocks that overlap are dumped in the order of their random names.
        dumps[server] = sorted(out.split("\n"))
    both.compared += 1
    assert len(dumps["prometheus"]) > 200, len(dumps["prometheus"])
    if dumps["prometheus"] != dumps["sloburn"]:
        pairs = zip(dumps["prometheus"], dumps["sloburn"])
        both.failures.append("blocks from rules: " + str(next((p for p in pairs if p[0] != p[1]),
                                                              "another number of samples")))


def main():
    promtool = peers.find("promtool", "promtool")
    if promtool is None:
        print("SKIPPED: no promtool binary in $PEERS_DIR, ~/.cache/peers or $PATH")
        sys.exit(peers.SKIP)
    binary = peers.require_prometheus()
    with peers.workdir() as path, \
            peers.prometheus(binary, path, "--enable-feature=native-histograms") as prometheus, \
            peers.sloburn(SLOBURN, path) as (sloburn, _):
        start = int(time.time()) // 60 * 60 - 3000
        end = start + (dataset.STEPS - 1) * dataset.STEP_MS // 1000
        dataset.push_all([prometheus, sloburn], start * 1000)
        both = Both(promtool, path, prometheus, sloburn)
        query_instant(both, end)
        sloburn_query(both, end)
        query_range(both, start, end)
        query_series_and_labels(both, start, end)
        query_analyze(both, end)
        checks(both)
        debug_metrics(both)
        blocks_from_rules(both, start + 300, end)
        push_metrics(both)
        for failure in both.failures:
            print(failure)
        print(f"{both.compared - len(both.failures)} of {both.compared} outputs equal")
        sys.exit(1 if both.failures else 0)


main()
