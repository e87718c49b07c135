#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Remote write 2.0 from a real Prometheus: what arrives is what the Prometheus itself has, floats,
staleness markers, native histograms and such with custom buckets, and its metadata.

usage: remote_write_v2_test.py SLOBURN
"""
import json, os, sys, time, urllib.error, urllib.request

import dataset, peers

SLOBURN = sys.argv[1]
# Prometheus sends what is newer than its start, and both refuse what is over ten minutes ahead.
dataset.STEP_MS = 4000
SPAN_S = dataset.STEP_MS * dataset.STEPS // 1000
METRICS = b"""# HELP served_total Requests.
# TYPE served_total counter
served_total 1
# HELP room_bytes Room <left>.
# TYPE room_bytes gauge
room_bytes 2
# TYPE sizes histogram
sizes_bucket{le="1"} 1
sizes_bucket{le="+Inf"} 2
sizes_sum 3
sizes_count 2
# HELP quantiles Some.
# TYPE quantiles summary
quantiles{quantile="0.5"} 1
quantiles_sum 0
quantiles_count 0
# HELP untold Something.
untold 1
"""


def all_samples(base, end):
    result = peers.query(base, f"{{job!='scraped', __name__=~'.+'}}[{SPAN_S + 10}s]", end)
    return {json.dumps(one["metric"], sort_keys=True): one for one in result}


def same_values(a, b):
    """Texts of floats; NaN is NaN."""
    if isinstance(a, list):
        return isinstance(b, list) and len(a) == len(b) and all(map(same_values, a, b))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same_values(a[k], b[k]) for k in a)
    # Prometheus' encoder leaves out what equals nothing, and so sends -0 as 0.
    return a == b or (a, b) == ("-0", "0")


def samples(answer):
    return sum(len(one.get("values", [])) + len(one.get("histograms", []))
               for one in answer.values())


def metadata(base):
    data = json.loads(peers.get(base + "/api/v1/metadata"))["data"]
    names = ("served_total", "room_bytes", "sizes", "quantiles", "untold")
    return {name: data[name] for name in names if name in data}


def check(prometheus, sloburn):
    start = int(time.time()) * 1000 + 2000
    end = start / 1000 + SPAN_S
    dataset.push_all([prometheus], start)
    expected = all_samples(prometheus, end)
    assert samples(expected) > 4000, samples(expected)
    peers.wait_for("all samples",
                   lambda: samples(all_samples(sloburn, end)) >= samples(expected), 60)
    got = all_samples(sloburn, end)
    different = sorted(expected.keys() ^ got.keys())
    different += [key for key in expected.keys() & got.keys()
                  if not same_values(expected[key], got[key])]
    for key in different:
        print("series", key, str(expected.get(key))[:300], str(got.get(key))[:300], sep="\n  ")
    # Staleness markers are no samples of a range: the series must be gone just after its marker.
    after_marker = start / 1000 + 61 * dataset.STEP_MS / 1000
    if peers.query(sloburn, "ended", after_marker):
        different.append("a staleness marker got lost")
    if not any("histograms" in one for one in expected.values()):
        different.append("no histograms were compared")
    peers.wait_for("metadata", lambda: len(metadata(sloburn)) == 5, 60)
    if metadata(prometheus) != metadata(sloburn):
        different.append(f"metadata: {metadata(prometheus)} {metadata(sloburn)}")
    counters = peers.get(prometheus + "/metrics").decode()
    for name in ("prometheus_remote_storage_samples_failed_total",
                 "prometheus_remote_storage_histograms_failed_total"):
        failed = [line for line in counters.splitlines()
                  if line.startswith(name) and float(line.split()[-1]) != 0]
        different += failed
    print(f"{samples(expected)} samples of {len(expected)} series, {len(different)} differences")
    return different


def main():
    binary = peers.require_prometheus()
    port_of_target = peers.scrape_target(METRICS)
    with peers.workdir() as path, \
            peers.sloburn(SLOBURN, path, "--web.remote-write-receiver.accepted-protobuf-messages="
                          "io.prometheus.write.v2.Request") as (sloburn, _):
        config = f"""global: {{scrape_interval: 1s}}
scrape_configs:
  - {{job_name: scraped, static_configs: [{{targets: ['127.0.0.1:{port_of_target}']}}]}}
remote_write:
  - url: '{sloburn}/api/v1/write'
    protobuf_message: io.prometheus.write.v2.Request
    send_native_histograms: true
    queue_config: {{batch_send_deadline: 1s, max_shards: 1}}
"""
        with peers.prometheus(binary, path,
                              "--enable-feature=native-histograms,metadata-wal-records",
                              config=config) as prometheus:
            # The watcher of the WAL leaves out what is older than its own start.
            time.sleep(2)
            different = check(prometheus, sloburn)
    for one in different:
        print(one)
    sys.exit(1 if different else 0)


main()
