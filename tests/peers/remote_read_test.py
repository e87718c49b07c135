#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""sloburn as the remote read server of a real Prometheus, and of another sloburn.

A Prometheus without data of its own answers queries over what only sloburn has; its answers must be
sloburn's own. What the two servers send for the same request must be the same bytes where floats
are concerned, and the same refusals. A second sloburn loads its history from the first.

usage: remote_read_test.py SLOBURN
"""
import contextlib, json, os, struct, sys, time, urllib.error, urllib.parse, urllib.request

import dataset, peers
from remote_read import (SAMPLES, STREAMED, matcher, messages, read, request, unsnappy,
                         varint_at)

SLOBURN = sys.argv[1]

QUERIES = [
    "up", "requests_total", "sum by (job) (rate(requests_total[5m]))", "odd_values", "gappy",
    "gappy[40m]", "ended", "ended offset 15m", "ended[40m]", "{'name.with.dots'}",
    "{job=~'a.*', __name__!~'native.*|custom.*'}", "up{job!='api', instance!~'host-0.*'}",
    "count_over_time({__name__=~'.+', job='web'}[10m])", "nothing", "absent(nothing)",
    "histogram_quantile(0.9, sum by (le) (rate(latency_seconds_bucket[5m])))",
    "native_seconds", "custom_seconds", "rate(native_seconds[5m])",
    "histogram_quantile(0.5, rate(native_seconds[5m]))", "sum(native_seconds)",
    "histogram_count(native_seconds)", "histogram_sum(increase(native_seconds[10m]))",
    "histogram_quantile(0.9, custom_seconds)", "resets(native_seconds[20m])",
    "max_over_time(up[30m:1m])", "up{job='b<&>'}",
]


def ask(base, path, **form):
    body = urllib.parse.urlencode(form).encode()
    try:
        raw = urllib.request.urlopen(base + path, data=body, timeout=60).read()
    except urllib.error.HTTPError as error:
        raw = error.read()
    answer = json.loads(raw)
    assert answer["status"] == "success", (base, form, answer)
    result = answer["data"]["result"]
    return sorted(result, key=lambda one: json.dumps(one["metric"], sort_keys=True))


def same(a, b):
    """Values are texts of floats, or texts that are equal."""
    if isinstance(a, list):
        return isinstance(b, list) and len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, str):
        try:
            return a == b or peers.same(a, b)
        except ValueError:
            return False
    return a == b


def same_answers(prometheus, sloburn, start, end):
    compared = 0
    for expr in QUERIES:
        asked = [("/api/v1/query", dict(query=expr, time=end - 7)),
                 ("/api/v1/query", dict(query=expr, time=start + 600.5))]
        if "[40m]" not in expr:
            asked.append(("/api/v1/query_range",
                          dict(query=expr, start=start, end=end + 400, step=37)))
        for path, form in asked:
            expected, got = ask(sloburn, path, **form), ask(prometheus, path, **form)
            assert same(expected, got), f"{form}:\n  sloburn: {expected}\n  prometheus: {got}"
            compared += len(expected)
    assert compared > 200, compared
    print(f"Prometheus answers {len(QUERIES)} queries over remote read like sloburn itself "
          f"({compared} series)")


def decoded_series(message):
    """Labels and samples. Prometheus' encoder leaves out zeros, and takes -0 for one."""
    labels, samples = [], []
    for field, value in messages(message):
        fields = dict(messages(value))
        if field == 1:
            labels.append((fields.get(1), fields.get(2)))
        else:
            assert field == 2, field
            samples.append((fields.get(2, 0), struct.pack("<d", fields.get(1, 0.0) or 0.0)))
    return labels, samples


def sampled_series(body):
    """The series of a SAMPLES answer, sorted: their order is not promised."""
    results = [value for field, value in messages(unsnappy(body)) if field == 1]
    return [sorted(decoded_series(one) for field, one in messages(result) if field == 1)
            for result in results]


def chunk_count(body):
    """Of a streamed answer."""
    count = at = 0
    while at < len(body):
        size, at = varint_at(body, at)
        frame = messages(body[at + 4:at + 4 + size])
        count += sum(1 for field, _ in messages(frame[0][1]) if field == 2)
        at += 4 + size
    return count


def same_bytes(prometheus, sloburn, start):
    floats = [[matcher(0, "__name__", name)] for name in
              ("up", "requests_total", "odd_values", "gappy", "ended", "nothing", "name.with.dots")]
    floats.append([matcher(2, "__name__", "up|requests.*|odd.*"), matcher(1, "job", "web")])
    for one in floats:
        compared = 0
        for step in range(0, 120, 15):
            body = request(one, start + step * 15000, start + (step + 18) * 15000,
                           [7, STREAMED, SAMPLES])
            expected, got = read(prometheus, body), read(sloburn, body)
            # Where Prometheus cuts its chunks depends on the time of day; most windows are in one.
            if expected[0] == 200 and chunk_count(expected[2]) > chunk_count(got[2]):
                continue
            assert expected == got, f"{one}:\n  prometheus: {expected}\n  sloburn: {got}"
            compared += 1
        assert compared >= 4, (one, compared)
        body = request(one, start, start + 3_000_000, [SAMPLES])
        expected, got = read(prometheus, body), read(sloburn, body)
        assert expected[:2] == got[:2], (expected[:2], got[:2])
        assert sampled_series(expected[2]) == sampled_series(got[2]), one
    print(f"streamed answers to {len(floats)} selectors are those of Prometheus byte by byte, "
          "sampled ones sample by sample")


