# SPDX-License-Identifier: Apache-2.0
"""Random PromQL over the metrics of differential_data.

Every query is made from its own Random, so that one can be made again by seed and number alone.
Most are well typed and find data; some have a wrong argument, some are not PromQL at all.
"""
import re
from dataclasses import dataclass, field, replace

import differential_data as data_
from promql_syntax import (ARITHMETIC, COMPARISONS, MATRIX, SCALAR, SET_OPERATORS, STRING, VECTOR,
                           Aggregate, Binary, Call, Number, Paren, Selector, Subquery, Text, Tokens,
                           Unary, tokens_of)

MATH = ("abs ceil floor exp sqrt ln log2 log10 sgn sin cos tan asin acos atan sinh cosh tanh asinh "
        "acosh atanh deg rad").split()
DATES = "days_in_month day_of_month day_of_week day_of_year hour minute month year".split()
NATIVE = "histogram_avg histogram_count histogram_sum histogram_stddev histogram_stdvar".split()
RATES = "rate increase irate resets".split()
DELTAS = "delta idelta deriv changes".split()
OVER_TIME = ("avg count last max min present stddev stdvar sum absent mad ts_of_max ts_of_min "
             "ts_of_last").split()

# name -> the types of its arguments. s: scalar, v: instant vector, m: range vector, t: string,
# q: a quantile, c: counters, b: classic buckets or native histograms, h: native histograms,
# C, M: range vectors of counters, of anything. *: further strings may follow.
FUNCTIONS = {
    **{name: "v" for name in MATH + ["absent", "timestamp", "sort", "sort_desc"]},
    **{name: "v" for name in DATES},
    **{name: "h" for name in NATIVE},
    **{name: "C" for name in RATES},
    **{name: "m" for name in DELTAS},
    **{name + "_over_time": "m" for name in OVER_TIME},
    "clamp": "vss", "clamp_min": "vs", "clamp_max": "vs", "round": "vs", "vector": "s",
    "scalar": "v", "quantile_over_time": "qm", "predict_linear": "ms",
    "double_exponential_smoothing": "mqq", "histogram_quantile": "qb", "histogram_fraction": "ssb",
    "label_replace": "vlrlx", "label_join": "vlt*", "sort_by_label": "vl*",
    "sort_by_label_desc": "vl*", "info": "v", "time": "", "pi": "",
}
SCALAR_FUNCTIONS = ("scalar", "time", "pi")
# Those more worth trying than others.
WEIGHTS = {"rate": 12, "increase": 6, "histogram_quantile": 10, "histogram_fraction": 4,
           "label_replace": 4, "label_join": 3, "irate": 3, "delta": 2, "deriv": 2,
           "predict_linear": 2, "quantile_over_time": 2, "avg_over_time": 3, "sum_over_time": 3,
           "last_over_time": 3, "info": 2, "scalar": 0, "time": 0, "pi": 0,
           **{name: 0.4 for name in MATH + DATES}, **{name: 2 for name in NATIVE}}

AGGREGATIONS = ("sum avg count min max group stddev stdvar topk bottomk quantile count_values limitk "
                "limit_ratio").split()
WITH_PARAMETER = ("topk", "bottomk", "quantile", "count_values", "limitk", "limit_ratio")

RANGES = ("30s", "1m", "2m30s", "5m", "5m", "10m", "17m", "1h", "90", "1m1s500ms")
STEPS = ("", "", "15s", "30s", "1m", "7m", "100")
OFFSETS = ("1m", "5m", "7s", "1h", "-1m", "-10m", "30", "1m30s")
REGEXES = (".+", ".*", "a.*", "[ab]:80", "a:80|b:80", "api|web|", "4..", "(?i:API)", ".*0", "",
           "^api$", "w(e)b", "x", r"\d+", "v1.?", "hall|")


