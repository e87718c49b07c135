#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""/api/v1/metadata of a Prometheus that scrapes a target, and of the sloburn to which it writes what
it learns: the same answers.

usage: metadata_test.py SLOBURN
"""
import json, os, sys, urllib.error, urllib.parse, urllib.request

import peers

SLOBURN = sys.argv[1]
METRICS = b"""# HELP up_time_seconds How long <it> runs & "more" \\\\ \\n
# TYPE up_time_seconds counter
up_time_seconds 1
# TYPE plain gauge
plain 2
# HELP sizes Bytes of things, \xc3\xa9.
# TYPE sizes histogram
sizes_bucket{le="+Inf"} 0
sizes_sum 0
sizes_count 0
# TYPE quantiles summary
quantiles_sum 0
quantiles_count 0
# HELP untold Something.
untold 1
"""


def ask(base, parameters):
    try:
        with urllib.request.urlopen(base + "/api/v1/metadata?" + parameters, timeout=30) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def compare(prometheus, sloburn):
    different = []
    for parameters in ("", "metric=plain", "metric=sizes", "metric=sizes_bucket", "metric=nosuch",
                       "metric=", "limit=-1", "limit=0", "limit=100", "limit_per_metric=1",
                       "limit_per_metric=0", "limit=x", "limit_per_metric=x", "limit=1.5",
                       "metric=plain&limit=0", "metric=plain&limit=1&limit_per_metric=-1"):
        expected, got = ask(prometheus, parameters), ask(sloburn, parameters)
        if expected != got:
            different.append((parameters, expected, got))
    # Which one is left by a limit is chance in Prometheus.
    answer = json.loads(ask(sloburn, "limit=2")[1])
    if len(answer["data"]) != 2:
        different.append(answer)
    return different


def main():
    binary = peers.require_prometheus()
    port_of_target = peers.scrape_target(METRICS)
    with peers.workdir() as path, peers.sloburn(SLOBURN, path) as (sloburn, _):
        config, port = os.path.join(path, "scrape.yml"), peers.free_port()
        with open(config, "w") as f:
            f.write(f"""global: {{scrape_interval: 1s}}
scrape_configs: [{{job_name: j, static_configs: [{{targets: ['127.0.0.1:{port_of_target}']}}]}}]
remote_write: [{{url: '{sloburn}/api/v1/write', metadata_config: {{send_interval: 1s}}}}]
""")
        prometheus = f"http://127.0.0.1:{port}"
        command = [binary, "--config.file=" + config, f"--web.listen-address=127.0.0.1:{port}",
                   "--storage.tsdb.path=" + os.path.join(path, "tsdb")]
        with peers.running(command, os.path.join(path, "prometheus.log")):
            peers.wait_for("metadata", lambda: b"untold" in ask(prometheus, "")[1])
            peers.wait_for("written metadata", lambda: b"untold" in ask(sloburn, "")[1])
            different = compare(prometheus, sloburn)
    for one in different:
        print(*one)
    sys.exit(1 if different else 0)


main()
