#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Damaged files: what is served afterwards is what was stored, or lacks what the log names.

A store is filled, closed or killed, and its files are damaged in a copy: one or several bits turned over, a
stretch of zeros or of noise, a file cut short. Then it is started. It may say that the database is
damaged as a whole and end; otherwise each sample must be there as it was stored, and where some are
missing, the log and `sloburn_storage_start_problems` must say so. What is written to it then must survive
kill -9, and a start after that finds the same.

usage: store_damage_test.py SLOBURN [--rounds N] [--seed N] [--go-on]
"""
import argparse, os, random, shutil, time

import store
from store import peers

SERIES = 12
STEP_MS = 1000


def fill(server, rand, begin_ms, requests):
    """`requests` of all series; returns nothing: what counts is what can be read."""
    connection = store.Connection(server)
    for request in range(requests):
        series = []
        for number in range(SERIES):
            labels = (("__name__", "damage"), ("number", str(number)), ("text", "x" * number * 20))
            times = [begin_ms + (request * 40 + i) * STEP_MS for i in range(40)]
            if number % 4 == 3:
                samples = [(at, histogram(rand)) for at in times]
            elif number % 4 == 2:
                samples = [(at, float(at // 1000 % 5000)) for at in times]
            else:
                samples = [(at, peers.STALE if rand.random() < 0.01 else rand.gauss(0, 1))
                           for at in times]
            series.append(peers.Series(labels, samples))
        status, text = connection.write(series)
        assert status == 204, (status, text)
    connection.close()


def histogram(rand):
    buckets = {index: rand.randrange(1, 9) for index in range(3)}
    return peers.Histogram(0, sum(buckets.values()), rand.random(), 1e-9, 0, buckets)


def make_images(binary, path, rand):
    """Folders to damage: {name: (folder, what is in it)}. One was closed, the others killed: with
    everything in the log, and with a log beside a database."""
    images, begin_ms = {}, int(time.time() * 1000) - 86_400_000
    for name, closes, requests in (("closed", (True,), 40), ("log", (False,), 6),
                                   ("both", (True, False), 20)):
        with store.Server(binary, os.path.join(path, name)) as server:
            for number, is_closed in enumerate(closes):
                server.start()
                fill(server, rand, begin_ms + number * requests * 40 * STEP_MS, requests)
                stored = store.samples_of(server)
                server.stop() if is_closed else server.kill()
            images[name] = (server.folder, stored)
    return images


def damage(folder, rand):
    """Damages one file; returns what was done."""
    sizes = {name: os.path.getsize(os.path.join(folder, name))
             for name in ("sloburn.db", "sloburn.db-wal") if os.path.exists(os.path.join(folder, name))}
    name = rand.choice([name for name, size in sizes.items() if size > 0])
    size, how = sizes[name], rand.choice(("bit", "bit", "bit", "bits", "zeros", "noise", "cut"))
    # Pages' beginnings, with their structure, as often as all the rest.
    at = rand.randrange(size)
    if rand.random() < 0.5:
        at = min(size - 1, at // 4096 * 4096 + rand.randrange(120))
    with open(os.path.join(folder, name), "r+b") as file:
        if how == "cut":
            file.truncate(at)
            return f"{name} cut to {at} of {size} bytes", how, name
        length = {"bit": 1, "bits": 1, "zeros": rand.choice((1, 16, 512, 4096)),
                  "noise": rand.choice((2, 16, 512, 4096))}[how]
        places = [at] if how != "bits" else [rand.randrange(size) for _ in range(8)]
        for place in places:
            file.seek(place)
            old = file.read(length)
            if how in ("bit", "bits"):
                new = bytes([old[0] ^ 1 << rand.randrange(8)])
            else:
                new = bytes(len(old)) if how == "zeros" else rand.randbytes(len(old))
            file.seek(place)
            file.write(new)
    return f"{how} of {name} at {places}, {length} bytes", how, name


def compare(found, stored):
    """How many samples are missing. All that are there must be the ones that were stored."""
    missing = 0
    for labels, samples in found.items():
        assert labels in stored, f"a series that nobody sent: {labels}"
        expected = dict(stored[labels])
        assert len(dict(samples)) == len(samples), f"a sample is there twice: {labels}"
        for at, value in samples:
            assert at in expected, f"a sample that nobody sent: {labels} at {at}"
            assert expected[at] == value, f"wrong data: {labels} at {at}"
    for labels, samples in stored.items():
        missing += len(samples) - len(found.get(labels, []))
    return missing


def launched(server):
    """Whether it came up; otherwise it has ended by itself, with an error."""
    server.launch()
    deadline = time.time() + 30
    while not server.is_ready():
        if server.process.poll() is not None:
            return False
        assert time.time() < deadline, "it hangs"
        time.sleep(0.005)
    return True


def one(binary, folder, image, stored, rand, tally):
    shutil.copytree(image, folder)
    what, how, name = damage(folder, rand)
    with store.Server(binary, folder) as server:
        try:
            return after(server, stored, how, name, tally)
        except AssertionError as error:
            raise AssertionError(f"{what}: {error}\n{server.log()[-3000:]}") from error


def after(server, stored, how, name, tally):
    if not launched(server):
        assert server.process.returncode > 0, f"it crashed: {server.process.returncode}"
        assert "sloburn.db" in server.log(), "it ended without a word"
        tally["ended"] += 1
        return
    found = store.samples_of(server)
    missing = compare(found, stored)
    problems = server.metric("sloburn_storage_start_problems")
    # A log that is cut short between two commits is what a crash leaves behind: nobody can tell.
    is_told = "has an incomplete commit at its end" in server.log()
    if missing > 0 and not is_told and not (how == "cut" and name.endswith("-wal")):
        assert problems > 0 and "level=ERROR" in server.log(), f"{missing} samples are missing silently"
    tally["told" if problems else "whole"] += 1
    tally["missing"] += missing
    written = peers.Series((("__name__", "damage_after"),), [(int(time.time() * 1000), 1.0)])
    status, text = store.write(server, [written])
    if status == 500:
        # SQLite finds damage when it writes, too; it must not be told as success.
        assert "sloburn.db" in text, text
        tally["not_written"] += 1
        return
    assert status == 204, (status, text)
    server.kill()
    if not launched(server):
        assert server.process.returncode > 0 and "sloburn.db" in server.log()
        tally["ended"] += 1
        return
    again = store.samples_of(server)
    key = store.label_key(written.labels)
    assert again.pop(key, None) == [(ms, store.value_key(v)) for ms, v in written.samples], \
        "what was acknowledged after the damage is lost"
    different = [(labels, len(found.get(labels, ())), len(again.get(labels, ())))
                 for labels in found.keys() | again.keys() if found.get(labels) != again.get(labels)]
    assert not different, f"another start finds something else: {str(different)[:600]}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("sloburn")
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--first", type=int, default=0, help="number of the first round")
    parser.add_argument("--go-on", action="store_true", help="tell all failures")
    options = parser.parse_args()
    seed = random.randrange(1 << 32) if options.seed is None else options.seed
    print("seed", seed, flush=True)
    tally = dict.fromkeys(("whole", "told", "ended", "not_written", "missing", "failures"), 0)
    with peers.workdir() as path:
        images = make_images(options.sloburn, path, random.Random(seed))
        for number in range(options.first, options.first + options.rounds):
            image, stored = images[rand_name(images, number)]
            folder = os.path.join(path, f"round-{number}")
            try:
                one(options.sloburn, folder, image, stored, random.Random(f"{seed}-{number}"), tally)
            except AssertionError as error:
                if not options.go_on:
                    raise
                tally["failures"] += 1
                print(f"round {number} ({rand_name(images, number)}): {str(error)[:1500]}\n", flush=True)
            shutil.rmtree(folder)
    print(f"{options.rounds} damaged stores: {tally['whole']} served everything, {tally['told']} told what is "
          f"missing ({tally['missing']:,} samples in all), {tally['ended']} ended with an error, "
          f"{tally['not_written']} refused to be written to; nothing wrong was served")
    assert tally["failures"] == 0
    print("PASSED")


def rand_name(images, number):
    return sorted(images)[number % len(images)]


main()