@dataclass(frozen=True)
class Query:
    expr: object
    time: float = 0.0  # of an instant query
    start: float = 0.0
    end: float = 0.0
    step: float = 0.0  # 0: an instant query
    options: tuple = ()  # further parameters

    def endpoint(self):
        return "/api/v1/query_range" if self.step else "/api/v1/query"

    def parameters(self):
        times = (("start", "end", "step") if self.step else ("time",))
        pairs = [("query", str(self.expr))]
        pairs += [(name, f"{getattr(self, name):.3f}".rstrip("0").rstrip(".")) for name in times]
        return pairs + list(self.options)

    def smaller(self):
        for option in self.options:
            yield replace(self, options=tuple(o for o in self.options if o != option))
        if self.step:
            for i in range(int((self.end - self.start) / self.step) + 1):
                if i < 30:
                    yield Query(self.expr, time=self.start + i * self.step, options=self.options)
            yield replace(self, end=self.start)
            yield replace(self, start=self.end)
            half = int((self.end - self.start) / self.step / 2) * self.step
            if half:
                yield replace(self, end=self.start + half)
                yield replace(self, start=self.start + half)
        for expr in self.expr.smaller():
            yield replace(self, expr=expr)


class Generator:
    def __init__(self, metrics, rnd, wrong=0.0):
        self.metrics = metrics
        self.rnd = rnd
        self.wrong = wrong  # how often a type is not the one that is due

    # Which of these?

    def chance(self, probability):
        return self.rnd.random() < probability

    def pick(self, options):
        return self.rnd.choice(options)

    def metric(self, kinds):
        if not kinds or self.chance(0.1):
            kinds = ("counter", "gauge", "classic", "native", "info")
            return self.pick([m for m in self.metrics.values()
                              if m.kind == self.rnd.choices(kinds, (4, 5, 1, 1, 1))[0]]
                             or list(self.metrics.values()))
        return self.pick([m for m in self.metrics.values() if m.kind in kinds])

    def label(self):
        return self.pick(("job", "instance", "instance", "code", "room", "queue", "le", "k", "region",
                          "version", "missing", "__name__", "service.name"))

    def labels(self, most=3):
        return tuple(self.label() for _ in range(self.rnd.randint(0, most)))

    # Selectors.

    def matcher(self, metric):
        label = self.label()
        if metric.labels and self.chance(0.85):
            label = self.pick(sorted(metric.labels))
        values = sorted(metric.labels.get(label, ())) + ["", "nothing"]
        op = self.rnd.choices(("=", "!=", "=~", "!~"), (5, 3, 4, 2))[0]
        if op in ("=", "!="):
            return label, op, self.pick(values[:-1] if self.chance(0.9) else values)
        if self.chance(0.4):
            return label, op, "|".join(re.escape(self.pick(values)) for _ in range(2))
        return label, op, self.pick(REGEXES)

    def selector(self, kinds=(), is_range=False):
        metric = self.metric(kinds)
        matchers = tuple(self.matcher(metric) for _ in range(self.pick((0, 0, 0, 1, 1, 2, 3))))
        name = metric.name
        if self.chance(0.08):
            other = self.pick(sorted(self.metrics))
            op, value = self.pick((("=", name), ("=~", f"{re.escape(name)}|{re.escape(other)}"),
                                   ("=~", name[:3] + ".*"), ("!=", name)))
            matchers += (("__name__", op, value),)
            name = ""
        elif self.chance(0.02):
            name = self.pick(("", "nothing_here"))
        selector = Selector(name, matchers)
        if is_range:
            selector = replace(selector, range=self.pick(RANGES))
        return self.modified(selector)

    def modified(self, selector):
        if self.chance(0.12):
            selector = replace(selector, offset=self.pick(OFFSETS))
        if self.chance(0.08):
            at = self.pick(("start()", "end()", str(data_.START_S + self.rnd.randrange(data_.SPAN_S)),
                            f"{data_.START_S + self.rnd.random() * data_.SPAN_S:.3f}"))
            selector = replace(selector, at=at)
        return selector

    # By type.

    def any_of(self, type_, depth, kinds=()):
        if self.chance(self.wrong):
            type_ = self.pick((SCALAR, VECTOR, MATRIX, STRING))
        if type_ == SCALAR:
            return self.scalar(depth)
        if type_ == MATRIX:
            return self.matrix(depth, kinds)
        return Text("text") if type_ == STRING else self.vector(depth, kinds)

    def number(self):
        if self.chance(0.6):
            return Number(self.pick(("0", "1", "2", "3", "0.5", "10", "100", "1000", "60")))
        if self.chance(0.5):
            return Number(f"{self.rnd.uniform(-20, 100):.3g}")
        return Number(self.pick(("NaN", "Inf", "-Inf", "-1", "1e3", "5m", "0x1F", "1e-9", "-0", "1e18",
                                 "-0.5", "1_000", ".5", "010")))

    def scalar(self, depth):
        kind = self.rnd.random()
        if depth <= 0 or kind < 0.7:
            return self.number()
        if kind < 0.76:
            return Call("time", (), SCALAR)
        if kind < 0.78:
            return Call("pi", (), SCALAR)
        if kind < 0.9:
            return Call("scalar", (self.any_of(VECTOR, depth - 1),), SCALAR)
        if kind < 0.94:
            return Unary(self.pick("+-"), self.scalar(depth - 1))
        op = self.pick(ARITHMETIC + COMPARISONS)
        return Binary(op, self.any_of(SCALAR, depth - 1), self.any_of(SCALAR, depth - 1),
                      bool=op in COMPARISONS and not self.chance(self.wrong))

    def quantile(self, depth):
        if self.chance(0.8):
            return Number(self.pick(("0", "0.1", "0.5", "0.9", "0.99", "1", "0.25", "0.75")))
        return self.any_of(SCALAR, depth)

    def matrix(self, depth, kinds=()):
        if depth <= 1 or self.chance(0.75):
            return self.selector(kinds, is_range=True)
        subquery = Subquery(self.any_of(VECTOR, depth - 2, kinds), self.pick(RANGES),
                            self.pick(STEPS))
        return self.modified(subquery)

    def vector(self, depth, kinds=()):
        if depth <= 0:
            return self.selector(kinds)
        kind = self.rnd.random()
        if kind < 0.12 or kinds and kind < 0.55:
            return self.selector(kinds)
        if kind < 0.5 or kinds and kind < 0.7:
            return self.call(depth, kinds)
        if kind < 0.72:
            return self.aggregate(depth, kinds)
        if kind < 0.93:
            return self.binary(depth)
        if kind < 0.96:
            return Unary(self.pick("+--"), self.any_of(VECTOR, depth - 1, kinds))
        return Paren(self.any_of(VECTOR, depth - 1, kinds))

    # Calls.

    def call(self, depth, kinds=()):
        names = [name for name in FUNCTIONS if name not in SCALAR_FUNCTIONS]
        if "native" in kinds or "classic" in kinds:
            names = ["rate", "increase", "avg_over_time", "sum_over_time", "last_over_time",
                     "irate", "delta", "idelta", "label_replace", "sort_desc", "clamp"]
        name = self.rnd.choices(names, [WEIGHTS.get(name, 1) for name in names])[0]
        if self.chance(self.wrong):
            name = self.pick(("time", "pi", "scalar", "not_a_function", "COUNT_over_time"))
        signature = FUNCTIONS.get(name, "v")
        args = [self.argument(code, depth - 1, kinds) for code in signature if code != "*"]
        if name in DATES and self.chance(0.3):
            args = []
        if name == "round" and self.chance(0.5):
            args = args[:1]
        if name == "info" and self.chance(0.5):
            args.append(self.info_selector())
        if signature.endswith("*"):
            args += [Text(self.label()) for _ in range(self.rnd.randint(0, 3))]
        if self.chance(self.wrong):
            args = args[1:] if self.chance(0.5) else args + [self.any_of(SCALAR, 0)]
        return Call(name, tuple(args), SCALAR if name in SCALAR_FUNCTIONS else VECTOR)

    def argument(self, code, depth, kinds):
        if code == "v":
            return self.any_of(VECTOR, depth, kinds)
        if code == "m":
            return self.any_of(MATRIX, depth, kinds)
        if code == "C":
            return self.any_of(MATRIX, depth, kinds or ("counter", "counter", "classic"))
        if code == "s":
            return self.any_of(SCALAR, depth)
        if code == "q":
            return self.quantile(depth)
        if code == "h":
            return self.any_of(VECTOR, depth, ("native",))
        if code == "b":
            return self.buckets(depth)
        if code == "t":
            return Text(self.pick((",", "-", "", "ö")))
        if code == "r":
            return Text(self.pick(("$1", "x", "", "${1}-y", "$0", "$2$1", "$$", "$name", "a$1b")))
        if code == "x":
            return Text(self.pick(("(.*)", "(a|b).*", ".*", "", "(.+):(.+)", "(?P<name>.).*", "([^:]*).*")))
        return Text(self.label())

    def buckets(self, depth):
        if self.chance(0.45):
            return self.any_of(VECTOR, depth, ("native",))
        inner = self.any_of(VECTOR, depth, ("classic",))
        if self.chance(0.6):
            inner = Call(self.pick(("rate", "increase", "sum_over_time")),
                         (self.selector(("classic",), is_range=True),))
        if self.chance(0.5):
            inner = Aggregate("sum", inner, grouping="by",
                              labels=("le",) + tuple(self.pick((("job",), ("instance", "job"), ()))))
        return inner

    def info_selector(self):
        matchers = tuple(self.matcher(self.metrics["target_info"])
                         for _ in range(self.rnd.randint(1, 2)))
        if self.chance(0.4):
            matchers += (self.pick((("__name__", "=", "build_info"), ("__name__", "=~", ".+_info"),
                                    ("__name__", "!=", "build_info"))),)
        return Selector("", matchers)

    def aggregate(self, depth, kinds=()):
        op = self.rnd.choices(AGGREGATIONS, [6, 4, 4] + [2] * (len(AGGREGATIONS) - 3))[0]
        grouping = self.pick(("", "by", "by", "without"))
        param = None
        if op in WITH_PARAMETER or self.chance(self.wrong):
            param = self.parameter(op, depth - 1)
        return Aggregate(op, self.any_of(VECTOR, depth - 1, kinds), param, grouping,
                         self.labels() if grouping else ())

    def parameter(self, op, depth):
        if op == "count_values":
            return Text(self.pick(("value", "job", "instance", "a.b")))
        if op == "quantile":
            return self.quantile(depth)
        if op == "limit_ratio":
            return Number(self.pick(("0.5", "-0.5", "0.1", "-0.9", "1", "0", "2", "-1")))
        if self.chance(0.85):
            return Number(self.pick("12345"))
        return self.any_of(SCALAR, depth)

    # Operators.

    def binary(self, depth):
        op = self.rnd.choices(ARITHMETIC + COMPARISONS + SET_OPERATORS,
                              (6, 6, 6, 6, 2, 2, 1) + (2,) * 6 + (4, 4, 4))[0]
        is_set = op in SET_OPERATORS
        bool_ = op in COMPARISONS and self.chance(0.4) or self.chance(self.wrong)
        bare = self.chance(0.15)
        kind = self.rnd.random()
        if kind < 0.3 and (not is_set or self.chance(self.wrong)):
            sides = [self.any_of(VECTOR, depth - 1), self.any_of(SCALAR, depth - 1)]
            self.rnd.shuffle(sides)
            return Binary(op, *sides, bool=bool_, bare=bare)
        left = self.any_of(VECTOR, depth - 1)
        if kind < 0.45:  # the same series on both sides
            return Binary(op, left, self.like(left), bool=bool_, bare=bare)
        right = self.any_of(VECTOR, depth - 1)
        if kind < 0.55:
            return Binary(op, left, right, bool=bool_, bare=bare)
        return self.matched(Binary(op, left, right, bool=bool_, bare=bare), is_set)

    def like(self, node):
        """The same expression with something in it changed."""
        if isinstance(node, Selector) and self.chance(0.7):
            return replace(node, offset=self.pick(OFFSETS))
        return node

    def matched(self, node, is_set):
        matching = self.pick(("on", "on", "ignoring"))
        labels = self.pick((("job", "instance"), ("job", "instance"), ("job",), ("code",), (),
                            self.labels()))
        node = replace(node, matching=matching, labels=labels)
        if is_set and not self.chance(self.wrong):
            return node
        if self.chance(0.6):  # one element per group on one side
            group = self.pick(("", "left", "left", "right"))
            one = Aggregate(self.pick(("sum", "max", "count", "avg")),
                            node.left if group == "right" else node.right, None,
                            "by" if matching == "on" else "without", labels)
            node = replace(node, **{"left" if group == "right" else "right": one})
            if not group and self.chance(0.8):
                node = replace(node, left=Aggregate("sum", node.left, None, one.grouping, labels))
            if group:
                include = tuple(label for label in self.labels(2)
                                if matching != "on" or label not in labels or self.chance(0.1))
                node = replace(node, group=group, include=include)
        elif self.chance(0.4):
            node = replace(node, group=self.pick(("left", "right")), include=self.labels(2))
        return node


