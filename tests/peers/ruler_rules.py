# SPDX-License-Identifier: Apache-2.0
"""The rules of the side-by-side run: a table of groups that meets every family of functions and every
field of groups and rules. Metrics named sbs_… come from ruler_data.py; a rule's name begins with that of
its group, so that samples tell where they are from.

A group that reads what others record or alert has the greatest query offset: then all that it reads has
been written when it looks.
"""
import json, re
from dataclasses import dataclass, field

OFFSET_S = 3       # global.rule_query_offset: data is there by then
LATE_OFFSET_S = 6  # of groups that read other groups


@dataclass
class Rule:
    name: str
    expr: str
    labels: dict = field(default_factory=dict)
    is_alert: bool = False
    hold_s: int = 0
    keep_s: int = 0
    annotations: dict = field(default_factory=dict)

    def text(self):
        fields = {"alert" if self.is_alert else "record": self.name, "expr": self.expr}
        if self.hold_s:
            fields["for"] = f"{self.hold_s}s"
        if self.keep_s:
            fields["keep_firing_for"] = f"{self.keep_s}s"
        if self.labels:
            fields["labels"] = self.labels
        if self.annotations:
            fields["annotations"] = self.annotations
        return json.dumps(fields, ensure_ascii=False)  # JSON is YAML


@dataclass
class Group:
    name: str
    interval_s: int
    rules: list
    offset_s: int = None  # None: the global one
    limit: int = 0
    labels: dict = field(default_factory=dict)

    def text(self):
        fields = {"name": self.name, "interval": f"{self.interval_s}s"}
        if self.offset_s is not None:
            fields["query_offset"] = f"{self.offset_s}s"
        if self.limit:
            fields["limit"] = self.limit
        if self.labels:
            fields["labels"] = self.labels
        body = ", ".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in fields.items())
        tick = Rule(f"{self.name}:tick", "time()")  # tells when the group ticked
        rules = ",\n    ".join(rule.text() for rule in [tick] + self.rules)
        return "- {" + body + ', "rules": [\n    ' + rules + "]}\n"

    @property
    def query_offset_ms(self):
        return 1000 * (OFFSET_S if self.offset_s is None else self.offset_s)


def _records(group, table):
    """From [(name, expression[, labels])]."""
    return [Rule(f"{group}:{row[0]}", row[1], *row[2:]) for row in table]


def _called(group, functions, argument):
    """A rule for each function; "f(…, 1)" has its other arguments and … for the common one."""
    rows = []
    for one in functions:
        expr = one.replace("…", argument) if "…" in one else f"{one}({argument})"
        rows.append((re.sub(r"\W+", "_", one).strip("_"), expr))
    return _records(group, rows)


def _alert(group, name, expr, hold_s=0, keep_s=0, labels=None):
    return Rule(f"{group}_{name}", expr, labels or {}, True, hold_s, keep_s,
                {"summary": f"{name} of {group}", "runbook": "https://example.com/?a=1&b=<2>"})


