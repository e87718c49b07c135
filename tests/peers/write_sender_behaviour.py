# SPDX-License-Identifier: Apache-2.0
"""What a sender of remote write must do with the answers it gets: one case a line. A case is an
endpoint with an answer for each request, and a check of what came of it."""
import email.utils, time
from dataclasses import dataclass, field
from typing import Callable

from write_receiver import Reply, written

V1, V2 = "prometheus.WriteRequest", "io.prometheus.write.v2.Request"
WORDS = b"the words <&> \"quoted\"\n\x1b[31mred\x00 " + b"x" * 5000


@dataclass
class Case:
    name: str
    answer: Callable  # of the number of the request and the request; None takes it
    check: Callable   # of a Run; true where it is good
    message: str = V1
    config: dict = field(default_factory=dict)  # of the endpoint


@dataclass
class Run:
    """What came of a case. `control` has the samples of an endpoint that always answers well."""
    requests: list
    control: dict
    metrics: dict  # of the endpoint, without prefix
    log: str
    most_at_once: int
    until: int

    def accepted(self):
        """(labels, unix ms) -> the bits, for each time it was taken."""
        found = {}
        for request in self.requests:
            if request.is_accepted:
                for labels, at, bits in request.points():
                    if at <= self.until:
                        found.setdefault((labels, at), []).append(bits)
        return found

    def gaps(self):
        times = [request.at for request in self.requests]
        return [b - a for a, b in zip(times, times[1:])]


def first(count, reply):
    return lambda number, request: reply if number < count else None


def always(reply):
    return lambda number, request: reply


def delivered(run, without=lambda labels: False):
    """Everything once, in order."""
    wanted = {key: bits for key, bits in run.control.items() if not without(key[0])}
    return run.accepted() == wanted and len(wanted) > 20


def retried(run):
    """The same body at least three times more, then everything."""
    head = run.requests[:4]
    return (len({r.body for r in head}) == 1 and not any(r.is_accepted for r in head[:3]) and
            [r.headers.get("retry-attempt") for r in head] == [None, "1", "2", "3"] and
            run.metrics["samples_retried_total"] > 0 and run.metrics["samples_failed_total"] == 0 and
            delivered(run))


def never_again(run):
    """No sample is sent a second time; all are counted as failed."""
    sent = [point for r in run.requests for point in r.points()]
    return (len(sent) == len(set(sent)) and len(sent) >= 5 and
            run.metrics["samples_failed_total"] in (len(sent), len(sent) - 1) and
            run.metrics["samples_total"] == 0)


def fell_back(run):
    kinds = [r.is_v2 for r in run.requests]
    return (kinds[0] and not any(kinds[1:]) and delivered(run) and
            run.log.count("Remote write 2.0 is not understood") == 1)


def is_bad(labels):
    return ("value", "bad") in labels


def refuse_bad(number, request):
    return Reply(400, b"bad sample") if any(is_bad(one.labels) for one in request.series) else None


def refuse_bad_partly(number, request):
    bad = sum(len(one.samples) for one in request.series if is_bad(one.labels))
    if bad == 0:
        return None
    good = sum(len(one.samples) for one in request.series) - bad
    request.series = [one for one in request.series if not is_bad(one.labels)]
    return Reply(400, b"bad sample\n", written(request, good), is_accepted=True)


def not_v2(reply):
    return lambda number, request: reply if request.is_v2 else None


def log_has_words(run):
    line = next(line for line in run.log.splitlines() if "the words" in line)
    words = line[line.index("the words"):]
    return ("<&>" in words and "\x1b" not in line and "\x00" not in line and "[31mred" in words and
            900 < words.count("x") < 1100)


def backoff_gaps(run):
    return run.gaps()[:8]  # before the first success


def grows(run):
    """A busy machine makes pauses longer, never shorter."""
    gaps = backoff_gaps(run)
    return (all(gap >= 0.05 * 2**i for i, gap in enumerate(gaps[:4])) and
            sum(b >= 0.8 * a for a, b in zip(gaps[:4], gaps[1:4])) >= 2)


def until_time(seconds, reply):
    """Counted from the first request."""
    start = []
    def answer(number, request):
        start.append(request.at)
        return reply if request.at < start[0] + seconds else None
    return answer


def has_backlog(run):
    return any(len(one.samples) > 2 for r in run.requests if r.is_accepted for one in r.series)


def retry_date():
    return email.utils.formatdate(time.time() + 3, usegmt=True)


BACKOFF = dict(answer=first(8, Reply(503)), config={"queue_config": {"min_backoff": "50ms", "max_backoff": "400ms"}})
SHORT = {"remote_timeout": "1s"}


