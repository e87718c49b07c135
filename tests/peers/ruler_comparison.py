# SPDX-License-Identifier: Apache-2.0
"""What the side-by-side run compares in the end, and from when to when. `setting` is that of
ruler_side_by_side_test.py.
"""
import concurrent.futures, itertools, json, re, time

import peers
import ruler_rules
from recorded_series import STALE, Comparison, negative_zeros, read_all

PATTERN = ".*:.*|ALERTS|ALERTS_FOR_STATE"


def rule_states(base):
    """{group: what /api/v1/rules tells of it, without how long it took}"""
    groups = {}
    for group in json.loads(peers.get(base + "/api/v1/rules"))["data"]["groups"]:
        rules = []
        for rule in group["rules"]:
            kept = {key: value for key, value in rule.items()
                    if key not in ("evaluationTime", "lastEvaluation", "alerts")}
            kept.setdefault("labels", {})  # an older Prometheus leaves out empty ones
            kept["lastError"] = in_any_order(rule.get("lastError", ""))
            kept["alerts"] = sorted(json.dumps(alert, sort_keys=True) for alert in
                                    (comparable(alert) for alert in rule.get("alerts") or ()))
            rules.append(kept)
        groups[group["name"]] = {"file": group["file"], "interval": group["interval"],
                                 "limit": group.get("limit", 0), "rules": rules}
    return groups


def comparable(alert):
    """Times to the millisecond, which is what sloburn keeps."""
    out = dict(alert)
    for key in ("activeAt", "keepFiringSince"):
        if key in out:
            out[key] = re.sub(r"(\.\d{3})\d*|(?=Z)", lambda m: m[1] or "", out[key], count=1)
    return out


def in_any_order(error):
    """Which of two duplicates is named first is sorted only since 3.8."""
    found = re.match(r"(found duplicate series .*operation: \[)(.*)(\];many-to-many.*)", error)
    return found[1] + str(sorted(re.split(r"(?<=\}), (?=\{)", found[2]))) + found[3] if found else error


def compare_states(setting):
    """The groups' states. One that differs is asked for again: the other may just have ticked."""
    comparison = Comparison("/api/v1/rules, Prometheus | sloburn")
    waiting = {group.name for group in setting.groups()}
    last = {}
    for _ in range(20):
        with concurrent.futures.ThreadPoolExecutor() as pool:
            left, right = pool.map(lambda server: rule_states(server.base), setting.rulers)
        assert set(left) == set(right) == {group.name for group in setting.groups()}
        for name in sorted(waiting):
            one, other = ((state[name], final_alerts(state[name])) for state in (left, right))
            pair = 1 if setting.options.restart else 0
            if one[pair] == other[pair]:
                waiting.discard(name)
            last[name] = one[pair], other[pair]
        if not waiting:
            break
        time.sleep(0.35)
    comparison.series = len(last)
    comparison.samples = sum(len(group.rules) + 1 for group in setting.groups())
    for name in sorted(waiting):
        left, right = ([{**group, "rules": None}] + group["rules"] for group in last[name])
        for one, other in itertools.zip_longest(left, right):
            if one != other:
                comparison.differs(f"{name}: {one} | {other}")
    return comparison


def final_alerts(group):
    """Alerts by labels and state, without since when."""
    def without_times(rule):
        alerts = (json.loads(alert) for alert in rule["alerts"])
        return {**rule, "alerts": sorted(json.dumps([a["labels"], a["state"]]) for a in alerts)}
    return {**group, "rules": [without_times(rule) for rule in group["rules"]]}