def _instant_groups():
    aggregations = [
        (f"{op}_{how}", f"{op} {how} ({labels}) ({'' if op != 'quantile' else '0.75, '}sbs_load)")
        for op in ("sum", "avg", "min", "max", "count", "group", "stddev", "stdvar", "quantile")
        for how, labels in (("by", "job"), ("without", "instance, room"))]
    return [
        Group("instant", 1, _records("instant", [
            ("gauge", "sbs_temp"), ("counter", 'sbs_requests_total{code=~"4..|5.."}'),
            ("not", 'sbs_queue{instance!="a:80", queue!~"o.*"}'), ("up", "sbs_up"),
            ("negative", "-sbs_temp"), ("above", "sbs_queue > 2"), ("bool", "sbs_queue >bool 2"),
            ("odd", "sbs_temp != sbs_temp"), ("labelled", 'sbs_queue{queue="in"}', {"queue": "all", "cell": "é"}),
            ("unlabelled", 'sbs_load{job="api"}', {"job": ""}),
        ])),
        Group("aggregates", 5, _records("aggregates", aggregations + [
            ("of_nan", "max by (job) (sbs_temp)"), ("topk", "topk by (job) (2, sbs_load)"),
            ("bottomk", "bottomk(3, sbs_load)"), ("values", 'count_values("n", sbs_queue)'),
            ("of_rates", "sum by (job, code) (rate(sbs_requests_total[30s]))"),
            ("ratio", 'sum by (job) (rate(sbs_requests_total{code="500"}[1m])) '
                      "/ sum by (job) (rate(sbs_requests_total[1m]))"),
        ]), labels={"team": "core", "tier": "1"}),
        Group("joins", 5, _records("joins", [
            (name, f"sbs_load {op} on (job, instance, room) sbs_temp") for name, op in
            (("plus", "+"), ("minus", "-"), ("times", "*"), ("over", "/"), ("equal", "=="),
             ("unequal", "!=bool"), ("less", "<"), ("most", "<=bool"), ("greater", ">"), ("and", "and"),
             ("or", "or"), ("unless", "unless"))] + [
            ("mod", "sbs_queue % 3"), ("power", "sbs_queue ^ 2"), ("scaled", "100 * sbs_queue / 7"),
            ("left", "sbs_queue * on (job, instance) group_left (version) sbs_build_info"),
            ("right", "sbs_build_info * on (job, instance) group_right () sbs_queue"),
            ("ignoring", 'sbs_queue{queue="in"} - ignoring (queue) sbs_queue{queue="out"}'),
            ("nobody", "sbs_queue and on (job) sbs_nothing"),
        ]), offset_s=4),
        Group("labels", 10, _records("labels", [
            ("replace", 'label_replace(sbs_queue, "host", "$1", "instance", "(.*):.*")'),
            ("join", 'label_join(sbs_queue, "path", "/", "job", "instance", "queue")'),
            ("sort", "sort(sbs_load)"), ("sort_desc", "sort_desc(sbs_load)"),
            ("by_label", 'sort_by_label(sbs_queue, "queue", "job")'),
            ("absent", 'absent(sbs_nothing{job="api"})'), ("present", "absent(sbs_queue)"),
            ("scalar", 'scalar(sbs_load{job="api", instance="a:80", room="hall"}) + 1'),
            ("nan_scalar", "vector(scalar(sbs_load))"), ("number", "42"), ("vector", "vector(-0.0)"),
        ])),
        Group("utf8", 5, [
            Rule("utf8:größe", '{"sbs.load"}', {"team.name": "ä ö", "dots.too": "1"}),
            Rule("utf8:with space", 'sum by ("service.name") ({"sbs.load", "service.name"!="none"})'),
            Rule("utf8:again", '{"utf8:größe", "dots.too"="1"} * 2'),
            Rule("utf8_größer.als", '{"sbs.load"} > 0.5 and on () sbs_started', {"sev.erity": "ü"}, True, 2),
        ]),
        Group("times", 2, _called("times", [
            "timestamp", "hour", "minute", "month", "year", "day_of_week", "day_of_month",
            "day_of_year", "days_in_month"], "sbs_clock") + _records("times", [
                ("now", "time()"), ("seconds", "time() % 60"), ("minute_now", "minute()"),
                ("timestamp_of_sum", "timestamp(sum(sbs_queue))"), ("pi", "pi()")])),
        Group("maths", 10, _called("maths", [
            "abs", "ceil", "floor", "round", "round(…, 0.5)", "sgn", "sqrt", "exp", "ln", "log2",
            "log10", "clamp(…, -5, 5)", "clamp_min(…, 0)", "clamp_max(…, 3)", "deg", "rad"], "sbs_load")),
        Group("trig", 15, _called("trig", [
            "sin", "cos", "tan", "atan", "sinh", "cosh", "tanh", "asinh", "asin(… / 100)",
            "acos(… / 100)", "acosh(abs(…) + 1)", "atanh(… / 100)", "… atan2 sbs_load"],
            'sbs_load{room="hall"}')),
    ]