def cases():
    """Endpoints of one process with several series."""
    both = (("v1", V1), ("v2", V2))
    out = [Case(f"retry/retry_on_{code}/{tag}", first(3, Reply(code, b"not now")), retried, message)
           for code in (500, 502, 503, 504, 429, 599) for tag, message in both]
    out += [Case(f"errors/{name}/{tag}", first(3, reply), retried, message, SHORT)
            for tag, message in both for name, reply in (
                ("timeout", Reply(204, delay=1.5, is_accepted=False)),
                ("partial_answer", Reply(raw=b"HTTP/1.1 204 No Con")),
                ("malformed_answer", Reply(raw=b"HTTP/9.9 banana\r\n\r\n")),
                ("binary_answer", Reply(raw=b"\x00\xff" * 500)),
                ("empty_answer", Reply(raw=b"")),
                ("large_body", Reply(500, b"y" * 10_000_000)),
                ("odd_status_999", Reply(999, b"?")))]
    out += [Case(f"response/{code}/{tag}", lambda number, request, code=code: Reply(code, headers=written(request)), delivered, message)
            for code in (200, 202, 204) for tag, message in both]
    out += [Case(f"response/ignore_body_on_2xx/{tag}", lambda number, request: Reply(200, b"error: not OK " * 50_000, written(request)), delivered, message)
            for tag, message in both]
    return out + [
        Case("backoff/exponential", check=grows, **BACKOFF),
        Case("backoff/minimum_delay", check=lambda run: min(backoff_gaps(run)) >= 0.05, **BACKOFF),
        Case("backoff/maximum_delay", check=lambda run: max(backoff_gaps(run)) <= 0.4 * 1.2 + 1, **BACKOFF),
        Case("backoff/jitter", check=lambda run: max(backoff_gaps(run)[4:]) - min(backoff_gaps(run)[4:]) > 0.001, **BACKOFF),
        Case("backoff/then_delivered", check=delivered, **BACKOFF),
        Case("backoff/retry_after_seconds", first(1, Reply(429, headers={"Retry-After": "1"})), lambda run: run.gaps()[0] >= 1 and delivered(run)),
        Case("backoff/retry_after_date", first(1, Reply(503, headers={"Retry-After": retry_date()})), delivered),
        Case("backoff/retry_after_nonsense", first(3, Reply(503, headers={"Retry-After": "soon"})), retried),
        Case("fallback/415_to_rw1", not_v2(Reply(415, b"not accepted")), fell_back, V2),
        Case("fallback/changed_headers", not_v2(Reply(415)), lambda run: {r.headers["x-prometheus-remote-write-version"] for r in run.requests[1:]} == {"0.1.0"}, V2),
        Case("fallback/success_after", not_v2(Reply(415)), lambda run: all(r.is_accepted for r in run.requests[1:]), V2),
        Case("fallback/persistent_choice", not_v2(Reply(415)), lambda run: not any(r.is_v2 for r in run.requests[1:]) and len(run.requests) > 4, V2),
        Case("fallback/success_without_headers", not_v2(Reply(204, is_accepted=False)), fell_back, V2),
        Case("response/written_headers_processed", refuse_bad_partly, lambda run: delivered(run, is_bad) and run.metrics["samples_failed_total"] > 3, V2),
        Case("response/partial_write_is_not_sent_again", refuse_bad_partly, lambda run: len({r.body for r in run.requests}) == len(run.requests) and run.metrics["samples_retried_total"] == 0, V2),
        Case("response/missing_headers_are_zero", refuse_bad, lambda run: delivered(run, is_bad), V2),
        Case("response/one_bad_series/v1", refuse_bad, lambda run: delivered(run, is_bad) and run.metrics["samples_failed_total"] > 3),
        Case("response/too_large_is_split", lambda number, request: Reply(413) if len(list(request.points())) > 2 else None, delivered),
        Case("errors/continues_after_errors", lambda number, request: Reply(503) if number % 2 else None, delivered),
        Case("errors/continues_after_refusals", lambda number, request: Reply(400, b"odd") if number == 0 else None, delivered),
        Case("behaviour/one_at_a_time", always(Reply(204, delay=0.3)), lambda run: run.most_at_once == 1 and delivered(run)),
        Case("samples/several_ticks_per_series", until_time(5, Reply(503)), lambda run: not has_backlog(run) and delivered(run)),
        Case("samples/several_ticks_per_series/v2", until_time(5, Reply(503)), lambda run: has_backlog(run) and delivered(run), V2),
        Case("load/slow_endpoint", always(Reply(204, delay=0.8)), delivered),
    ]


def single_series_cases():
    """Endpoints of one process with one series, so that no batch can be divided."""
    return [Case(f"retry/no_retry_on_{code}", always(Reply(code, b"no")), never_again)
            for code in (301, 400, 401, 403, 404, 405, 409, 413, 415, 422)] + [
        Case("response/log_error_verbatim", always(Reply(400, WORDS)), lambda run: never_again(run) and log_has_words(run)),
        Case("response/large_error_body", always(Reply(400, b"y" * 10_000_000)), never_again),
        Case("retry/retry_on_http_429_off", always(Reply(429)), never_again, config={"queue_config": {"retry_on_http_429": "false"}}),
    ]
