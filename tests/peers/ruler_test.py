#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The same rule files in a real Prometheus and in sloburn, under the same prefix: /api/v1/rules with all
its filters and pages, /api/v1/alerts, the metrics of rules, and what a prefix does to paths.
usage: ruler_test.py SLOBURN
"""
import itertools, json, os, re, sys, time, urllib.error, urllib.parse, urllib.request

import peers

SLOBURN = sys.argv[1]
RULES = {
    "a.yml": """groups:
- name: first
  interval: 1s
  labels: {team: blue}
  rules:
  - {record: 'job:one:sum', expr: 'sum(vector(1))', labels: {severity: page}}
  - {record: two, expr: '2 * job:one:sum'}
  - alert: Firing
    expr: vector(5) > 1
    labels: {severity: page, text: 'a b'}
    annotations: {summary: 'it is "<b>"', empty: ''}
  - alert: Pending
    expr: label_replace(vector(1), "instance", "a", "", "")
    for: 1h
    keep_firing_for: 5m
- name: second
  interval: 1s
  limit: 1
  query_offset: 2s
  rules:
  - {alert: Inactive, expr: 'vector(1) > 2', for: 90s}
  - {record: many, expr: 'label_replace(vector(1), "a", "b", "", "") or vector(2)'}
- {name: empty, interval: 1s, rules: []}
""",
    "b.yml": """groups:
- name: first
  interval: 1s
  rules:
  - {alert: Firing, expr: absent(nosuch), labels: {severity: info}}
  - {alert: Spaced, expr: 'label_replace(vector(1), "bad name", "x", "", "")'}