def _range_groups(at_s):
    return [
        Group("rates", 2, _called("rates", [
            "rate", "increase", "irate", "idelta", "delta", "resets", "changes"],
            "sbs_requests_total[30s]") + _called("rates", ["deriv", "predict_linear(…, 60)"],
                                                 "sbs_seconds_total[1m]") + _records("rates", [
                ("late", "rate(sbs_flow_total[20s])"), ("jumps", "changes(sbs_queue[10s])")]), offset_s=4),
        Group("windows", 5, _called("windows", [
            f + "_over_time" for f in ("avg", "min", "max", "sum", "count", "last", "present", "stddev",
                                       "stdvar", "mad", "ts_of_max", "ts_of_min", "ts_of_last")] + [
            "quantile_over_time(0.9, …)", "double_exponential_smoothing(…, 0.5, 0.3)"],
            "sbs_load[1m]") + _records("windows", [
                ("of_nan", "max_over_time(sbs_temp[20s])"), ("sum_of_nan", "sum_over_time(sbs_temp[20s])"),
                ("absent", "absent_over_time(sbs_come[10s])"), ("long", "max_over_time(sbs_load[10m])"),
                ("up", "avg_over_time(sbs_up[30s])")])),
        Group("modifiers", 10, _records("modifiers", [
            ("offset", "sbs_load offset 7s"), ("ahead", "sbs_load offset -1s"),
            ("at", f"sbs_load @ {at_s}"), ("range_offset", "rate(sbs_requests_total[20s] offset 15s)"),
            ("at_end", "max_over_time(sbs_load[10s] @ end())"), ("change", "sbs_queue - sbs_queue offset 10s"),
        ]), offset_s=5),
        Group("subqueries", 10, _records("subqueries", [
            ("max_rate", "max_over_time(rate(sbs_requests_total[10s])[30s:5s])"),
            ("default_step", "count_over_time(sbs_queue[5m:])"),
            ("nested", "max_over_time(min_over_time(sbs_load[10s:2s])[30s:5s] offset 5s)"),
            ("sum", "sum_over_time(sum(sbs_queue)[20s:3s])"),
            ("quantile", "quantile_over_time(0.5, (sbs_load * 2)[1m:7s])"),
        ])),
        Group("classic", 10, _records("classic", [
            (f"p{q}", f"histogram_quantile(0.{q}, sum by (le, job) (rate(sbs_latency_bucket[1m])))")
            for q in (10, 50, 90, 99)] + [
            ("raw", "histogram_quantile(0.9, sbs_latency_bucket)"),
            ("apdex", '(sum by (job) (rate(sbs_latency_bucket{le="0.25"}[30s])) + sum by (job) '
                      '(rate(sbs_latency_bucket{le="1"}[30s]))) / 2 / sum by (job) '
                      "(rate(sbs_latency_count[30s]))"),
            ("mean", "rate(sbs_latency_sum[30s]) / rate(sbs_latency_count[30s])")])),
        Group("slow", 30, _records("slow", [
            ("requests", "sum by (job) (increase(sbs_requests_total[5m]))"),
            ("load", "avg by (job) (avg_over_time(sbs_load[2m]))"),
            ("of_requests", "slow:requests / 300"), ("come", "count(sbs_come)")])),
    ]


def _native_group():
    return Group("native", 5, _called("native", [
        "histogram_count", "histogram_sum", "histogram_avg", "histogram_quantile(0.9, …)",
        "histogram_fraction(0, 4, …)", "histogram_stddev", "histogram_stdvar",
        "… * 2", "sum by (job) (…)"], "sbs_native") + _called("native", [
            "rate", "increase", "irate", "last_over_time", "count_over_time", "sum_over_time",
            "resets", "changes"], "sbs_native[20s]") + _records("native", [
                ("same", "sbs_native"), ("negative", "-sbs_spread"), ("custom", "sbs_custom"), ("mixed", "sbs_mixed"),
                ("custom_rate", "rate(sbs_custom[20s])"), ("gauge_delta", "delta(sbs_spread[20s])"),
                ("p99", "histogram_quantile(0.99, sum by (job) (rate(sbs_native[20s])))"),
                ("custom_p50", "histogram_quantile(0.5, sbs_custom)")]), offset_s=4)


def _state_groups():
    """Where what a tick finds depends on the ticks before."""
    return [
        Group("chains", 2, _records("chains", [
            ("flow", "rate(sbs_flow_total[10s])"), ("total", "sum(chains:flow)"),
            ("share", "chains:flow / on () group_left () chains:total"),
            ("mean", "avg_over_time(chains:total[30s])"), ("peak", "max_over_time(chains:flow[20s])"),
            ("before", "chains:after"), ("after", "chains:total + 1"),
            ("since", "chains:total - chains:total offset 10s"), ("count", "count_over_time(chains:flow[10s])"),
            ("sub", "max_over_time(chains:flow[20s:4s])"), ("counter", "(chains:counter or vector(0)) + 1 "
             "and on () sbs_started"),
        ])),
        Group("vanishing", 1, _records("vanishing", [
            ("come", "sbs_come"), ("marked", "sbs_marked"), ("count", "count(sbs_come)"),
            ("from", "vanishing:come"), ("some", "sbs_queue == 0"), ("flip", "sbs_drive == 1"),
            ("range", "last_over_time(sbs_come[5s])"), ("churn", 'count_values("value", sbs_queue)')])),
        Group("failing", 5, [
            Rule("failing:string", '"text"'), Rule("failing:matrix", "sbs_queue[10s]"),
            Rule("failing:many", 'sbs_clock{job="api"} / on (job) sbs_queue{job="api", '
                                 'instance="a:80"}'),
            Rule("failing:same", 'sbs_queue{job="api"}', {"instance": "x", "queue": "y"}),
            Rule("failing:at_times", "sbs_drive == 1", {"k": "one"}),
            Rule("failing:reader", "failing:at_times + 1"),
            Rule("failing:quantile", 'label_replace(sbs_queue, "0", "$1", "job", "(")'),
            _alert("failing", "many", 'sbs_clock{job="api"} / on (job) sbs_queue{job="api", instance="a:80"}'),
            _alert("failing", "string", '"text"'),
            _alert("failing", "same", "sbs_drive == 1", 0, 0, {"k": "one"}),
            _alert("failing", "held", "sbs_drive == 1", 4, 6, {"k": "one"}),
        ]),
        Group("limited", 2, _records("limited", [("hit", "sbs_queue"), ("at_times", "sbs_drive == 1"),
                                                 ("below", "sum(sbs_queue)")])
              + [_alert("limited", "some", "sbs_drive == 1", 3),
                 _alert("limited", "kept", "sbs_drive == 1", 0, 8)], limit=3),
        Group("unlimited", 5, _records("unlimited", [("all", "sbs_queue")])
              + [_alert("unlimited", "some", "sbs_drive == 1")], limit=100, offset_s=4),
    ]


