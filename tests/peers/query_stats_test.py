#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""stats=all of sloburn and of a Prometheus that holds the same samples: the same numbers of samples,
at every step. The peak is compared where both hold just the result. histogram_count and its like are
left out: only counts and sums are read for them, while 3.5 counts whole histograms.

usage: query_stats_test.py SLOBURN
"""
import json, sys, time, urllib.error, urllib.parse, urllib.request

import dataset, peers

BOTH = [
    "up", "up{job='web'}", "nothing", "1", "time()", "ended", "gappy", "odd_values", "native_seconds",
    "custom_seconds", "up offset 5m", "up @ end()", "up @ 1", "rate(requests_total[5m])",
    "sum by (job) (rate(requests_total[2m]))", "rate(requests_total[5m] offset 3m)",
    "rate(requests_total[5m] @ end())", "sum(up) + sum(up)", "up + on (job, instance) up",
    "up * nothing", "nothing or up", "up and requests_total", "up unless nothing", "nothing and up",
    "up or requests_total", "requests_total > 100", "topk(2, up)", "count_values('v', up)",
    "quantile(0.5, up)", "bottomk(0, up)", "timestamp(up)", "timestamp(native_seconds)",
    "timestamp(up + 0)", "absent(up)", "absent(nothing)", "absent_over_time(up[5m])",
    "absent_over_time(nothing[5m])", "label_replace(up, 'a', 'b', 'c', '')", "scalar(sum(up))",
    "vector(scalar(up))", "histogram_quantile(0.9, latency_seconds_bucket)",
    "histogram_quantile(0.9, rate(latency_seconds_bucket[5m]))",
    "histogram_quantile(0.9, native_seconds)", "rate(native_seconds[5m])",
    "sum(native_seconds)", "native_seconds + native_seconds",
    "histogram_fraction(0, 1, custom_seconds)", "quantile_over_time(scalar(up{job='none'}), up[1m])",
    "quantile_over_time(0.5, up[3m])", "max_over_time(up[1m])", "last_over_time(gappy[30s])",
    "predict_linear(up[5m], 60)", "clamp(up, 0, scalar(sum(up)))", "-up", "(up)", "day_of_month(up)",
    "max_over_time(up[10m:1m])", "max_over_time(rate(requests_total[1m])[10m:30s])",
    "max_over_time(sum(up)[10m:30s] offset 2m)", "avg_over_time(up[5m:10s])",
    "max_over_time(max_over_time(up[1m:15s])[5m:30s])", "max_over_time((up @ end())[5m:30s])",
    "max_over_time(up[5m:30s] @ end())", "sum_over_time(native_seconds[5m:30s])",
    "max_over_time(vector(1)[5m:30s])", "max_over_time(up[30s:5s])", "up + up @ end()",
    "sum(up @ end()) + sum(up)", "rate(requests_total[1m] @ start()) + rate(requests_total[1m])",
    "group by (job) (up) * on (job) group_right requests_total", "stddev(requests_total)",
    "sort(up)", "up == bool 1", "min(max_over_time(up[2m])) without (job)", "rate(ended[3m])",
    "{__name__=~'.*total'}", "{__name__=~'.+'}", "resets(requests_total[10m])",
]
INSTANT = ["up[5m]", "native_seconds[2m]", "up[5m] offset 2m", "up[5m:30s]", "sum(up)[5m:30s]",
           "rate(requests_total[1m])[5m:30s]", "'text'", "up[5m] @ end()", "custom_seconds[3m]"]
# What is held at once is the result, in both.
SAME_PEAK = ["up", "requests_total", "native_seconds", "up offset 5m", "gappy"]


def samples_of(base, path, **parameters):
    body = urllib.parse.urlencode(dict(parameters, stats="all")).encode()
    try:
        answer = json.loads(urllib.request.urlopen(base + path, data=body, timeout=60).read())
    except urllib.error.HTTPError as error:
        return {"error": json.loads(error.read())["error"]}
    return answer["data"]["stats"]["samples"]


class Comparison:
    def __init__(self, prometheus, sloburn):
        self.prometheus, self.sloburn = prometheus, sloburn
        self.total = self.different = 0

    def check(self, path, query, **parameters):
        expected = samples_of(self.prometheus, path, query=query, **parameters)
        got = samples_of(self.sloburn, path, query=query, **parameters)
        keys = ["error", "totalQueryableSamples", "totalQueryableSamplesPerStep"]
        keys += ["peakSamples"] if query in SAME_PEAK else []
        keys += ["samplesRead", "samplesReadPerStep"] if "samplesRead" in expected else []
        self.total += 1
        wrong = [k for k in keys if expected.get(k) != got.get(k)]
        steps = got.get("samplesReadPerStep", [])
        if "error" not in got and sum(n for _, n in steps) != got["samplesRead"]:
            wrong.append("samplesRead is no sum")
        if wrong:
            self.different += 1
            print(f"{path} {query} {parameters}: {wrong}\n  prometheus {str(expected)[:400]}\n"
                  f"  sloburn    {str(got)[:400]}")


def main():
    binary = peers.require_prometheus()
    features = "promql-per-step-stats"
    with peers.workdir() as path, \
            peers.prometheus(binary, path, "--enable-feature=native-histograms,"
                             + features) as prometheus, \
            peers.sloburn(sys.argv[1], path, "--enable-feature=" + features) as (sloburn, _):
        start = int(time.time()) // 60 * 60 - 3000
        end = start + (dataset.STEPS - 1) * dataset.STEP_MS // 1000
        dataset.push_all([prometheus, sloburn], start * 1000)
        both = Comparison(prometheus, sloburn)
        for query in BOTH + INSTANT:
            for at in (end, start + 301.5):
                both.check("/api/v1/query", query, time=str(at))
        for query in BOTH:
            for step in ("15", "60", "7.5", "400"):
                both.check("/api/v1/query_range", query, start=str(start + 600), end=str(end),
                           step=step)
        print(f"{both.total - both.different} of {both.total} statistics equal")
        sys.exit(1 if both.different else 0)


main()
