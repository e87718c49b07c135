# SPDX-License-Identifier: Apache-2.0
"""What a Prometheus 3.5 answers differently from the reference, sloburn's Prometheus 3.14.

Each row has a name and a reason. A row of TEXTS rewrites or drops annotations before they are
compared again; a row of ANSWERS says whether a Difference is the one it is about. Nothing is left
out by a tolerance. NOT_GENERATED names what 3.5 cannot parse or does not have at all.
"""
import re
from dataclasses import dataclass
from typing import Callable

from differential_data import NATIVE, metrics_of
from promql_syntax import COMPARISONS, Aggregate, Binary, Call, Paren, Selector, Subquery, Tokens, functions_of

NOT_GENERATED = {
    "</ and >/": "operators since 3.11",
    "fill, fill_left, fill_right": "modifiers since 3.10",
    "anchored, smoothed": "modifiers since 3.7",
    "arithmetic of durations": "behind a flag until 3.14, with other functions until 3.13",
    "first_over_time, ts_of_first_over_time": "since 3.7",
    "histogram_quantiles": "since 3.11",
    "start(), end(), range(), step() as functions": "since 3.12",
    "max_of, min_of": "since 3.13",
    "start_timestamp": "since 3.14",
}


@dataclass
class Text:
    name: str
    reason: str
    pattern: str
    replacement: str = None  # None: the annotation is left out


TEXTS = [
    Text("sort in range queries", "warned of since 3.12", "sort is ineffective for range queries"),
    Text("metric names in annotations of histograms",
         "since 3.7 only with delayed name removal; before always, even the empty name",
         r'((?:bucket label "le" is|vector contains a mix of classic|input to histogram_).*?)'
         r' for metric name "[^"]*"', r"\1"),
    Text("extent of forced monotonicity", "told since 3.10",
         r"(needed to be fixed for monotonicity.*?)(?:, from buckets .* to \S+)? \(\d+:\d+\)$", r"\1"),
    Text("custom buckets with other bounds", "reconciled since 3.8",
         "vector contains histograms with incompatible custom buckets|"
         "mismatched custom buckets were reconciled"),
    Text("what is expected of a duration", "expressions of durations since 3.6",
         r"in subquery (?:or range )?(?:selector )?|"
         r"number(?: or duration|, duration, step\(\), or range\(\)|, duration, step\(\), range\(\),)",
         "…"),
    Text("characters after a duration within brackets", "lexed as a duration's since 3.6",
         r"\d+:\d+(: parse error: )(?:unexpected colon|unexpected character:) '.'(, expected ':')?",
         r"?\1…"),
    Text("name of the operator @ in errors", "named since 3.6", r'"<Item \d+>" <op:@>', "<op:@>"),
    Text("position after an aggregation", "its end was taken from a queue until 3.8",
         r"\d+:\d+(: parse error: (?:label .* must not occur in ON and GROUP clause at once|"
         r"bool modifier can only|comparisons between scalars))", r"?\1"),
    Text("conflicting counter resets", "warned of since 3.7", "conflicting counter resets during"),
]


@dataclass
class Answer:
    name: str
    reason: str
    applies: Callable  # (query, Difference) -> bool
    # An expression without what the row is about, from one node of it: the rest has to agree.
    instead: Callable = lambda node: node


def _filters(expr):
    """Whether a comparison of vectors filters."""
    if isinstance(expr, Tokens):
        return re.search("[<>]|[!=]=", str(expr)) is not None
    return any(isinstance(node, Binary) and node.op in COMPARISONS and not node.bool
               for node in expr.walk())


def _info_is_corrected(query, difference):
    if isinstance(query.expr, Tokens):
        return "info(" in str(query.expr)
    for node in query.expr.walk():
        if isinstance(node, Subquery) or isinstance(node, Selector) and (node.offset or node.at):
            return _uses(query, "info")
        if _is_call(node, "info") and len(node.args) > 1:
            return True
    return bool(query.step) and _uses(query, "info")


def _touches(query, *metrics):
    if isinstance(query.expr, Tokens):
        return any(metric in str(query.expr) for metric in metrics)
    return bool(metrics_of(query.expr) & set(metrics))


def _uses(query, *functions):
    if isinstance(query.expr, Tokens):
        return any(function in query.expr.tokens for function in functions)
    return bool(functions_of(query.expr) & set(functions))


def _is_call(node, function):
    return isinstance(node, Call) and node.function == function