def _alert_groups():
    groups = []
    for name, interval_s in (("quick", 1), ("steady", 5), ("lazy", 15)):
        rules = [_alert(name, f"Hold{hold}Keep{keep}", "sbs_drive == 1", hold, keep,
                        {"severity": "page" if keep else "ticket"})
                 for hold in (0, 1, 4, 12, 40) for keep in (0, 3, 25)]
        groups.append(Group(name, interval_s, rules, offset_s={"steady": 4}.get(name),
                            labels={"from": name, "severity": "none"} if name == "quick" else {}))
    groups.append(Group("conditions", 2, _records("conditions", [("pressure", "sbs_drive * 10")]) + [
        _alert("conditions", "OfRule", "conditions:pressure > 5", 3),
        _alert("conditions", "Always", "vector(7) and on () sbs_started", 10, 0, {"empty": ""}),
        _alert("conditions", "Absent", 'absent(sbs_come{k="0"}) and on () sbs_started', 2),
        _alert("conditions", "Rate", "rate(sbs_flow_total[10s]) > 8", 4, 4),
        _alert("conditions", "Same", "sbs_drive == 1", 2),
        _alert("conditions", "Same", "sbs_drive == 1", 2, 0, {"other": "1"}),
        _alert("conditions", "OfAlerts", 'ALERTS{alertname="conditions_OfRule", alertstate="firing"}', 2),
        _alert("conditions", "Renamed", "sum(sbs_drive) > 3", 1, 0, {"alertname": "mine", "k": "k"}),
        _alert("conditions", "Values", "sbs_queue > 2 and on () sbs_started"),
    ]))
    late = [
        Group("over_groups", 5, _records("over_groups", [
            ("requests", "slow:requests"), ("rates", "sum(rates:rate)"), ("peak", "max_over_time(rates:late[10s])"),
            ("chain", "chains:total offset 2s"), ("gone", "vanishing:come"),
            ("of_window", "avg_over_time(chains:total[15s])"), ("flips", "changes(vanishing:flip[20s])")])
            + [_alert("over_groups", "Flow", "chains:total > 20", 5)], offset_s=LATE_OFFSET_S),
        Group("over_alerts", 2, _records("over_alerts", [
            ("firing", 'count by (alertname) (ALERTS{alertstate="firing"})'),
            ("pending", 'ALERTS{alertstate="pending", from="quick"}'),
            ("since", 'time() - ALERTS_FOR_STATE{alertname=~"steady.*"}'),
            ("states", "count by (alertstate) (ALERTS)")])
            + [_alert("over_alerts", "Many", 'count(ALERTS{alertstate="firing"}) > 20', 4, 6)],
            offset_s=LATE_OFFSET_S),
    ]
    return groups + late