def same_refusals(prometheus, sloburn, start):
    name = matcher(0, "__name__", "up")
    for body in (request([name], start, start + 10, [2]),
                 request([name], start, start + 10, [2, 99]),
                 request([matcher(9, "a", "b")], start, start + 10, [STREAMED]),
                 request([matcher(9, "a", "b")], start, start + 10, []),
                 request([name, matcher(2, "a", "(")], start, start + 10, []),
                 request([name, matcher(3, "a", "x**")], start, start + 10, [STREAMED])):
        expected, got = read(prometheus, body), read(sloburn, body)
        # A streamed answer that Prometheus has not begun keeps its type although it is an error.
        assert (expected[0], expected[2]) == (got[0], got[2]), (expected, got)
    body = request([matcher(0, "__name__", "up")], start, start + 3_000_000, [])
    expected, got = read(prometheus, body), read(sloburn, body)
    assert expected[0] == 400 and expected == got, (expected, got)
    print("refusals are those of Prometheus:", got[2].decode().strip())


def external_labels(prometheus, sloburn, start):
    """Both have cluster="one" of their configuration, and neither has it in the store."""
    for matchers in ([matcher(0, "cluster", "one")], [matcher(0, "cluster", "two")], []):
        for begin in range(start, start + 1_500_000, 300_000):
            body = request([matcher(0, "__name__", "up")] + matchers, begin, begin + 270_000,
                           [STREAMED])
            expected, got = read(prometheus, body), read(sloburn, body)
            # As above: a window in which Prometheus did not cut.
            if chunk_count(expected[2]) == chunk_count(got[2]):
                break
        assert expected == got, (expected, got)
    assert b"cluster" in got[2], got
    print("external labels are added and matched as by Prometheus")


@contextlib.contextmanager
def subdirectory(path, name):
    full = os.path.join(path, name)
    os.makedirs(full)
    yield full


def follower(path, sloburn, end):
    """A sloburn whose rules read an hour from the first one."""
    rules = os.path.join(path, "rules.yml")
    with open(rules, "w") as f:
        f.write("groups:\n- name: g\n  interval: 5s\n  rules:\n"
                "  - record: all:requests\n    expr: sum(sum_over_time(requests_total[2h]))\n"
                "  - record: all:ended\n    expr: count(last_over_time(ended[2h]))\n"
                "  - record: all:odd\n    expr: count(last_over_time(odd_values[2h]))\n")
    config = os.path.join(path, "follower.yml")
    with open(config, "w") as f:
        f.write(f"source: {{url: '{sloburn}', mode: remote_read}}\nrule_files: ['{rules}']\n")
    with peers.sloburn(SLOBURN, path, "--config.file=" + config) as (base, _):
        for expr in ("requests_total[1h]", "ended[1h]", "odd_values[1h]"):
            expected = ask(sloburn, "/api/v1/query", query=expr, time=end)
            got = ask(base, "/api/v1/query", query=expr, time=end)
            assert expected == got and len(got) > 0, (expr, expected, got)
        peers.wait_for("the follower's rules", lambda: ask(
            base, "/api/v1/query", query="all:requests", time=time.time()))
    print("a second sloburn has the history of the first")


def main():
    binary = peers.require_prometheus()
    native = "--enable-feature=native-histograms"
    start = int(time.time()) // 60 * 60 - 3000
    end = start + (dataset.STEPS - 1) * dataset.STEP_MS // 1000
    with peers.workdir() as path, peers.sloburn(SLOBURN, path) as (sloburn, _):
        dataset.push_all([sloburn], start * 1000)
        remote = f"remote_read: [{{url: '{sloburn}/api/v1/read', read_recent: true}}]\n"
        with subdirectory(path, "reader") as sub, \
                peers.prometheus(binary, sub, native, config=remote) as prometheus:
            same_answers(prometheus, sloburn, start, end)
        follower(path, sloburn, end)
        metrics = peers.get(sloburn + "/metrics").decode()
        assert "sloburn_remote_read_refused_requests_total 0\n" in metrics
    labels = "global: {external_labels: {cluster: one}}\n"
    with peers.workdir() as path:
        config = os.path.join(path, "labels.yml")
        with open(config, "w") as f:
            f.write(labels)
        for flags, steps in (([], [same_bytes]),
                             (["--storage.remote.read-sample-limit=100"], [same_refusals]),
                             ([], [external_labels])):
            with subdirectory(path, steps[0].__name__) as sub:
                is_labelled = steps == [external_labels]
                ours = ["--config.file=" + config, "--web.enable-remote-write-receiver"] \
                    if is_labelled else []
                with peers.prometheus(binary, sub, native, *flags,
                                      config=labels if is_labelled else "") as prometheus, \
                        peers.sloburn(SLOBURN, sub, *flags, *ours) as (sloburn, _):
                    dataset.push_all([prometheus, sloburn], start * 1000)
                    for step in steps:
                        step(prometheus, sloburn, start * 1000)
    print("PASSED")


main()