class Windows:
    """From when to when the samples of a group are compared, in ms of their own times."""

    def __init__(self, setting, thirds, until_ms, gap):
        self.gap = gap  # of a restart; None without
        everywhere = max(thirds.values())
        offsets = {}
        for group in sum((setting.groups(revision) for revision in range(3)), []):
            offsets[group.name] = max(group.query_offset_ms, offsets.get(group.name, 0))
        self.of = {}
        for name, third in thirds.items():
            start = third
            if offsets[name] == 1000 * ruler_rules.LATE_OFFSET_S:
                start = max(start, everywhere + offsets[name])
            self.of[name] = start, until_ms - offsets[name]
        joint = [self.of[name] for name in ruler_rules.RELOADED if name in self.of]
        for name in ruler_rules.RELOADED:
            self.of[name] = max(one[0] for one in joint), min(one[1] for one in joint)
        # Rules that read alerts, that count ticks, and that may fail when all is killed: of these
        # Prometheus ends no series that it wrote before.
        self.not_across = re.compile(r"ALERTS.*|over_alerts:.*|conditions:.*|chains:counter|"
                                     r"limited:at_times|failing:.*")

    def cut(self, labels, samples):
        name = dict(labels)["__name__"]
        start, end = self.of[ruler_rules.group_of(dict(labels))]
        if self.gap and self.not_across.fullmatch(name):
            end = min(end, self.gap[0] - 1000 * ruler_rules.LATE_OFFSET_S)
        kept = {at: value for at, value in samples.items() if start <= at <= end}
        if not self.gap:
            return kept
        return {at: value for at, value in kept.items()
                if at <= self.gap[0] - 1000 * ruler_rules.LATE_OFFSET_S or at >= self.gap[1]}


def end_of_removed(labels, samples, reloads):
    """The series of a group that is gone end by each process' own clock: here, as both reloaded."""
    if ruler_rules.group_of(dict(labels)) not in ruler_rules.REMOVED:
        return samples
    out = {}
    for at, value in samples.items():
        for reload_ms in reloads if value == STALE else ():
            ended = reload_ms - 1000 * ruler_rules.OFFSET_S
            if abs(at - ended) < 1000:
                at = ended
        out[at] = value
    return out


def compare_series(names, left, right, windows, inexact, reloads):
    comparison = Comparison(names)
    for labels in sorted(left.keys() | right.keys()):
        one, other = (windows.cut(labels, end_of_removed(labels, side.get(labels, {}), reloads))
                      for side in (left, right))
        name = dict(labels)["__name__"]
        relative = 1e-12 if name in inexact else 0
        if one or other:
            comparison.add(labels, one, other, relative)
    return comparison


def compare_written_back(own, received, until_ms):
    comparison = Comparison("written back, sloburn | its receiver")
    for labels in sorted(own.keys() | received.keys()):
        one, other = ({at: value for at, value in side.get(labels, {}).items() if at <= until_ms}
                      for side in (own, received))
        comparison.add(labels, one, other, 0)
    return comparison


def compare_zeros(setting, windows, until_ms):
    """Remote read tells no -0: that is seen by the query API, of the last minutes."""
    left, right = (negative_zeros(server.base, ".*:.*", 240, until_ms / 1000)
                   for server in setting.rulers)
    comparison = Comparison("-0, Prometheus | sloburn")
    for labels, at in sorted(left ^ right):
        samples = {round(at * 1000): 0.0}
        if windows.cut(labels, samples):
            comparison.differs(f"{dict(labels)} at {at}: {(labels, at) in left} | {(labels, at) in right}")
    comparison.samples = len(left | right)
    return comparison


def compare_all(setting, thirds, reloads, gap, started_ms):
    until_ms = int(time.time() * 1000)
    states = compare_states(setting)
    time.sleep(max(0, until_ms / 1000 + 5 - time.time()))
    now_ms = int(time.time() * 1000)
    ruler, own, received = (read_all(server.base, PATTERN, started_ms, now_ms) for server in
                            (setting.ruler, setting.sloburn, setting.receiver))
    windows = Windows(setting, thirds, until_ms, gap)
    inexact = set().union(*(ruler_rules.inexact_names(setting.groups(r)) for r in range(3)))
    recorded = compare_series("recorded, Prometheus | sloburn", ruler, own, windows, inexact, reloads)
    ticks = sum(len(windows.cut(labels, samples)) for labels, samples in ruler.items()
                if dict(labels)["__name__"].endswith(":tick"))
    found = [recorded, compare_zeros(setting, windows, until_ms),
             compare_written_back(own, received, until_ms - 1000 * ruler_rules.LATE_OFFSET_S), states]
    return found, ticks