def _reload_groups(revision):
    """What reloads change: revision 1 stands between 0 and 2, which are equal but for one `for`."""
    changed = revision == 1

    def pick(before, after):
        return after if changed else before

    moved = _records("reload_a", [("moved", "sbs_queue")])
    moved_alert = _alert("reload_a", "Moved", "sbs_drive == 1", 6)
    a = _records("reload_a", [("stays", "sbs_load"), (pick("old", "new"), "sbs_queue * 3"),
                              ("relabelled", "sbs_queue", {"rev": pick("0", "1")}),
                              ("changed", pick("sbs_queue", "sbs_queue + 1")),
                              ("twice", "sbs_queue", {"n": "1"})])
    a += pick(_records("reload_a", [("removed", "sbs_queue")]) + moved + [moved_alert], [])
    a += [
        # A Prometheus 3.5 lets an alert fire on whose `for` was raised: so this one has been active
        # for longer already, and the lowered one stays so.
        _alert("reload_a", "Raised", 'sbs_drive{k="on"} == 1', pick(8, 12)),
        _alert("reload_a", "Lowered", "sbs_drive == 1", 5 if revision else 50),
        _alert("reload_a", "Unkept", "sbs_drive == 1", 0, pick(30, 0)),
        _alert("reload_a", "Kept", "sbs_drive == 1", 0, pick(0, 30)),
        _alert("reload_a", "Relabelled", "sbs_drive == 1", 7, 0, {"rev": pick("0", "1")}),
        _alert("reload_a", pick("OldName", "NewName"), "sbs_drive == 1", 7),
        _alert("reload_a", "Expr", pick("sbs_drive == 1", "sbs_drive >= 1"), 7),
    ]
    a += pick([], _records("reload_a", [("added", "rate(sbs_requests_total[30s])")]))
    b = _records("reload_b", [("stays", "sbs_queue")]) + pick(
        [], moved + [moved_alert, _alert("reload_b", "Number", "5 * scalar(sbs_started)", 4)])
    gone = _records("reload_gone", [("queue", "sbs_queue")]) + [
        _alert("reload_gone", "Drive", "sbs_drive == 1", 3)]
    fields = _records("reload_fields", [("queue", "sbs_queue")]) + [
        _alert("reload_fields", "Drive", "sbs_drive == 1", 3)]
    # The group becomes another one, its rules write the same series.
    same = _records("reload_was", [("queue", "sbs_queue"), ("more", "reload_was:queue + 1")])
    same += [_alert("reload_was", "Drive", "sbs_drive == 1", 3)]
    groups = [Group("reload_a", 5, a), Group("reload_b", 5, b),
              Group("reload_is", 5, pick([], same)),
              Group("reload_fields", 5, fields, offset_s=pick(None, 4), limit=pick(0, 50),
                    labels=pick({}, {"rev": "1"}))]
    return groups + pick([Group("reload_gone", 5, gone), Group("reload_was", 5, same)], [])


RELOADED = ("reload_a", "reload_b", "reload_fields", "reload_gone", "reload_was", "reload_is")
REMOVED = ("reload_gone", "reload_was")


def groups(revision=0, intervals=(1, 30), with_native=True, at_s=0):
    """All groups, with intervals between those two. One rule reads at `at_s` alone."""
    found = _instant_groups() + _range_groups(at_s) + _state_groups() + _alert_groups()
    if with_native:
        found.append(_native_group())
    found += _reload_groups(revision)
    for group in found:
        group.interval_s = min(max(group.interval_s, intervals[0]), intervals[1])
    return found


def files(all_groups):
    """{name of a file: its text}; those that a reload changes are together."""
    out = {}
    for i, group in enumerate(all_groups):
        name = "reload.yml" if group.name in RELOADED else f"rules-{i % 3}.yml"
        out.setdefault(name, "groups:\n")
        out[name] += group.text()
    return out


def group_of(labels):
    """The name of the group that a series is from."""
    name = labels["__name__"]
    if name in ("ALERTS", "ALERTS_FOR_STATE"):
        name = labels["alertname"].replace("reload_", "reload-").replace("over_", "over-")
        return name.split("_")[0].replace("-", "_")
    return name.split(":")[0]


# Functions whose last bits depend on the order of adding, or on the mathematical library.
_INEXACT = re.compile(r"^histogram_(quantile|fraction|stddev|stdvar)\b.*_(native|spread)|"
                      r"\b(sum|avg|stddev|stdvar|exp|ln|log2|log10|sin|cos|tan|a?sinh|a?cosh|a?tanh|"
                      r"asin|acos|atan2?|deriv|stddev_over_time|stdvar_over_time)\b|\^")


def inexact_names(all_groups):
    """The recorded names whose values may differ by 1e-12 of themselves: see docs/exactness.md."""
    rules = [rule for group in all_groups for rule in group.rules if not rule.is_alert]
    found = set()
    while True:
        more = {rule.name for rule in rules if rule.name not in found and (
            _INEXACT.search(rule.expr) or any(name in rule.expr for name in found))}
        if not more:
            return found
        found |= more
