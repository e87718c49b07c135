# SPDX-License-Identifier: Apache-2.0
"""Asks a server of Prometheus' query API, and compares the answers of two.

Texts of errors, warnings and infos must be the same; so must labels, timestamps and the texts of
numbers. A number whose text differs is the same within RELATIVE: the functions of LIBM are computed
by different mathematical libraries and differ in the last bit, which sums and differences carry on.
Nothing else has that excuse: without such a function in the query, the texts must be the same.
"""
import http.client, json, math, urllib.parse
from dataclasses import dataclass, replace

from differential_data import NATIVE, metrics_of
from promql_syntax import Aggregate, Binary, Call, Paren, Tokens

RELATIVE = 1e-9
LIBM = {"exp", "ln", "log2", "log10", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh",
        "tanh", "asinh", "acosh", "atanh", "^", "atan2"}
# These interpolate between exponential buckets.
LIBM_ON_NATIVE = {"histogram_quantile", "histogram_fraction", "histogram_stddev", "histogram_stdvar"}


@dataclass
class Difference:
    kind: str  # status, error, type, labels, times, values, bits, order, warnings, infos
    text: str
    left: object = None  # what the one and the other said: texts of an error, annotations, elements
    right: object = None


class Server:
    """One connection, kept alive."""

    def __init__(self, base):
        self.base = base
        self.connection = http.client.HTTPConnection(base.removeprefix("http://"), timeout=120)

    def ask(self, query):
        body = urllib.parse.urlencode(query.parameters())
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        for is_last in (False, True):
            try:
                self.connection.request("POST", query.endpoint(), body, headers)
                answer = self.connection.getresponse()
                return answer.status, answer.read()
            except (http.client.HTTPException, OSError):
                self.connection.close()
                if is_last:
                    raise

    def curl(self, query):
        url = self.base + query.endpoint() + "?" + urllib.parse.urlencode(query.parameters())
        return f"curl -s '{url}'"


def differences(query, expected, actual):
    """Yields the Differences of two answers (status, body)."""
    if expected == actual:
        return
    left, right = json.loads(expected[1]), json.loads(actual[1])
    error, other = left.get("error"), right.get("error")
    if left["status"] != right["status"]:
        yield Difference("status", f"{error} | {other}", error, other)
        return
    if error != other or left.get("errorType") != right.get("errorType"):
        yield Difference("error", f"{error} | {other}", error, other)
    elif expected[0] != actual[0]:
        yield Difference("status", f"HTTP {expected[0]} | {actual[0]}")
    if left["status"] == "success":
        if difference := compare_data(query, left["data"], right["data"]):
            yield difference
    for key in ("warnings", "infos"):
        if difference := compare_annotations(key, left.get(key, []), right.get(key, [])):
            yield difference


def compare_annotations(kind, left, right):
    left, right = set(left), set(right)
    # Ten are told, the rest is counted; which ten is chance.
    if left == right or len(left) == len(right) > 10:
        return None
    return Difference(kind, f"{sorted(left - right)} | {sorted(right - left)}", left, right)


def compare_data(query, left, right):
    if left["resultType"] != right["resultType"]:
        return Difference("type", f"{left['resultType']} | {right['resultType']}")
    is_exact = not uses_libm(query.expr)
    if left["resultType"] in ("scalar", "string"):
        return compare_points([left["result"]], [right["result"]], is_exact)
    lefts, rights = keyed(left["result"]), keyed(right["result"])
    if lefts.keys() != rights.keys() or any(len(lefts[k]) != len(rights[k]) for k in lefts):
        missing, extra = sorted(lefts.keys() - rights.keys()), sorted(rights.keys() - lefts.keys())
        return Difference("labels", f"{len(missing)} missing {missing[:2]} "
                                    f"| {len(extra)} extra {extra[:2]}")
    bits = None
    for labels, series in lefts.items():
        for one, other in zip(series, rights[labels]):
            difference = compare_series(one, other, is_exact)
            if difference:
                difference.text = f"{labels} {difference.text}"
                if difference.kind != "bits":
                    return difference
                bits = bits or difference
    return bits or compare_order(query, left["result"], right["result"])


