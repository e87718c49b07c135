#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`sloburn import` and `sloburn export` with sloburn alone: what is imported is exported as the same
text, and what is wrong with a file is told with its place. Real peers are in
tests/peers/openmetrics_test.py.

usage: transfer_test.py SLOBURN
"""
import os, subprocess, sys, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "peers"))
import peers

SLOBURN = sys.argv[1]


def run(*arguments, code=0, stdin=None):
    done = subprocess.run([SLOBURN, *arguments], input=stdin, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=120)
    assert done.returncode == code, (arguments, done.returncode, done.stderr.decode()[-2000:])
    return done.stdout, done.stderr.decode()


def save(path, text):
    with open(path, "wb") as f:
        f.write(text)
    return path


def sample_text(start):
    lines = []
    for name in ("a_metric", "up", "\"with.dots\""):
        lines.append(f"# TYPE {name} unknown")
        for job in ("x", "y \\\\ \\\"é\\n"):
            series = f"{{{name},job=\"{job}\"}}" if '"' in name else f"{name}{{job=\"{job}\"}}"
            for i, value in enumerate(["1", "0.1", "-0", "NaN", "+Inf", "-Inf", "1e+300", "5e-324"] +
                                      [str(n) for n in range(2000)]):
                lines.append(f"{series} {value} {start + i}.{'000' if i % 2 else '125'}")
    return "\n".join(lines + ["# EOF", ""]).encode()


def round_trip(path, text, *flags):
    file = save(os.path.join(path, "in.om"), text)
    with peers.sloburn(SLOBURN, path, *flags) as (base, _):
        out, err = run("import", "--url", base + "/api/v1/write", file)
        assert out == b"imported 12,048 samples\n" and err == "", (out, err)
        out, err = run("export", "--url", base)
        assert out == text, (out[:2000], text[:2000])
        assert err == "exported 12,048 samples of 6 series\n", err
        err = run("import", "--url", base + "/api/v1/write", file, code=1)[1]
        assert "out of order sample" in err, err  # the store takes no samples older than its own
        refusals(path, base, text)


def refusals(path, sloburn, text):
    url = sloburn + "/api/v1/write"
    lines = text.split(b"\n")
    for number, bad, cause in ((3, b"a_metric{", "3:10: expected the name of a label"),
                               (5, b"a_metric 1", "5:11: a sample without timestamp")):
        broken = lines[:number - 1] + [bad] + lines[number - 1:]
        file = save(os.path.join(path, "broken.om"), b"\n".join(broken))
        err = run("import", "--url", url, file, code=1)[1]
        assert f"error: {file}:{cause}" in err, err
    cut = save(os.path.join(path, "cut.om"), b"\n".join(lines[:10]) + b"\n")
    assert ":11:1: the text does not end with # EOF" in run("import", "--url", url, cut, code=1)[1]
    long = b"a{x=\"" + b"y" * 1000 + b"\"} 1 1\n# EOF\n"
    err = run("import", "--url", url, "--max-line-bytes=100", "-", stdin=long, code=1)[1]
    assert "<stdin>:1:1: the line is longer than 100 bytes" in err, err
    old = b"up{job=\"x\"} 5 1\n# EOF\n"
    err = run("import", "--url", url, "-", stdin=old, code=1)[1]
    assert "the server refused 1 samples" in err and "out of order" in err, err
    began = time.time()
    err = run("import", "--url", "http://127.0.0.1:1/api/v1/write", "--give-up-after=1", "-",
              stdin=old, code=1)[1]
    assert "the server takes nothing" in err and time.time() - began < 20, err
    assert "open /nosuch: No such file" in run("import", "--url", url, "/nosuch", code=2)[1]
    now = int(time.time() * 1000)
    text = f"# whatever\nold_format {{ a = \"b\" }} 7 {now}\n".encode()
    run("import", "--url", url, "--format=prometheus", "-", stdin=text)
    assert peers.query(sloburn, "old_format", now / 1000)[0]["value"][1] == "7"


def main():
    start = int(time.time()) - 3000
    with peers.workdir() as path:
        round_trip(path, sample_text(start))
    print("PASSED")


main()
