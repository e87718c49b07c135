#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`sloburn export` and `sloburn import` with real peers.

What sloburn exports becomes blocks of the real promtool, from which a real Prometheus gives the same
samples; what is imported into a Prometheus or a sloburn is exported from there as the same text. A
VictoriaMetrics, which has no remote read, is exported by its query API.

usage: openmetrics_test.py SLOBURN
"""
import contextlib, json, os, subprocess, sys, time, urllib.parse, urllib.request

import dataset, peers

SLOBURN = sys.argv[1]
NAMES = ["up", "requests_total", "odd_values", "gappy", "ended", "name.with.dots", "odd_times",
         "latency_seconds_bucket"]


def run(*arguments, code=0, stdin=None):
    done = subprocess.run([SLOBURN, *arguments], input=stdin, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=120)
    assert done.returncode == code, (arguments, done.returncode, done.stderr.decode()[-2000:])
    return done.stdout, done.stderr.decode()


def samples(base, name, at):
    body = urllib.parse.urlencode({"query": f"{{'{name}'}}[2h]", "time": at}).encode()
    answer = json.loads(urllib.request.urlopen(base + "/api/v1/query", data=body).read())
    return sorted(json.dumps(one, sort_keys=True) for one in answer["data"]["result"])


def same_samples(a, b, at, names=NAMES):
    for name in names:
        expected, got = samples(a, name, at), samples(b, name, at)
        assert expected == got and expected, (name, expected, got)


def save(path, text):
    with open(path, "wb") as f:
        f.write(text)
    return path


def odd_times(start_ms):
    """Every millisecond within some seconds, where Prometheus' way to read a float may miss one."""
    at = start_ms + 1_000_000
    return [((("__name__", "odd_times"), ("job", "api")),
             [(at + i, float(i)) for i in range(0, 5000)])]


def export_becomes_blocks(promtool, prometheus, path, sloburn, end):
    text, err = run("export", "--url", sloburn)
    assert text.endswith(b"\n# EOF\n") and b"\n# TYPE up unknown\n" in text
    assert "3 series have native histograms" in err, err
    assert "without 1 staleness markers" in err, err
    file = save(os.path.join(path, "export.om"), text)
    blocks = os.path.join(path, "blocks", "tsdb")
    subprocess.run([promtool, "tsdb", "create-blocks-from", "openmetrics", file, blocks],
                   check=True, stdout=subprocess.DEVNULL)
    with peers.prometheus(prometheus, os.path.dirname(blocks)) as base:
        same_samples(sloburn, base, end)
    print(f"promtool makes blocks of the export, {len(text)} bytes, with the same samples")
    return file


def a_part_is_exported(sloburn, start):
    text, _ = run("export", "--url", sloburn, "--match", '{job="api",__name__=~"up|odd.*"}',
                  "--start", str(start + 15), "--end", str(start + 30), "--quiet")
    lines = text.decode().splitlines()
    assert lines[0] == "# TYPE up unknown" and lines[-1] == "# EOF", lines
    assert len(lines) == 8 and all(' 17' in line or ' 18' in line for line in lines[1:-1]), lines
    run("export", "--url", sloburn, "--match", "{", code=2)
    run("export", "--url", "http://127.0.0.1:1", code=1)
    assert run("export", "--url", sloburn, "--match", "nothing")[0] == b"# EOF\n"


def imports(path, prometheus_binary, sloburn, file, end):
    with peers.sloburn(SLOBURN, path) as (second, _), \
            subdirectory(path, "importing") as sub, \
            peers.prometheus(prometheus_binary, sub) as prometheus:
        out, _ = run("import", "--url", second + "/api/v1/write", file)
        assert out.startswith(b"imported "), out
        with open(file, "rb") as f:
            text = f.read()
        run("import", "--url", prometheus + "/api/v1/write", "--samples-per-request=777", "-",
            "--quiet", stdin=text)
        same_samples(sloburn, second, end)
        same_samples(sloburn, prometheus, end)
        for base in (second, prometheus):
            assert run("export", "--url", base, "--quiet")[0] == text, base
        print("imported into a sloburn and a Prometheus, and exported as the same text")