def is_libm(node):
    """Whether the function or operator on top is one whose last bits may differ."""
    if isinstance(node, Binary):
        return node.op in LIBM
    if not isinstance(node, Call):
        return False
    return (node.function in LIBM
            or node.function in LIBM_ON_NATIVE and bool(metrics_of(node) & set(NATIVE)))


def uses_libm(expr):
    if isinstance(expr, Tokens):
        return any(token in LIBM | LIBM_ON_NATIVE for token in expr.tokens)
    return any(is_libm(node) for node in expr.walk())


def without_libm(expr):
    """The same query with exact functions instead."""
    expr = expr.with_children([without_libm(child) for child in expr.children()])
    if not is_libm(expr):
        return expr
    if isinstance(expr, Binary):
        return replace(expr, op="*")
    if expr.function in LIBM_ON_NATIVE:
        return Call("histogram_count", expr.args[-1:])
    return Call("sqrt", expr.args)


def keyed(result):
    out = {}
    for series in result:
        key = json.dumps(series["metric"], sort_keys=True, ensure_ascii=False)
        out.setdefault(key, []).append(series)
    return out


def compare_series(left, right, is_exact):
    for key in ("value", "values", "histogram", "histograms"):
        if (key in left) != (key in right):
            return Difference("values", f"{key}: {left.get(key)} | {right.get(key)}"[:2000])
        if key not in left or left[key] == right[key]:
            continue
        points = [left[key]], [right[key]]
        if difference := compare_points(*(points if key in ("value", "histogram") else
                                          (left[key], right[key])), is_exact):
            return difference
    return None


def compare_points(left, right, is_exact):
    if [p[0] for p in left] != [p[0] for p in right]:
        missing = [p for p in left if p[0] not in {q[0] for q in right}]
        extra = [p for p in right if p[0] not in {q[0] for q in left}]
        return Difference("times", f"missing {missing[:3]} | extra {extra[:3]}")
    bits = None
    for (at, one), (_, other) in zip(left, right):
        if one == other:
            continue
        if not close(one, other):
            return Difference("values", f"at {at}: {one} | {other}")
        if not is_exact or bits:
            continue
        bits = Difference("bits", f"at {at}: {one} | {other}")
    return bits


def close(one, other):
    """Texts of floats, or histograms with the like in them."""
    if isinstance(one, dict):
        if not isinstance(other, dict) or one.keys() != other.keys():
            return False
        return all(close(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return (isinstance(other, list) and len(one) == len(other)
                and all(close(a, b) for a, b in zip(one, other)))
    if one == other:
        return True
    if not isinstance(one, str) or not isinstance(other, str):
        return False
    try:
        a, b = float(one), float(other)
    except ValueError:
        return False
    if not math.isfinite(a) or not math.isfinite(b):
        return False
    return abs(a - b) <= RELATIVE * max(abs(a), abs(b))


def compare_order(query, left, right):
    """Of the elements of an instant vector, where the query asks for one."""
    expr = query.expr
    while isinstance(expr, Paren):
        expr = expr.expr
    if query.step or not isinstance(expr, (Call, Aggregate)):
        return None
    name = expr.function if isinstance(expr, Call) else expr.op
    if name in ("sort_by_label", "sort_by_label_desc"):
        orders = [[series["metric"] for series in side] for side in (left, right)]
    elif name in ("sort", "sort_desc") or name in ("topk", "bottomk") and not expr.grouping:
        # Among equal values the order is nobody's promise.
        orders = [[series.get("value", [0, ""])[1] for series in side] for side in (left, right)]
    else:
        return None
    if orders[0] == orders[1]:
        return None
    return Difference("order", f"{orders[0]} | {orders[1]}"[:2000], *orders)