def _renamed(node, function, other, args=slice(None)):
    return Call(other, node.args[args], node.type) if _is_call(node, function) else node


def _without_quantile(texts):
    return {text for text in texts if "quantile value should be between 0 and 1" not in text}


def _bare(texts):
    return {re.sub(r" \(\d+:\d+\)$", "", text) for text in texts}


def _same_duplicates(left, right):
    def parts(text):
        found = re.match(r"(found duplicate series .*operation: \[)(.*)(\];many-to-many.*)", text or "")
        return found and (found[1], sorted(re.split(r"(?<=\}), (?=\{)", found[2])), found[3])
    return parts(left) is not None and parts(left) == parts(right)


ANSWERS = [
    Answer("duplicates that a comparison filters out", "an error since 3.9",
           lambda q, d: d.kind in ("status", "error") and _filters(q.expr)
           and (d.right or "").startswith("multiple matches for labels")),
    Answer("order of the two duplicates in an error", "sorted since 3.8",
           lambda q, d: d.kind == "error" and _same_duplicates(d.left, d.right)),
    Answer("custom buckets with other bounds", "reconciled since 3.8",
           lambda q, d: _touches(q, "bounds_native")
           or "incompatible custom buckets" in d.text),
    Answer("NaN as parameter of topk, bottomk, limitk or limit_ratio", "an error since 3.6",
           lambda q, d: (d.kind == "status" and d.left is None
                         or d.left == "Scalar value NaN overflows int64")
           and d.right in ("Parameter value is NaN", "Ratio value is NaN")),
    Answer("infinite parameter of topk, bottomk or limitk over nothing", "an error since 3.6",
           lambda q, d: d.kind == "status" and d.left is None
           and re.fullmatch(r"Scalar value [+-]Inf (over|under)flows int64", d.right or "")),
    Answer("place of an argument in parentheses", "without the parentheses since 3.12",
           lambda q, d: d.kind in ("warnings", "infos") and _bare(d.left) == _bare(d.right)
           and any(isinstance(node, Paren) for node in q.expr.walk())),
    Answer("0 and -0 in quantiles", "where they meet, the algorithm that sorts tells",
           lambda q, d: d.kind == "bits"
           and _uses(q, "quantile", "quantile_over_time", "mad_over_time")
           and re.search(r": -?0 \| -?0$", d.text)),
    Answer("natural order of more than twelve with labels missing",
           "it is inconsistent, the algorithm that sorts tells",
           lambda q, d: d.kind == "order" and _uses(q, "sort_by_label", "sort_by_label_desc")
           and len(d.left) > 12),
    Answer("arithmetic and parentheses of durations", "not enabled in 3.5",
           lambda q, d: "experimental duration expression is not enabled" in (d.left or "")
           or d.kind == "error" and d.right.endswith(", expected ':'")),
    Answer("commas in durations", "for min_of() and max_of() since 3.13",
           lambda q, d: d.kind == "error"
           and "unexpected character in duration expression: ','" in d.left),
    Answer("Prometheus panics", "", lambda q, d: d.kind == "error" and "unexpected error" in d.left),
    Answer("a range with @ in parentheses", "Prometheus fails to evaluate it until 3.12",
           lambda q, d: d.left == "unexpected number of samples"),
    Answer("@ in the parameter of an aggregation, in or around a subquery",
           "Prometheus moves its time along with the steps",
           lambda q, d: ":" in str(q.expr)
           and any(isinstance(node, Aggregate) and " @ " in str(node.param)
                   for node in q.expr.walk())),
    Answer("quantile outside 0 to 1 as parameter", "warned of once, also without samples, since 3.6",
           lambda q, d: d.kind == "warnings" and _uses(q, "quantile")
           and _without_quantile(d.left) == _without_quantile(d.right)),
    Answer("mark of dropped names in info()", "kept since 3.10",
           lambda q, d: d.kind in ("labels", "status") and _uses(q, "info")),
    Answer("mark of dropped names in last_over_time()", "kept since 3.12",
           lambda q, d: _uses(q, "last_over_time") and ":" in str(q.expr) and "__name__" in d.text,
           lambda node: _renamed(node, "last_over_time", "max_over_time")),
    Answer("series merged by label_replace, label_join and unary minus",
           "where their samples do not meet, since 3.9",
           lambda q, d: d.kind == "status" and d.right is None
           and d.left == "vector cannot contain metrics with the same labelset"
           and (_uses(q, "label_replace", "label_join") or "-" in str(q.expr))),
    Answer("__name__ taken over by group_left or group_right", "also with bool since 3.7",
           lambda q, d: any(isinstance(node, Binary) and node.bool and "__name__" in node.include
                            for node in q.expr.walk())),
    Answer("start(), end(), range(), step() as functions", "since 3.12",
           lambda q, d: isinstance(q.expr, Tokens)
           and re.search(r"\b(start|end|range|step)\s*\(", str(q.expr))),
    Answer("histogram_fraction of classic histograms", "correct in the first bucket since 3.8",
           lambda q, d: _uses(q, "histogram_fraction"),
           lambda node: _renamed(node, "histogram_fraction", "histogram_quantile", slice(1, None))),
    Answer("count and sum of differences of native histograms",
           "all buckets had to go together before 3.11",
           lambda q, d: _uses(q, "histogram_count", "histogram_sum", "histogram_avg")
           and _touches(q, *NATIVE) and any(isinstance(node, Binary) and node.op in "+-"
                                            for node in q.expr.walk()),
           lambda node: _renamed(_renamed(_renamed(node, "histogram_count", "histogram_stddev"),
                                          "histogram_sum", "histogram_stddev"),
                                 "histogram_avg", "histogram_stddev")),
    Answer("zero point of rates of histograms", "since 3.6",
           lambda q, d: _uses(q, "rate", "increase") and _touches(q, *NATIVE),
           lambda node: _renamed(_renamed(node, "rate", "delta"), "increase", "delta")),
    Answer("mad_over_time of NaN", "NaN since 3.14", lambda q, d: _uses(q, "mad_over_time"),
           lambda node: _renamed(node, "mad_over_time", "max_over_time")),
    Answer("info() with a selector, modifiers, or at several steps", "corrected in 3.10",
           _info_is_corrected,
           lambda node: node.args[0] if _is_call(node, "info") and node.args else node),
    Answer("a string in parentheses", "Prometheus fails to evaluate it",
           lambda q, d: "StepInvariantExpr" in (d.left or "")),
    Answer("labels of absent() from two matchers of one label",
           "Prometheus' storage reorders the matchers, where it has data at that time",
           lambda q, d: _uses(q, "absent", "absent_over_time") and any(
               len({label for label, _, _ in node.matchers}) < len(node.matchers)
               for node in q.expr.walk() if isinstance(node, Selector))),
    Answer("which elements a limit leaves", "nobody orders an instant vector",
           lambda q, d: not q.step and any(name == "limit" for name, _ in q.options)
           and d.kind in ("labels", "order")),
    Answer("sums of histograms", "compensated since 3.6",
           lambda q, d: (d.kind == "bits" or _uses(q, "count_values")) and _touches(q, *NATIVE)
           and _uses(q, "sum", "avg", "sum_over_time", "avg_over_time")),
]


