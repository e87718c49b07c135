#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Odd requests to every endpoint of sloburn and of a Prometheus that holds the same samples: equal
status, content type and body.

usage: http_edges_test.py SLOBURN
"""
import gzip, http.client, json, sys, time, urllib.parse, zlib

import dataset, peers

SLOBURN = sys.argv[1]
FORM = "application/x-www-form-urlencoded"

TIMES = ["0", "1", "-1", "1.5", "1e3", "1e9", "0x10", "0x1p4", "1_000", "1__0", "", " ", "+5", "x",
         "1970-01-01T00:00:10Z", "1970-01-01T00:00:10.123456789Z", "1970-01-01T02:00:10+02:00",
         "1970-01-01", "1970-01-01T00:00:10", "1970-13-01T00:00:00Z", "1970-02-30T00:00:00Z",
         "1970-01-01T24:00:00Z", "1970-01-01t00:00:10z", "1e400", ".5", "5.", "1:00", "infinit"]
DURATIONS = ["0", "-1", "1", "1s", "1.5", "1m30s", "90s1m", "1x", "1_0", "Inf", "-Inf", "1e30", "0s",
             "1ms", "0.0001", "-5s", "", "1h30", "1d", "1w", "1y", "99999999999d", "9223372036",
             "9223372037", "1e-10", "5m ", "0x5"]
LIMITS = ["0", "1", "2", "-1", "x", "1.5", "", "99999999999999999999", "+1", "1e1", "0x1", " 1"]
SELECTORS = ["up", "", "{}", "up{", "{job=~'.*'}", "{job=~'.+'}", "up[5m]", "up offset 1m", "1", "'x'",
             "rate(up[5m])", "{__name__='up'}", "up{__name__='x'}", "nothing", "{'name.with.dots'}",
             "-up", "(up)", "{job!='api'}", "{job='api',job='web'}", "\xff", "up{job='\xe9'}"]


def get(path, **parameters):
    pairs = [(k.replace("match", "match[]") if k == "match" else k, v)
             for k, values in parameters.items()
             for v in (values if isinstance(values, list) else [values])]
    encoded = urllib.parse.urlencode(pairs)
    return ("GET", path + ("?" + encoded if encoded else ""), {}, None)


def post(path, body, content_type=FORM, method="POST"):
    return (method, path, {"Content-Type": content_type}, body)


def query_requests(end):
    q, r = "/api/v1/query", "/api/v1/query_range"
    for text in TIMES:
        if text:  # not now
            yield get(q, query="time()", time=text)
        yield get(q, query="up", time=text)
        yield get(r, query="time()", start=text, end="100", step="10")
        yield get(r, query="time()", start="0", end=text, step="1e15")
    for text in DURATIONS:
        # Only what is refused or long enough: a short timeout is reached anywhere.
        if text not in ("0", "0s", "-1", "1ms", "0.0001", "1e-10"):
            yield get(q, query="1", time="5", timeout=text)
            yield get(r, query="1", start="5", end="6", step="1", timeout=text)
        yield get(q, query="up", time=str(end + 30), lookback_delta=text)
        yield get(r, query="up", start=str(end), end=str(end + 60), step="30", lookback_delta=text)
        if text not in ("1ms", "0.0001", "1e-10"):
            yield get(r, query="1", start="5", end="11", step=text)
    for text in LIMITS:
        yield get(q, query="up", time=str(end), limit=text)
        yield get(q, query="up[1m]", time=str(end), limit=text)
        yield get(q, query="1", time="1", limit=text)
        yield get(r, query="up", start=str(end - 60), end=str(end), step="30", limit=text)
    for points in (10999, 11000, 11001):
        yield get(r, query="1", start="0", end=str(points), step="1")
        yield get(r, query="1", start="0", end=str(points * 0.5), step="0.5")
    yield get(r, query="1", start="0", end="11000.999", step="1")
    yield get(r, query="1", start="0", end="11001", step="1", timeout="x")
    yield get(r, query="1")
    yield get(r, start="0", end="1", step="1")
    yield get(r, query="1", start="0", end="1")
    yield get(r, query="1", start="1", end="0", step="1")
    yield get(r, query="1", start="1", end="0", step="x")
    yield get(r, query="1", start="1", end="1", step="1")
    yield get(r, query="1", start="1.0004", end="1.0006", step="1")
    yield get(r, query="time()", start="1.0014", end="1.0066", step="0.0015")
    yield get(r, query="'x'", start="1", end="1", step="1")
    yield get(r, query="up[5m]", start="1", end="1", step="1", limit="x")
    yield get(q)
    yield get(q, query="")
    yield get(q, query=" ")
    yield get(q, query="up{", time="x")
    yield get(q, query="up{", limit="x", time="x")
    yield get(q, query="up{", timeout="x", lookback_delta="x")
    yield get(q, query=["up", "nothing"], time=[str(end), "1"])
    yield get(q, query="'<script>&\u2028\u2029\U0001f600\t\x01\x7f'", time="1")
    yield get(q, query="label_replace(up, 'x', '\b\f\x7f<\u2028', '', '')", time=str(end))
    yield get(q, query="\0", time="1")
    yield get(q, query="1\0", time="1")
    yield get(q, query="up#", time=str(end))
    yield get(q, query="1\r\n+\t1", time="1")
    for text in ("'a\\qb'", '"\\u00e9"', '"\\ud800"', '"\\U00110000"', "`a\nb`", '"a\nb"', "'\\400'"):
        yield get(q, query=text, time="1")


def metadata_requests(start, end):
    for path in ("/api/v1/series", "/api/v1/labels", "/api/v1/label/job/values"):
        for text in SELECTORS:
            yield get(path, match=text)
        yield get(path, match=["up", "{}"])
        yield get(path, match=["up", "odd_values", "up{job='api'}"])
        for text in TIMES:
            # Prometheus looks at its blocks here, not at the series: all or nothing agree.
            yield get(path, match="up", start=text, end="9e9")
            yield get(path, match="up", start="9e9", end=text)
        for text in LIMITS:
            yield get(path, match="up", limit=text)
            yield get(path, match=["up", "odd_values"], limit=text)
        yield get(path)
        yield get(path, limit="x", start="x", match="{")
        yield get(path, start="x", end="x")
        yield get(path, match="up", start=str(end + 10), end=str(start - 10))
        yield post(path, "match[]=up")
        yield post(path, "match[]=up", "text/plain")
        yield post(path, "match[]=up", "application/x-www-form-urlencoded; charset=utf-8")
    for name in ("__name__", "job", "nosuch", "a-b", "name.with.dots", "label.with.dots",
                 "U__label_2e_with_2e_dots", "U__a_zz_", "U__", "%ff", "%C3%A9", "a/b",
                 "a%20b", "U__job", "U__a__b", "U___", "U__d800_", "1"):
        yield get(f"/api/v1/label/{name}/values")
    yield get("/api/v1/metadata", limit="x")
    yield get("/api/v1/metadata", limit_per_metric="x")
    yield get("/api/v1/metadata", metric="nosuch")
    for text in LIMITS:
        yield get("/api/v1/metadata", limit=text, limit_per_metric=text)
    for text in TIMES[:12]:
        yield get("/api/v1/query_exemplars", query="up", start=text, end="100")
    yield get("/api/v1/query_exemplars", query="up{", start="1", end="2")
    yield get("/api/v1/query_exemplars", query="1", start="1", end="2")
    yield get("/api/v1/query_exemplars")


def other_requests():
    for path in ("/api/v1/format_query", "/api/v1/parse_query"):
        for text in ("up", "", "sum(", "foo{a='b'}", "up[5m:1m]", "{}", "1+1", "'<'", "rate(up[5m])"):
            yield get(path, query=text)
        yield post(path, "query=up%2Bup")
        yield post(path, "query=up%2Bup", "application/json")
    for parameters in (dict(type="x"), dict(type="alert"), dict(type="record"), dict(type="ALERT"),
                       {"rule_name[]": "x"}, {"match[]": "{"}, {"match[]": "up"}, {"match[]": "{}"},
                       dict(exclude_alerts="x"), dict(exclude_alerts="true"), dict(group_limit="x"),
                       dict(group_limit="0"), dict(group_limit="-1"), dict(group_limit="1"),
                       dict(group_next_token="x"), dict(group_next_token="x", group_limit="1"), {}):
        yield get("/api/v1/rules", **parameters)
    yield get("/api/v1/alerts")
    yield get("/api/v1/alertmanagers")
    yield get("/api/v1/scrape_pools")
    for text in ("", "any", "ACTIVE", "dropped", "x"):
        yield get("/api/v1/targets", state=text, scrapePool="x")
    for parameters in ({}, dict(limit="1", metric="up"), dict(limit="x"), dict(match_target="{"),
                       dict(match_target="{job='a'}"), dict(match_target="up[5m]")):
        yield get("/api/v1/targets/metadata", **parameters)
    yield get("/api/v1/status/walreplay")
    for text in ("10000", "x", "0", "-1", "1.5"):
        yield get("/api/v1/status/tsdb", limit=text)
    for path in ("/api/v1/", "/api/v1/nosuch", "/api/v2/query", "/api/v1/label", "/api/v1/label/job",
                 "/api/v1/label/job/value", "/nosuch", "/-/nosuch"):
        yield get(path, query="1")
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "BREW"):
        for path in ("/api/v1/query", "/api/v1/rules", "/api/v1/labels", "/api/v1/nosuch"):
            yield (method, path + "?query=1&time=1", {}, None)
    yield ("POST", "/api/v1/rules", {}, None)
    yield ("POST", "/api/v1/label/job/values", {}, None)
    yield ("GET", "/api/v1/write", {}, None)


def body_requests(end):
    """Bodies and query strings that cannot be decoded, or say two things."""
    q = "/api/v1/query"
    for body in ("query=1&time=1", "query=1&time=1&", "&&query=1&time=1", "query=%zz&time=1", "query=1;time=1",
                 "query=1&time=1&x=%", "time=1&query=%2", "query=%ff&time=1", "=1&query=2&time=1",
                 "query=1+%2B+1&time=1", "query", "query=1&time=1&query=2", "\xff\xfe", "{}"):
        yield post(q, body)
        yield ("GET", q + "?" + urllib.parse.quote(body, safe="%&=;+{}"), {}, None)
        yield post("/api/v1/series", body)
        yield post("/api/v1/labels", body)
    yield post(q + "?time=1&query=2", "query=3")
    yield post(q + "?time=1&query=2", "query=3", "application/x-www-form-urlencoded;charset=UTF-8")
    yield post(q + "?time=1&query=2", "query=3", "APPLICATION/X-WWW-FORM-URLENCODED")
    for content_type in ("text/plain", "application/json", "multipart/form-data; boundary=b", "", ";",
                         "multipart/form-data", "application/x-www-form-urlencoded;x"):
        yield post(q + "?time=1&query=2", "query=3&time=3", content_type)
    yield post(q + "?time=1&query=2", "query=3", method="PUT")
    yield post("/api/v1/series?match[]=up", "match[]=odd_values")
    yield post(q, "time=1&query=" + "1%2B" * 20000 + "1")
    for header in ({"Accept-Encoding": "identity"}, {"Accept": "text/html"}, {"Accept": "*/*"},
                   {"Accept": "application/xml"}, {"Origin": "http://x.example"},
                   {"Content-Type": "junk"}):
        yield ("GET", q + f"?query=up&time={end}", header, None)


# Where Prometheus' answer is an accident and ours is not: the request, our status, our error.
# Times and durations out of Go's integers wrap round there; a timeout that is over at once is found
# now here, now there; a HEAD is refused.
OURS = [
    (get("/api/v1/query", query="time()", time="NaN"), 400,
     "invalid parameter \"time\": invalid time value for 'time': cannot parse \"NaN\" to a valid "
     "timestamp"),
    (get("/api/v1/query", query="time()", time="-Inf"), 400,
     "invalid parameter \"time\": invalid time value for 'time': cannot parse \"-Inf\" to a valid "
     "timestamp"),
    (get("/api/v1/query", query="time()", time="1e30"), 200, None),
    (get("/api/v1/query", query="up", time="-292273086-05-16T16:47:06Z"), 200, None),
    (get("/api/v1/query", query="up", time="292277025-08-18T07:12:54.999999999Z"), 200, None),
    (get("/api/v1/query_range", query="up", start="NaN", end="1", step="1"), 400,
     "invalid parameter \"start\": cannot parse \"NaN\" to a valid timestamp"),
    (get("/api/v1/query_range", query="up", start="0", end="9223372036854775807", step="1"), 400,
     "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query "
     "resolution (?step=XX)"),
    (get("/api/v1/query_range", query="up", start="0", end="1", step="NaN"), 400,
     "invalid parameter \"step\": cannot parse \"NaN\" to a valid duration. It overflows int64"),
    (get("/api/v1/query_range", query="up", start="0", end="0", step="0.0001"), 400,
     "invalid parameter \"step\": zero or negative query resolution step widths are not accepted. "
     "Try a positive integer"),
    (get("/api/v1/query", query="up", lookback_delta="NaN"), 400,
     "error parsing lookback delta duration: cannot parse \"NaN\" to a valid duration. It overflows "
     "int64"),
    (get("/api/v1/query", query="1", timeout="0"), 503, "query timed out in query queue"),
    (get("/api/v1/query", query="1", timeout="-1"), 503, "query timed out in query queue"),
    (get("/api/v1/query_range", query="1", start="0", end="1", step="1", timeout="0s"), 503,
     "query timed out in query queue"),
    (("HEAD", "/api/v1/query?query=1", {}, None), 200, None),
    (get("/api/v1/label//values"), 404, None),
    (get("/api/v1/query/", query="1"), 404, None),
    (get("/api/v1/label/%zz/values"), 400, None),
    (post("/api/v1/query", "query=" + "1%2B" * 300000 + "1"), 413,
     "the request body is above the limit of 1048576 bytes"),
]

NEWER_FIELDS = {"anchored", "smoothed", "offsetExpr", "rangeExpr", "stepExpr", "fillValues"}


def without_newer_fields(value):
    if isinstance(value, dict):
        return {k: without_newer_fields(v) for k, v in value.items() if k not in NEWER_FIELDS}
    return [without_newer_fields(v) for v in value] if isinstance(value, list) else value


def normal(request, answer):
    """The tree of a query has more fields in later versions of Prometheus. Equal counts come in any
    order."""
    if answer[0] != 200:
        return answer
    if "/parse_query" in request[1]:
        return answer[0], answer[1], without_newer_fields(json.loads(answer[2]))
    if "/status/tsdb" in request[1]:
        data = json.loads(answer[2])["data"]
        del data["headStats"]["chunkCount"]  # chunks are Prometheus' own
        sort = lambda stats: sorted((-stat["value"], stat["name"]) for stat in stats)
        return answer[0], answer[1], {key: sort(value) if isinstance(value, list) else value
                                      for key, value in data.items()}
    return answer


def ask(base, request):
    method, target, headers, body = request
    connection = http.client.HTTPConnection(base.split("//")[1], timeout=60)
    try:
        connection.putrequest(method, target, skip_accept_encoding=True)
        data = None if body is None else body.encode("latin-1")
        for name, value in headers.items():
            connection.putheader(name, value)
        if data is not None:
            connection.putheader("Content-Length", str(len(data)))
        connection.endheaders(data)
        answer = connection.getresponse()
        text = answer.read().decode("utf-8", "surrogateescape")
        return answer.status, (answer.getheader("Content-Type") or ""), text
    finally:
        connection.close()


CORS_PATHS = ["/api/v1/query?query=1", "/api/v1/query?query=up%7B", "/api/v1/status/flags",
              "/api/v1/nosuch", "/api/v1/rules", "/metrics", "/-/ready"]
CODINGS = ["", "deflate", "gzip", "gzip, deflate", "deflate,gzip", "br, deflate", "*", "identity",
           "deflate;q=0", "gzip;q=0,deflate", "compress"]


def headers_of(base, method, target, headers):
    connection = http.client.HTTPConnection(base.split("//")[1], timeout=60)
    try:
        connection.putrequest(method, target, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        return answer, answer.read()
    finally:
        connection.close()


def cross_origin(base):
    """What pages of other origins are told."""
    return [[(name, answer.getheader(name)) for name in
             ("Access-Control-Allow-Origin", "Access-Control-Allow-Methods",
              "Access-Control-Allow-Headers", "Access-Control-Expose-Headers")]
            for path in CORS_PATHS for method in ("GET", "OPTIONS")
            for origin in ({}, {"Origin": "http://x.example"}, {"Origin": "null"})
            for answer, _ in [headers_of(base, method, path, origin)]]


def codings(base, end):
    """The coding chosen for a long answer, and what is in it."""
    told = []
    for accepted in CODINGS:
        target = "/api/v1/query?" + urllib.parse.urlencode(
            {"query": "requests_total[30m]", "time": str(end)})
        answer, body = headers_of(base, "GET", target, {"Accept-Encoding": accepted})
        coding = answer.getheader("Content-Encoding")
        text = (zlib.decompress(body) if coding == "deflate" else
                gzip.decompress(body) if coding == "gzip" else body)
        told.append((accepted, coding, json.loads(text)))
    return told


def compare_headers(prometheus, sloburn, end):
    different = 0
    for what in (cross_origin, lambda base: codings(base, end)):
        for expected, got in zip(what(prometheus), what(sloburn)):
            if expected != got:
                different += 1
                print("headers", str(expected)[:400], str(got)[:400])
    return different


def main():
    binary = peers.require_prometheus()
    with peers.workdir() as path, \
            peers.prometheus(binary, path, "--enable-feature=native-histograms") as prometheus, \
            peers.sloburn(SLOBURN, path) as (sloburn, _):
        start = int(time.time()) // 60 * 60 - 3000
        end = start + (dataset.STEPS - 1) * dataset.STEP_MS // 1000
        dataset.push_all([prometheus, sloburn], start * 1000)
        requests = [*query_requests(end), *metadata_requests(start, end), *other_requests(),
                    *body_requests(end)]
        different = compare_headers(prometheus, sloburn, end)
        for request in requests:
            expected, got = ask(prometheus, request), ask(sloburn, request)
            if normal(request, expected) == normal(request, got):
                continue
            different += 1
            print(request[0], request[1][:200], request[2] or "", (request[3] or "")[:100])
            for name, answer in (("prometheus", expected), ("sloburn", got)):
                print(f"  {name:10} {answer[0]} {answer[1]} {answer[2][:400]!r}")
        for request, status, error in OURS:
            got = ask(sloburn, request)
            if got[0] != status or (error and json.loads(got[2])["error"] != error):
                different += 1
                print(request[1][:200], got)
        requests += OURS
        print(f"{len(requests) - different} of {len(requests)} answers as expected")
        sys.exit(1 if different else 0)


main()
