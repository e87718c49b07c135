# SPDX-License-Identifier: Apache-2.0
"""A client of remote read, for tests: requests, and answers taken apart. Standard library only."""
import struct, urllib.error, urllib.request

import peers

SAMPLES, STREAMED = 0, 1  # what an answer may be


def matcher(kind, name, value):
    """`kind`: 0 is =, 1 is !=, 2 is =~, 3 is !~."""
    fields = peers._varint(1 << 3) + peers._varint(kind)
    return peers._field(3, fields + peers._field(2, name.encode()) + peers._field(3, value.encode()))


def request(matchers, start_ms, end_ms, accepted):
    query = peers._varint(1 << 3) + peers._varint(start_ms)
    query += peers._varint(2 << 3) + peers._varint(end_ms) + b"".join(matchers)
    return peers._field(1, query) + b"".join(b"\x10" + peers._varint(one) for one in accepted)


def read(base, body):
    """The answer's status, content type and body."""
    asked = urllib.request.Request(base + "/api/v1/read", data=peers._snappy(body), headers={
        "Content-Type": "application/x-protobuf", "Content-Encoding": "snappy",
        "X-Prometheus-Remote-Read-Version": "0.1.0"})
    try:
        with urllib.request.urlopen(asked, timeout=60) as answer:
            return answer.status, answer.headers["Content-Type"], answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers["Content-Type"], error.read()


def messages(data):
    """(field, value) pairs of a protobuf message."""
    at, end, out = 0, len(data), []
    while at < end:
        key, at = varint_at(data, at)
        kind = key & 7
        if kind == 0:
            value, at = varint_at(data, at)
        elif kind == 1:
            value = struct.unpack_from("<d", data, at)[0]
            at += 8
        else:
            size, at = varint_at(data, at)
            value = data[at:at + size]
            at += size
        out.append((key >> 3, value))
    return out


def varint_at(data, at):
    """The number, and where what follows it begins."""
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7


def unsnappy(data):
    """The block format; enough of it for what two servers send."""
    size, at = varint_at(data, 0)
    out = bytearray()
    while at < len(data):
        tag = data[at]
        at += 1
        if tag & 3 == 0:
            length = tag >> 2
            if length >= 60:
                extra = length - 59
                length = int.from_bytes(data[at:at + extra], "little")
                at += extra
            out += data[at:at + length + 1]
            at += length + 1
            continue
        if tag & 3 == 1:
            length, offset = (tag >> 2 & 7) + 4, tag >> 5 << 8 | data[at]
            at += 1
        else:
            width = 2 if tag & 3 == 2 else 4
            length, offset = (tag >> 2) + 1, int.from_bytes(data[at:at + width], "little")
            at += width
        begin = len(out) - offset
        piece = out[begin:begin + length]
        while len(piece) < length:  # a copy may read what it has written
            piece += piece[:length - len(piece)]
        out += piece
    assert len(out) == size
    return bytes(out)