""",
}
TIMES = re.compile(r'"(lastEvaluation|activeAt|keepFiringSince|evaluationTime|groupNextToken)":("[^"]*"|[-0-9.e]+)')


def check(condition, *shown):
    if not condition:
        raise AssertionError(shown)


def fetch(url, follow=False):
    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_):
            return None
    opener = urllib.request.build_opener() if follow else urllib.request.build_opener(Stay)
    try:
        with opener.open(url, timeout=30) as answer:
            return answer.status, dict(answer.headers), answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers), error.read().decode()


def without_times(text):
    # A build of Prometheus without string labels leaves out the empty labels of recording rules.
    return TIMES.sub(r'"\1":0', text).replace('"labels":{},"health"', '"health"')


def queries(path):
    files = [os.path.join(path, name) for name in RULES]
    filters = [[("type", t)] for t in ("alert", "record", "x", "")]
    filters += [[("rule_name[]", n)] for n in ("Firing", "two", "nosuch", "")]
    filters += [[("rule_name[]", "Firing"), ("rule_name[]", "two")]]
    filters += [[("rule_group[]", g)] for g in ("first", "empty", "nosuch")]
    filters += [[("file[]", f)] for f in (*files, "a.yml")] + [[("file[]", f) for f in files]]
    filters += [[("match[]", m)] for m in ('{severity="page"}', '{team="blue"}', '{severity=~".+"}', "{a",
                                           '{__name__="two"}', '{text="a b"}', "")]
    filters += [[("match[]", '{severity="page"}'), ("match[]", '{severity="info"}')]]
    filters += [[("exclude_alerts", v)] for v in ("true", "false", "1", "maybe")]
    filters += [[("group_limit", n)] for n in ("1", "2", "3", "4", "10", "0", "-1", "x")]
    filters += [[("group_next_token", "x")], [("group_limit", "2"), ("group_next_token", "x")]]
    yield []
    yield from filters
    for one, other in itertools.combinations(filters[:4] + filters[8:11] + filters[16:20], 2):
        yield one + other


def pages(base):
    """All groups, one page after the other."""
    groups, token = [], ""
    while True:
        url = base + "/api/v1/rules?group_limit=1" + ("&group_next_token=" + token if token else "")
        data = json.loads(fetch(url)[2])["data"]
        groups.append([(g["file"], g["name"]) for g in data["groups"]])
        token = data.get("groupNextToken", "")
        if not token:
            return groups


def same_answers(path, prometheus, sloburn):
    count = 0
    for query in queries(path):
        url = "/api/v1/rules?" + urllib.parse.urlencode(query)
        one, other = fetch(prometheus + url), fetch(sloburn + url)
        check(one[0] == other[0], url, one, other)
        check(without_times(one[2]).strip() == without_times(other[2]).strip(), url, one[2], other[2])
        count += 1
    check(pages(prometheus) == pages(sloburn), pages(prometheus), pages(sloburn))
    one, other = (sorted(map(json.dumps, json.loads(without_times(fetch(base + "/api/v1/alerts")[2]))
                                                        ["data"]["alerts"])) for base in (prometheus, sloburn))
    check(one == other and len(one) == 4, one, other)
    print(f"{count} answers of /api/v1/rules and the alerts are equal")


def rule_metrics(base):
    """{family: type}, {(name, labels)} of everything about rules and reloads."""
    types, series = {}, set()
    for line in fetch(base + "/metrics")[2].splitlines():
        if line.startswith("# TYPE prometheus_rule") or line.startswith("# TYPE prometheus_config"):
            types[line.split()[2]] = line.split()[3]
        elif line.startswith(("prometheus_rule", "prometheus_config")):
            series.add(line.rsplit(" ", 1)[0])
    return types, series


def same_metrics(prometheus, sloburn):
    (types, series), (our_types, our_series) = rule_metrics(prometheus), rule_metrics(sloburn)
    # Prometheus has these beside the summaries, and the duration of a restore.
    missing = {name for name in types if name not in our_types}
    allowed = {"prometheus_rule_group_last_restore_duration_seconds",
               "prometheus_rule_evaluation_duration_histogram_seconds",
               "prometheus_rule_group_duration_histogram_seconds"}
    check(missing <= allowed, missing - allowed)
    check(all(types[name] == kind for name, kind in our_types.items()), types, our_types)
    check(our_series <= series, our_series - series)
    check({one for one in series - our_series if "restore" not in one and "histogram" not in one} ==
          {f'prometheus_rule_group_duration_seconds{{quantile="{q}"}}' for q in ("0.01", "0.05")},
          series - our_series)
    print(f"{len(our_types)} families of metrics about rules are equal in name, type and labels")


def same_paths(prometheus, sloburn):
    for url in ("/", "/ruler", "/-/healthy", "/api/v1/rules", "/rulerx/-/healthy", "/ruler/-/healthy",
                "/ruler/api/v1/query?query=1", "/ruler/nosuch"):
        one, other = fetch(prometheus + url), fetch(sloburn + url)
        if url == "/ruler":
            continue  # leads to Prometheus' pages, which are not here
        check(one[0] == other[0] and one[1].get("Location") == other[1].get("Location"), url, one, other)
        if url == "/":
            check(one[2] == other[2] and one[1]["Content-Type"] == other[1]["Content-Type"], one, other)


def main():
    binary = peers.require_prometheus()
    with peers.workdir() as path:
        for name, text in RULES.items():
            with open(os.path.join(path, name), "w") as f:
                f.write(text)
        config = ("global: {evaluation_interval: 1s, external_labels: {region: eu}}\n"
                  f"rule_files: ['{path}/a.yml', '{path}/b.yml']\n")
        file = os.path.join(path, "c.yml")
        with open(file, "w") as f:
            f.write(config)
        ports = peers.free_port(), peers.free_port()
        flags = ["--config.file=" + file, "--web.external-url=http://example.org/ruler/"]
        commands = [[binary, *flags, "--storage.tsdb.path=" + os.path.join(path, "tsdb")], [SLOBURN, "serve", *flags]]
        bases = [f"http://127.0.0.1:{port}" for port in ports]
        with peers.running([*commands[0], f"--web.listen-address=127.0.0.1:{ports[0]}"], path + "/log1"), \
                peers.running([*commands[1], f"--web.listen-address=127.0.0.1:{ports[1]}"], path + "/log2"):
            for base in bases:
                peers.wait_for("a server", lambda: peers.get(base + "/ruler/-/ready"))
            time.sleep(6)  # every group has ticked, the late one too
            same_paths(*bases)
            same_answers(path, *(base + "/ruler" for base in bases))
            same_metrics(*(base + "/ruler" for base in bases))


main()
