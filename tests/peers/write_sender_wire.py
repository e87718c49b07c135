# SPDX-License-Identifier: Apache-2.0
"""What the messages of remote write must be like: one case a line, each a check of the requests that
an endpoint got. `v1` and `v2` are requests of the two messages, `v2` with native histograms."""
import math, struct

LONG_NAME = "n" * 750
UNICODE = "ünïcode-ラベル-🙂"
SPECIAL = 'quote" back\\slash\nline\ttab <>&\'`{}'
STALE_BITS = 0x7FF0000000000002
VALUES = {"float": 3.25, "integer": 42.0, "zero": 0.0, "negative_zero": -0.0, "negative": -7.5,
          "inf": math.inf, "minus_inf": -math.inf, "nan": math.nan, "large": 1.7976931348623157e308,
          "small": 5e-324, "scientific": 6.02e23, "precision": 0.1 + 0.2}


def inputs():
    """Labels -> value of the series that rules read and copy."""
    series = {(("__name__", "in"), ("value", key)): value for key, value in VALUES.items()}
    series[(("__name__", "in"), ("instance", "a:1"), ("job", "api"))] = 1.0
    series[(("__name__", "in"), ("text", UNICODE))] = 2.0
    series[(("__name__", "in"), ("text", SPECIAL))] = 3.0
    series[(("__name__", "in"), ("text", "v" * 9000))] = 4.0
    series[(("__name__", "in"), (LONG_NAME, "long"))] = 5.0
    series[(("__name__", "in"), *((f"label_{i:03}", str(i)) for i in range(100)))] = 6.0
    series[(("__name__", "in"), ("vanishes", "soon"))] = 7.0
    series.update({(("__name__", "in"), ("job", "api"), ("many", str(i))): float(i) for i in range(200)})
    return {tuple(sorted(labels)): value for labels, value in series.items()}


def all_series(requests):
    return [one for request in requests for one in request.series]


def label_pairs(requests):
    return [pair for one in all_series(requests) for pair in one.labels]


def points(requests):
    return [point for request in requests for point in request.points()]


def histograms(requests, name):
    return [h for one in all_series(requests) if one.name == name for h in one.histograms]


def has_value(requests, key):
    """A copied sample has the bits of its input."""
    wanted = struct.unpack("<Q", struct.pack("<d", VALUES[key]))[0]
    bits = {b for labels, _, b in points(requests)
            if dict(labels).get("value") == key and dict(labels)["__name__"] == "out"}
    return bits == {wanted}


def has_label(requests, name, value):
    return (name, value) in label_pairs(requests)


def ordered(requests):
    """Timestamps of a series never fall, within a request and from one to the next."""
    last = {}
    for labels, at, _ in points([r for r in requests if r.is_accepted]):
        if at <= last.get(labels, -1):
            return False
        last[labels] = at
    return True


def sorted_labels(requests):
    return all(list(one.labels) == sorted(one.labels, key=lambda p: p[0].encode())
               for one in all_series(requests))


def unique_names(requests):
    return all(len({n for n, _ in one.labels}) == len(one.labels) for one in all_series(requests))


def deduplicated(requests):
    return all(len(set(r.symbols)) == len(r.symbols) for r in requests)


def reused(requests):
    refs = [(len(r.symbols), sum(len(one.refs) for one in r.series)) for r in requests]
    return any(many > 100 and symbols < many for symbols, many in refs)


def unframed(requests):
    return all(not r.body.startswith(b"\xff\x06\x00\x00sNaPpY") for r in requests)


def header(requests, name, value):
    return all(r.headers.get(name) == value for r in requests)


def native(requests, check):
    found = histograms(requests, "out:histogram")
    return bool(found) and all(map(check, found))


def grid(requests):
    return len({at % 1000 for _, at, _ in points(requests)}) == 1


def recent(requests):
    return all(-2 < r.at - at / 1000 < 60 for r in requests for _, at, _ in r.points())


