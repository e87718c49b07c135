#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The store on a disk that is full or fails, and with a clock that jumps.

Faults come and go while the process runs: a write that finds no room, a write or sync that fails with EIO,
in the log or in the database, and a real full file system where one can be mounted. What must hold: an
error is never told as success and names file and cause; queries go on; when the fault is gone commits go
on without a restart; what was acknowledged is there, also after kill -9, and what was refused is not.

usage: store_faults_test.py SLOBURN [--cc COMPILER]
"""
import argparse, errno, os, time

import store
from fault_shim import Faults, fill, small_disk
from store import peers


class Book:
    """Writes one series and a new one each time, and knows what must be there."""

    def __init__(self, server, begin_ms=None):
        self.server, self.acknowledged, self.number = server, {}, 0
        self.begin_ms = begin_ms or int(time.time() * 1000) - 3_600_000

    def write(self, size=1):
        """Status and text; a label of `size` bytes is for filling the disk."""
        self.number += 1
        at = self.begin_ms + self.number * 1000
        labels = (("__name__", "new"), ("number", str(self.number)), ("text", "x" * size))
        series = [peers.Series((("__name__", "one"),), [(at, float(self.number))]),
                  peers.Series(labels, [(at, self.number ** 0.5)])]
        status, text = store.write(self.server, series)
        if status == 204:
            for one in series:
                self.acknowledged.setdefault(store.label_key(one.labels), []).extend(
                    (ms, store.value_key(value)) for ms, value in one.samples)
        return status, text

    def check(self):
        found = store.samples_of(self.server)
        lost = {labels: samples for labels, samples in self.acknowledged.items()
                if found.get(labels) != samples}
        assert not lost, f"lost or changed: {str(list(lost)[:5])[:2000]}"
        extra = found.keys() - self.acknowledged.keys()
        assert not extra, f"refused, but there: {str(list(extra)[:5])[:2000]}"

    def check_after_kill(self):
        self.server.kill()
        self.server.start()
        self.check()


def eventually(what, condition, seconds=10):
    peers.wait_for(what, condition, seconds)


def refused(book, *causes):
    status, text = book.write()
    assert status == 500 and all(cause in text for cause in ("sloburn.db",) + causes), (status, text)
    book.check()  # and queries go on


def accepted(book):
    status, text = book.write()
    assert status == 204, (status, text)


def commits_go_on(book):
    eventually("commits", lambda: book.write()[0] == 204)
    book.check()


def failing_commits(path, faults, binary, mode):
    """Whatever fails in the log fails the commit."""
    cases = [(f"write -wal {errno.EIO}", "disk I/O error (write: Input/output error)"),
             (f"write -wal {errno.ENOSPC}", "database or disk is full"),
             (f"write -wal {errno.EFBIG}", "disk I/O error (write: File too large)")]
    if mode == "commit":
        cases.append((f"sync -wal {errno.EIO}", "disk I/O error (fsync: Input/output error)"))
    with store.Server(binary, os.path.join(path, "commits-" + mode), "--storage.sync=" + mode,
                      environment=faults.environment) as server:
        server.start()
        book = Book(server)
        for fault, cause in cases:
            accepted(book)
            faults.set(fault)
            refused(book, cause)
            refused(book, cause)
            faults.set()
            accepted(book)  # at once
            faults.set(fault)
            refused(book, cause)
            server.kill()   # while it fails
            faults.set()
            server.start()
            book.check()
            faults.set(fault)
            refused(book, cause)
            faults.set()
            accepted(book)
            book.check_after_kill()
        log = server.log()
        assert log.count("Commits fail from now on") == 3 * len(cases), log
        assert log.count("Commits are written again") == 2 * len(cases), log
        assert "commits are lost" not in log, log
        assert server.stop() == 0


def failing_interval_sync(path, faults, binary):
    """Acknowledged before the sync, so that is what may be lost: no more of it until it is mended."""
    with store.Server(binary, os.path.join(path, "interval"), environment=faults.environment) as server:
        server.start()
        book = Book(server)
        accepted(book)
        faults.set(f"sync -wal {errno.EIO}")
        accepted(book)
        eventually("a failed sync", lambda: server.metric("sloburn_storage_failed_syncs_total") > 0)
        refused(book, "sloburn.db-wal: fdatasync: Input/output error")
        time.sleep(1.5)
        refused(book, "fdatasync: Input/output error")
        faults.set()
        commits_go_on(book)
        assert os.path.getsize(server.database) > 0
        book.check_after_kill()
        assert server.stop() == 0


def failing_database(path, faults, binary):
    """Commits need the log only. What is not in the database at the end stays in the log."""
    with store.Server(binary, os.path.join(path, "database"), environment=faults.environment) as server:
        server.start()
        book = Book(server)
        for fault in (f"write sloburn.db {errno.EIO}", f"sync sloburn.db {errno.EIO}",
                      f"write sloburn.db {errno.ENOSPC}", f"truncate -wal {errno.EIO}"):
            accepted(book)
            faults.set(fault)
            accepted(book)
            book.check()
            server.stop()
            faults.set()
            server.start()
            book.check()
            accepted(book)
            book.check_after_kill()
        assert "Closing the store" in server.log()


def growing_log(path, faults, binary):
    """SQLite does not say that it cannot empty its log; the store does."""
    with store.Server(binary, os.path.join(path, "log"), "--storage.sync=off",
                      environment=faults.environment) as server:
        server.start()
        book = Book(server)
        faults.set(f"write sloburn.db {errno.EIO}")
        begun = time.time()
        while os.path.getsize(server.database + "-wal") < 66 << 20:
            assert book.write(1 << 20)[0] == 204 and time.time() < begun + 60
        cause = "disk I/O error (write: Input/output error)"
        eventually("the store's word", lambda: cause in server.log())
        faults.set()
        eventually("an empty log", lambda: os.path.getsize(server.database + "-wal") < 1 << 20)
        book.check_after_kill()


def full_disk(path, binary):
    with small_disk(os.path.join(path, "disk"), 6 << 20) as disk:
        if disk is None:
            print("not mounted, so left out: a real file system that is full")
            return
        server = store.Server(binary, os.path.join(disk, "data"), "--storage.sync=commit")
        server.log_file = os.path.join(path, "disk.log")
        filler = os.path.join(disk, "filler")
        with server:
            server.start()
            book = Book(server)
            for _ in range(3):
                accepted(book)
                fill(filler)
                while book.write(20_000)[0] == 204:
                    pass
                refused(book, "full")
                assert peers.query(server.base, "count(one)", book.begin_ms / 1000 + 60)
                os.unlink(filler)
                commits_go_on(book)
                book.check_after_kill()
            assert server.stop() == 0, server.log()
            assert "commits are lost" not in server.log()


def full_disk_at_start(path, binary):
    """Either it starts, or it says why not; afterwards all is there."""
    with small_disk(os.path.join(path, "disk2"), 6 << 20) as disk:
        if disk is None:
            return
        server = store.Server(binary, os.path.join(disk, "data"), "--storage.sync=commit")
        server.log_file = os.path.join(path, "disk2.log")
        with server:
            server.start()
            book = Book(server)
            for _ in range(20):
                accepted(book)
            server.kill()
            filler = os.path.join(disk, "filler")
            fill(filler)
            server.launch()
            eventually("a start or its end", lambda: server.is_ready() or server.process.poll() is not None)
            if server.process.poll() is None:
                book.check()
                server.kill()
            else:
                assert server.process.returncode > 0 and "sloburn.db" in server.log(), server.log()
            os.unlink(filler)
            server.start()
            book.check()


def jumping_clock(path, faults, binary):
    """The store lives by its samples' times: what was accepted stays, and late samples are judged by the
    newest sample. Only the limit on samples of the future follows the clock."""
    with store.Server(binary, os.path.join(path, "clock"), environment=faults.environment) as server:
        server.start()
        now_ms = int(time.time() * 1000)
        book = Book(server, now_ms - 60_000)
        accepted(book)
        future = peers.Series((("__name__", "future"),), [(now_ms + 3_600_000, 1.0)])
        for hours in (-48, 0, -1, 0):
            faults.set(f"clock - {hours * 3600}")
            if hours == 0:
                status, text = store.write(server, [future])
                assert (status, text) == (400, "out of bounds: timestamp is too far in the future")
                accepted(book)
                late = peers.Series((("__name__", "late"), ("n", str(book.number))),
                                    [(now_ms - 1, 1.0)])
                older = peers.Series(late.labels, [(now_ms - 25 * 60_000, 2.0)])
                for one in (late, older):
                    assert store.write(server, [one])[0] == 204, one
                book.acknowledged[store.label_key(late.labels)] = [
                    (ms, store.value_key(value)) for ms, value in older.samples + late.samples]
            else:
                # To this process the sender is ahead of time.
                status, text = book.write()
                assert status == 400 and "too far in the future" in text, (status, text)
                assert server.is_ready()
            book.check()
            book.check_after_kill()
        assert server.stop() == 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("sloburn")
    parser.add_argument("--cc", default="cc")
    options = parser.parse_args()
    binary = options.sloburn
    with peers.workdir() as path:
        faults = Faults(path, options.cc)
        for test in (lambda: failing_commits(path, faults, binary, "commit"),
                     lambda: failing_commits(path, faults, binary, "interval"),
                     lambda: failing_interval_sync(path, faults, binary),
                     lambda: failing_database(path, faults, binary),
                     lambda: growing_log(path, faults, binary),
                     lambda: full_disk(path, binary),
                     lambda: full_disk_at_start(path, binary),
                     lambda: jumping_clock(path, faults, binary)):
            began = time.time()
            faults.set()
            test()
            print(f"{time.time() - began:.1f} s", flush=True)
    print("PASSED")


main()
