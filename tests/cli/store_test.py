#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`sloburn store inspect` and `sloburn store verify` on databases of sloburn itself: beside a server,
after kill -9, closed, damaged, and on what is no database.

usage: store_test.py SLOBURN
"""
import json, os, shutil, sqlite3, subprocess, sys, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "peers"))
import peers

SLOBURN = sys.argv[1]
SAMPLES = 2500


def run(*arguments, code=0):
    done = subprocess.run([SLOBURN, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=120)
    out, err = done.stdout.decode(), done.stderr.decode()
    assert done.returncode == code, (arguments, done.returncode, out[-2000:], err[-2000:])
    return out, err


def inspect(path, *arguments):
    out, err = run("store", "inspect", f"--storage.path={path}", "--output=json", *arguments)
    return json.loads(out), err


def verify(path, code=0):
    return run("store", "verify", f"--storage.path={path}", code=code)


def fill(path, base, start):
    lines = []
    for job in "abc":
        lines += [f'up{{job="{job}"}} {n % 7} {start + n}' for n in range(SAMPLES)]
    lines += [f'down{{job="a",x="y"}} {n / 10} {start + n}' for n in range(SAMPLES)]
    file = os.path.join(path, "in.om")
    with open(file, "w") as f:
        f.write("\n".join(lines + ["# EOF", ""]))
    run("import", "--quiet", "--url", base + "/api/v1/write", file)


def metrics(base):
    text = peers.get(base + "/metrics").decode()
    return {line.split()[0]: float(line.split()[1]) for line in text.splitlines()
            if line.startswith("sloburn_storage_") and " " in line and "{" not in line}


def beside_a_server(path, data, start):
    with peers.sloburn(SLOBURN, path, f"--storage.path={data}") as (base, process):
        fill(path, base, start)
        found, err = inspect(data)
        assert found["inUse"] and found["walBytes"] > 0 and "a running process" in err, (found, err)
        assert found["samples"] == found["tables"]["journal"]["samples"] == 4 * SAMPLES, found
        assert "0 findings" in verify(data)[1]
        seen = metrics(base)
        assert seen["sloburn_storage_wal_bytes"] == found["walBytes"], seen
        assert seen["sloburn_storage_database_bytes"] > 0, seen
        assert seen["sloburn_storage_chunks"] > 0 and seen["sloburn_storage_chunk_bytes"] > 0, seen
        assert seen["sloburn_storage_summary_bytes"] > 0, seen
        assert 0 < seen["sloburn_storage_head_samples"] < 4 * SAMPLES, seen
        stats = json.loads(peers.get(base + "/api/v1/status/tsdb"))["data"]["headStats"]
        # The newest samples of each series are one more.
        assert stats["chunkCount"] == seen["sloburn_storage_chunks"] + 4, (stats, seen)
        assert stats["minTime"] == start * 1000, stats
        assert stats["maxTime"] == (start + SAMPLES - 1) * 1000, stats
        killed = os.path.join(path, "killed")
        shutil.copytree(data, killed)
    found, err = inspect(killed)
    assert not found["inUse"] and "is not checkpointed" in err, (found, err)
    assert found["samples"] == 4 * SAMPLES, found
    assert "0 findings" in verify(killed)[1]


def closed(data):
    found, err = inspect(data)
    assert err == "" and found["walBytes"] == 0, (found, err)
    tables = found["tables"]
    assert tables["journal"]["rows"] == 0 and tables["chunks"]["rows"] == 4 * 2, tables
    assert tables["chunks"]["samples"] == 8 * 1024, tables
    assert tables["chunks"]["samples"] + tables["newest"]["samples"] == 4 * SAMPLES, tables
    parts = {(p["part"], p["codec"]): p for p in found["parts"]}
    assert parts["times", "regular"]["samples"] == 4 * SAMPLES, parts
    assert ("values", "decimal") in parts and ("values", "integer") in parts, parts
    assert parts["summaries", ""]["chunks"] == 8, parts
    assert found["metricsBySeries"][0] == {"name": "up", "series": 3, "samples": 3 * SAMPLES,
                                           "bytes": found["metricsBySeries"][0]["bytes"]}, found
    assert [p["name"] for p in found["pairsBySeries"]][:2] == ["__name__=up", "job=a"], found
    few, _ = inspect(data, "--top=1", 'up{job=~"a|b"}')
    assert few["series"] == 2 and few["samples"] == 2 * SAMPLES, few
    assert len(few["pairsBySeries"]) == 1, few
    text, _ = run("store", "inspect", f"--storage.path={data}")
    for part in ("times, regular", "METRIC BY SERIES", "PAIR BY BYTES", "in full chunks"):
        assert part in text, text


def damaged(path, data):
    with sqlite3.connect(os.path.join(data, "sloburn.db")) as db:
        value = bytearray(db.execute("SELECT value FROM chunks WHERE id = 3").fetchone()[0])
        value[-1] ^= 1
        db.execute("UPDATE chunks SET value = ? WHERE id = 3", (bytes(value),))
    db.close()
    out, err = verify(data, code=1)
    assert out.count("\n") == 1 and "chunks row 3 (series " in out, out
    assert "its checksum does not match; the server sets it aside" in out, out
    assert "1 findings" in err, err
    assert "1 values are damaged" in inspect(data)[1]
    # And so it does: named in the log, counted, not served.
    with peers.sloburn(SLOBURN, path, f"--storage.path={data}") as (base, process):
        assert metrics(base)["sloburn_storage_quarantined_values"] == 1
        assert metrics(base)["sloburn_storage_start_problems"] == 1
        assert metrics(base)["sloburn_storage_samples"] == 4 * SAMPLES - 1024
    logs = [open(os.path.join(path, name)).read() for name in os.listdir(path)
            if name.startswith("sloburn-")]
    assert any("is damaged and was set aside" in log for log in logs), logs
    out, err = verify(data)
    assert out == "" and "1 values were found damaged by a server before" in err, (out, err)


def wrong_use(path):
    assert "there is no database" in verify(os.path.join(path, "nosuch"), code=2)[1]
    assert "--storage.path is required" in run("store", "verify", code=2)[1]
    other = os.path.join(path, "other")
    os.mkdir(other)
    with sqlite3.connect(os.path.join(other, "sloburn.db")) as db:
        db.execute("CREATE TABLE t (a)")
    db.close()
    assert "another program" in verify(other, code=2)[1]
    with open(os.path.join(other, "sloburn.db"), "w") as f:
        f.write("this is no database " * 1000)
    assert "not a database" in verify(other, code=2)[1]
    assert "not a database" in run("store", "inspect", f"--storage.path={other}", code=2)[1]
    err = run("store", "inspect", f"--storage.path={other}", "{", code=2)[1]
    assert "parse error" in err, err


def main():
    with peers.workdir() as path:
        data = os.path.join(path, "data")
        beside_a_server(path, data, int(time.time()) - SAMPLES)
        closed(data)
        damaged(path, data)
        wrong_use(path)
    print("PASSED")


main()