V1_CASES = {
    "protocol/content_type_protobuf": lambda q: header(q, "content-type", "application/x-protobuf"),
    "protocol/content_encoding_snappy": lambda q: header(q, "content-encoding", "snappy"),
    "protocol/version_header_value": lambda q: header(q, "x-prometheus-remote-write-version", "0.1.0"),
    "protocol/user_agent_present": lambda q: all(r.headers["user-agent"].startswith("sloburn/") for r in q),
    "protocol/snappy_block_format": unframed,
    "protocol/post_method": lambda q: all(r.method == "POST" for r in q),
    "rw1/samples": lambda q: has_value(q, "precision") and has_value(q, "nan"),
    "rw1/labels": lambda q: sorted_labels(q) and unique_names(q) and has_label(q, "text", UNICODE),
    "rw1/no_native_histograms": lambda q: not any(one.histograms for one in all_series(q)),
    "rw1/no_start_timestamp": lambda q: not any(any(one.starts) for one in all_series(q)),
    "rw1/one_sample_of_a_series_per_request": lambda q: all(len({one.labels for one in r.series}) == len(list(r.points())) for r in q),
    "rw1/no_symbols": lambda q: all(r.fields == {1} for r in q),
}

V2_CASES = {
    "protocol/content_type_with_proto_param": lambda q: all(r.is_v2 for r in q),
    "protocol/content_encoding_snappy": V1_CASES["protocol/content_encoding_snappy"],
    "protocol/version_header_value": lambda q: header(q, "x-prometheus-remote-write-version", "2.0.0"),
    "protocol/user_agent_present": V1_CASES["protocol/user_agent_present"],
    "protocol/snappy_block_format": unframed,
    "protocol/protobuf_parseable": lambda q: all(r.series and r.fields == {4, 5} for r in q),
    "protocol/post_method": V1_CASES["protocol/post_method"],
    "symbols/empty_string_at_index_zero": lambda q: all(r.symbols[0] == "" for r in q),
    "symbols/string_deduplication": deduplicated,
    "symbols/labels_refs_valid_indices": lambda q: all(max(one.refs) < len(r.symbols) for r in q for one in r.series),
    "symbols/labels_refs_even_length": lambda q: all(len(one.refs) % 2 == 0 for one in all_series(q)),
    "symbols/efficient_symbol_reuse": reused,
    **{f"samples/{key}": (lambda q, key=key: has_value(q, key)) for key in VALUES},
    "samples/changing_value": lambda q: len({b for l, _, b in points(q) if dict(l)["__name__"] == "job:now:time"}) > 3,
    "samples/timestamp_milliseconds": lambda q: all(10**12 < at < 10**13 for _, at, _ in points(q)),
    "samples/timestamp_recent": recent,
    "samples/multiple_samples_same_series": ordered,
    "samples/ordering": ordered,
    "samples/job_and_instance": lambda q: has_label(q, "job", "api") and has_label(q, "instance", "a:1"),
    "samples/stale_marker_bits_kept": lambda q: any(b == STALE_BITS and ("vanishes", "soon") in l for l, _, b in points(q)),
    "timestamps/int64_milliseconds": lambda q: all(isinstance(at, int) for _, at, _ in points(q)),
    "timestamps/ordering_within_series": ordered,
    "timestamps/precision": grid,
    "timestamps/start_unset_is_zero": lambda q: not any(any(one.starts) for one in all_series(q)),
    "timestamps/start_not_after_sample": lambda q: all(s <= at for one in all_series(q) for s, (at, _) in zip(one.starts, one.samples)),
    "labels/lexicographic_order": sorted_labels,
    "labels/metric_name_present": lambda q: all(one.name for one in all_series(q)),
    "labels/metric_name_with_colons": lambda q: has_label(q, "__name__", "job:now:time"),
    "labels/no_duplicates": unique_names,
    "labels/no_empty_names": lambda q: all(name for name, _ in label_pairs(q)),
    "labels/no_empty_values": lambda q: all(value for _, value in label_pairs(q)),
    "labels/reserved_prefix": lambda q: all(name == "__name__" or not name.startswith("__") for name, _ in label_pairs(q)),
    "labels/unicode": lambda q: has_label(q, "text", UNICODE),
    "labels/special_characters": lambda q: has_label(q, "text", SPECIAL),
    "labels/very_long_names": lambda q: has_label(q, LONG_NAME, "long"),
    "labels/very_long_values": lambda q: has_label(q, "text", "v" * 9000),
    "labels/many": lambda q: any(len(one.labels) > 100 for one in all_series(q)),
    "labels/external": lambda q: all(("cluster", "eu") in one.labels for one in all_series(q)),
    "histograms/count": lambda q: native(q, lambda h: h[2] == 31.0),
    "histograms/sum": lambda q: native(q, lambda h: h[3] == 12.5),
    "histograms/schema": lambda q: native(q, lambda h: h[4] == 1),
    "histograms/zero_bucket": lambda q: native(q, lambda h: (h[5], h[7]) == (0.001, 4.0)),
    "histograms/negative_buckets": lambda q: native(q, lambda h: (h[8], h[10]) == ([(1, 1)], [5.0])),
    "histograms/positive_buckets": lambda q: native(q, lambda h: (h[11], h[13]) == ([(-2, 2), (2, 1)], [6.0, 7.0, 9.0])),
    "histograms/bucket_order": lambda q: native(q, lambda h: all(offset >= 0 for offset, _ in h[11][1:])),
    "histograms/timestamp": lambda q: native(q, lambda h: 10**12 < h[15] < 10**13),
    "histograms/never_mixed_with_samples": lambda q: all(not (one.samples and one.histograms) for one in all_series(q)),
    "histograms/empty": lambda q: any(h[2] == 0 and not h[11] for h in histograms(q, "out:empty_histogram")),
    "histograms/large_counts": lambda q: any(h[2] == 1e9 for h in histograms(q, "out:large_histogram")),
    "histograms/custom_buckets": lambda q: any(h[4] == -53 and h[16] == [1.0, 2.0] for h in histograms(q, "out:custom_histogram")),
    "batching/several_series_per_request": lambda q: max(len(r.series) for r in q) > 100,
    "batching/size": lambda q: max(len(list(r.points())) for r in q) <= 10_000,
    "batching/varying_cardinality": lambda q: len({len(r.series) for r in q}) > 1,
    "batching/mixed_families": lambda q: any(len({one.name for one in r.series}) > 2 for r in q),
    "edge/metric_name_of_750_bytes": lambda q: has_label(q, "__name__", LONG_NAME),
    "edge/many_series": lambda q: len({one.labels for one in all_series(q)}) > 200,
    "edge/rule_without_result": lambda q: not any(one.name == "out:nothing" for one in all_series(q)),
    "edge/no_empty_series": lambda q: all(one.samples or one.histograms for one in all_series(q)),
    "exemplars/none": lambda q: not any(one.exemplars for one in all_series(q)),
    "metadata/unspecified": lambda q: not any(one.metadata for one in all_series(q)),
}

NOT_APPLICABLE = {
    "exemplars/*": "rules record none, and exemplars of what they read are not kept",
    "metadata/*": "type, help and unit belong to what is scraped; a rule's result has none",
    "timestamps/start_timestamp_for_counters": "what a rule records has no start that is known",
    "timestamps/start_timestamp_for_histograms": "the same",
    "timestamps/future": "samples bear the time of their tick",
    "edge/zero_timestamp": "the same",
    "edge/empty_scrape": "nothing is scraped; edge/rule_without_result is what is like it",
    "batching/concurrent_requests": "one connection at a time keeps the order: behaviour/one_at_a_time",
}