def _times(rnd):
    """A time about the data, mostly whole."""
    at = data_.START_S + rnd.randrange(-600, data_.SPAN_S + 900)
    return at if rnd.random() < 0.8 else round(at + rnd.random(), 3)


def _damaged(text, rnd):
    tokens = list(tokens_of(text))
    for _ in range(rnd.randint(1, 2)):
        i = rnd.randrange(len(tokens))
        what = rnd.random()
        if what < 0.4:
            del tokens[i]
        elif what < 0.6:
            tokens.insert(i, rnd.choice(tokens))
        elif what < 0.8:
            tokens.insert(i, rnd.choice(("by", "(", ")", "{", "}", "[", "]", ",", "offset", "@", "bool",
                                         "on", "1.5.", "=", "!=", "=~", '"', "group_left", "#", "5m",
                                         "sum", "$", "!", ":", "0x", "'a'", "-", "ä")))
        else:
            j = rnd.randrange(len(tokens))
            tokens[i], tokens[j] = tokens[j], tokens[i]
        if not tokens:
            return Tokens(("",))
    return Tokens(tuple(tokens))


def random_query(metrics, rnd):
    kind = rnd.random()
    wrong = 0.12 if kind < 0.04 else 0.0
    generator = Generator(metrics, rnd, wrong)
    depth = rnd.choices((0, 1, 2, 3, 4), (1, 4, 6, 4, 2))[0]
    type_ = rnd.choices((VECTOR, SCALAR, MATRIX), (90, 5, 5))[0]
    expr = generator.any_of(type_, depth)
    if 0.04 <= kind < 0.08:
        expr = _damaged(str(expr), rnd)
    options = ()
    if rnd.random() < 0.03:
        options += (("lookback_delta", rnd.choice(("1m", "30", "15m", "1s"))),)
    if rnd.random() < 0.02:
        options += (("limit", rnd.choice("135")),)
    if rnd.random() < 0.55:
        return Query(expr, time=_times(rnd), options=options)
    step = rnd.choice((15, 30, 60, 37, 300, 0.5, 61.003))
    start = _times(rnd)
    return Query(expr, start=start, end=start + round(step * rnd.randrange(40) + rnd.random(), 3),
                 step=step, options=options)