def types(promtool, prometheus_binary, path, sloburn):
    """A Prometheus that scrapes knows types."""
    target = sloburn.split("//")[1]
    config = ("global: {scrape_interval: 1s}\nscrape_configs: "
              f"[{{job_name: s, static_configs: [{{targets: ['{target}']}}]}}]\n")
    with subdirectory(path, "scraping") as sub, \
            peers.prometheus(prometheus_binary, sub, config=config) as prometheus:
        peers.wait_for("two scrapes", lambda: peers.query(
            prometheus, "count_over_time(up{job='s'}[1m]) >= 2", time.time()))
        text, _ = run("export", "--url", prometheus)
    assert b"\n# TYPE sloburn_http_connections gauge\n" in text
    assert b"\n# TYPE sloburn_http_bad_requests counter\nsloburn_http_bad_requests_total{" in text
    assert text.endswith(b"# EOF\n")
    file = save(os.path.join(path, "typed.om"), text)
    subprocess.run([promtool, "tsdb", "create-blocks-from", "openmetrics", file,
                    os.path.join(path, "typed")], check=True, stdout=subprocess.DEVNULL)
    with peers.sloburn(SLOBURN, path) as (second, _):
        run("import", "--url", second + "/api/v1/write", file)
    print("counters and gauges keep their types")


def victoria(path, sloburn, file, end):
    binary = peers.find("victoria-metrics", "victoria-metrics")
    if binary is None:
        print("NOTICE: no victoria-metrics binary, its query API is not tested")
        return
    port = peers.free_port()
    base = f"http://127.0.0.1:{port}"
    command = [binary, f"-httpListenAddr=127.0.0.1:{port}", "-search.latencyOffset=0s",
               "-storageDataPath=" + os.path.join(path, "vm"), "-retentionPeriod=1y"]
    with peers.running(command, os.path.join(path, "vm.log")):
        peers.wait_for("victoria-metrics", lambda: peers.get(base + "/health"))
        run("import", "--url", base + "/api/v1/write", file)
        urllib.request.urlopen(base + "/internal/force_flush").read()
        text, err = peers.wait_for("the samples", lambda: (
            lambda pair: pair if b"\nrequests_total" in pair[0] else None)(
                run("export", "--url", base, "--match", "{__name__=~'requests_total|gappy'}",
                    "--start", str(end - 7200), "--end", str(end))))
    assert "the server has no remote read" in err, err
    with peers.sloburn(SLOBURN, path) as (second, _):
        run("import", "--url", second + "/api/v1/write", "-", stdin=text)
        same_samples(sloburn, second, end, ["requests_total", "gappy"])
    print("a VictoriaMetrics is exported by its query API")


@contextlib.contextmanager
def subdirectory(path, name):
    full = os.path.join(path, name)
    os.makedirs(full)
    yield full


def main():
    prometheus = peers.require_prometheus()
    promtool = peers.find("promtool", "promtool")
    if promtool is None:
        print("SKIPPED: no promtool binary in $PEERS_DIR, ~/.cache/peers or $PATH")
        sys.exit(peers.SKIP)
    start = int(time.time()) // 60 * 60 - 3000
    end = start + (dataset.STEPS - 1) * dataset.STEP_MS // 1000 + 60
    with peers.workdir() as path, peers.sloburn(SLOBURN, path) as (sloburn, _):
        dataset.push_all([sloburn], start * 1000)
        peers.push_series(sloburn, [peers.Series(*one) for one in odd_times(start * 1000)])
        file = export_becomes_blocks(promtool, prometheus, path, sloburn, end)
        a_part_is_exported(sloburn, start)
        imports(path, prometheus, sloburn, file, end)
        types(promtool, prometheus, path, sloburn)
        victoria(path, sloburn, file, end)
    print("PASSED")


main()
