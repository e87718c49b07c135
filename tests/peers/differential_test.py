#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Random PromQL against a real Prometheus: the same data, the same queries, the same answers.

The seed decides data and queries; a number within it decides one query. What differs is made
smaller until nothing can be taken away, and printed with both answers. With --serve both servers
stay up, so that the curl lines can be tried.

usage: differential_test.py SLOBURN [--seed N] [--count N | --duration SECONDS] [--only NUMBER]
"""
import argparse, contextlib, http.client, json, multiprocessing, os, random, sys, time
from collections import Counter
from dataclasses import dataclass, field, replace

import peers
from differential_data import Data
from promql_answers import Server, differences, is_libm, uses_libm, without_libm
from random_promql import random_query
from version_differences import excluding_rows, without

FEATURES = {
    "prometheus": ["native-histograms", "promql-experimental-functions"],
    "sloburn": ["promql-experimental-functions"],
}
SHRINK_STEPS = 400
REPEATS = 20


@dataclass
class Finding:
    number: int
    query: object
    smallest: object
    difference: object
    expected: tuple
    actual: tuple


@dataclass
class Tally:
    """What a worker did."""
    executed: int = 0
    statuses: Counter = field(default_factory=Counter)
    excluded: Counter = field(default_factory=Counter)
    findings: list = field(default_factory=list)

    def add(self, other):
        self.executed += other.executed
        self.statuses += other.statuses
        self.excluded += other.excluded
        self.findings += other.findings


class Pair:
    """The two servers, asked the same."""

    def __init__(self, bases):
        self.prometheus, self.sloburn = (Server(base) for base in bases)

    def differ(self, query, may_carry=True):
        """(the first difference that no row excludes or None, names of rows, both answers)."""
        answers = self.prometheus.ask(query), self.sloburn.ask(query)
        names = []
        for difference in differences(query, *answers):
            found = self.excluded(query, difference)
            if not found:
                found = (self.varies(query, difference, answers[0])
                         or self.has_two_errors(query, difference)
                         or may_carry and self.carries_on(query))
            if not found:
                return difference, names, answers
            names += found
        return None, names, answers

    def excluded(self, query, difference):
        """The names of the rows that exclude a difference, if the rest of the query agrees."""
        rows = excluding_rows(query, difference)
        for row in rows:
            rest = without(row, query.expr)
            if rest != query.expr and self.differ(replace(query, expr=rest))[0]:
                return []
        return [row.name for row in rows]

    def varies(self, query, difference, answer):
        """Where Prometheus goes through a hash map, it need not answer twice the same."""
        for _ in range(10 * REPEATS if difference.kind == "bits" else REPEATS):
            if any(differences(query, answer, self.prometheus.ask(query))):
                return ["Prometheus answers differently each time"]
        return []

    def has_two_errors(self, query, difference):
        """Whether parts of the query have the one error and the other: which is told is chance."""
        if difference.kind != "error":
            return []
        errors = set()
        for node in list(query.expr.walk())[1:]:
            answer = self.prometheus.ask(replace(query, expr=node))
            errors.add(json.loads(answer[1]).get("error"))
        return ["which of two errors is told"] if {difference.left, difference.right} <= errors else []

    def carries_on(self, query):
        """Whether the last bits of a mathematical function have grown: the innermost calls agree
        but for these, and so does the query with other functions in their place."""
        if not uses_libm(query.expr):
            return []
        calls = [node for node in query.expr.walk() if is_libm(node)
                 and not any(is_libm(below) for below in list(node.walk())[1:])]
        for expr in calls + [without_libm(query.expr)]:
            if self.differ(replace(query, expr=expr), may_carry=False)[0]:
                return []
        return ["last bits of mathematical functions"]

    def shrink(self, query, difference, answers):
        """The smallest query found that differs in the same way, with its answers."""
        steps = 0
        while True:
            for smaller in query.smaller():
                steps += 1
                if steps > SHRINK_STEPS:
                    return query, difference, answers
                found, _, both = self.differ(smaller)
                if found and found.kind == difference.kind:
                    query, difference, answers = smaller, found, both
                    break
            else:
                return query, difference, answers


def work(bases, metrics, seed, numbers, deadline):
    pair, tally = Pair(bases), Tally()
    for number in numbers:
        if time.time() > deadline:
            break
        query = random_query(metrics, random.Random(f"{seed}:{number}"))
        try:
            difference, names, answers = pair.differ(query)
        except (OSError, http.client.HTTPException) as error:
            raise AssertionError(f"no answer to number {number}: {query}") from error
        tally.executed += 1
        tally.statuses[answers[0][0]] += 1
        if not difference:
            tally.excluded.update(set(names))
        else:
            smallest, difference, answers = pair.shrink(query, difference, answers)
            tally.findings.append(Finding(number, query, smallest, difference, *answers))
    return tally


def numbers_of(worker, options):
    if options.only is not None:
        return [options.only] if worker == 0 else []
    last = options.count if options.duration is None else sys.maxsize
    return range(worker, last, options.workers)


def run(bases, metrics, options):
    deadline = time.time() + (options.duration or 1e9)
    jobs = [(bases, metrics, options.seed, numbers_of(worker, options), deadline)
            for worker in range(options.workers)]
    total = Tally()
    with multiprocessing.Pool(options.workers) as pool:
        for tally in pool.starmap(work, jobs, chunksize=1):
            total.add(tally)
    return total


def clipped(body):
    text = body.decode()
    return text if len(text) < 3000 else text[:3000] + "…"


def report(total, bases, seed):
    total.findings.sort(key=lambda finding: len(str(finding.smallest.expr)))
    for finding in total.findings:
        print(f"\nDIFFERENT ({finding.difference.kind}), seed {seed} number {finding.number}: "
              f"{finding.smallest.expr}")
        print(f"  of: {finding.query.expr}")
        print(f"  {finding.difference.text}")
        for name, answer, base in (("prometheus", finding.expected, bases[0]),
                                   ("sloburn", finding.actual, bases[1])):
            print(f"  {name}: {answer[0]} {clipped(answer[1])}")
            print(f"    {Server(base).curl(finding.smallest)}")
    for row, count in sorted(total.excluded.items()):
        print(f"excluded by name: {count} x {row}")
    answers = ", ".join(f"{count} x {status}" for status, count in sorted(total.statuses.items()))
    print(f"seed {seed}: {total.executed} queries ({answers}), {len(total.findings)} different")


@contextlib.contextmanager
def servers(binary, sloburn, path, features):
    flags = {name: "--enable-feature=" + ",".join(FEATURES[name] + features) for name in FEATURES}
    # With the usual blocks of two hours, samples an hour behind the newest are refused.
    with peers.prometheus(binary, path, flags["prometheus"],
                          "--storage.tsdb.min-block-duration=1d") as prometheus:
        with peers.sloburn(sloburn, path, flags["sloburn"]) as (engine, _):
            yield prometheus, engine


def parsed_options():
    parser = argparse.ArgumentParser()
    parser.add_argument("sloburn")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=1500)
    parser.add_argument("--duration", type=float, help="seconds; instead of --count")
    parser.add_argument("--only", type=int, help="the query of this number alone")
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--delayed-name-removal", action="store_true")
    parser.add_argument("--serve", action="store_true", help="keep both servers up afterwards")
    return parser.parse_args()


def main():
    options = parsed_options()
    binary = peers.require_prometheus()
    data = Data(options.seed)
    features = ["promql-delayed-name-removal"] if options.delayed_name_removal else []
    print(f"seed {options.seed}", flush=True)
    with peers.workdir() as path, servers(binary, options.sloburn, path, features) as bases:
        for base in bases:
            peers.push_series(base, data.series)
        total = run(bases, data.metrics, options)
        report(total, bases, options.seed)
        if options.serve:
            print("serving " + " and ".join(bases) + " until interrupted", flush=True)
            with contextlib.suppress(KeyboardInterrupt):
                time.sleep(1e6)
    sys.exit(1 if total.findings else 0)


main()