def excluding_rows(query, difference):
    """The rows that a difference falls under; none where there are none for all of it."""
    left, right = difference.left, difference.right
    if difference.kind == "error":
        left, right = {left}, {right}
    if difference.kind in ("warnings", "infos", "error"):
        if rows := _excluding_texts(left, right):
            return rows
    return [row for row in ANSWERS if row.applies(query, difference)][:1]


def without(row, expr):
    """An expression without what the row is about."""
    if isinstance(row, Text):
        return expr
    return row.instead(expr.with_children([without(row, child) for child in expr.children()]))


def _excluding_texts(left, right):
    rows = []
    for row in TEXTS:
        before = left, right
        left, right = _rewritten(row, left), _rewritten(row, right)
        if (left, right) != before:
            rows.append(row)
        if left == right or rows and _told_once(left, right):
            return rows
    return []


def _told_once(left, right):
    """Whether the annotations differ by place alone, and the left ones have more places: with the
    names of metrics, those of several places were several."""
    places = {}
    for side, texts in ((0, left), (1, right)):
        for text in texts:
            bare, place = re.fullmatch(r"(.*?)((?: \(\d+:\d+\))?)", text, re.DOTALL).groups()
            places.setdefault(bare, (set(), set()))[side].add(place)
    return all(one and other <= one for one, other in places.values())


def _rewritten(row, texts):
    if row.replacement is None:
        return {text for text in texts if not re.search(row.pattern, text)}
    return {re.sub(row.pattern, row.replacement, text) for text in texts}
