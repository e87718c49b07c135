# SPDX-License-Identifier: Apache-2.0
"""A sloburn that runs rules, for tests that harm it: its alerts, its samples slot by slot, and what a
receiver of remote write got. Standard library only."""
import json, os, struct, urllib.error, urllib.request

import store
from store import peers

STALE = store.value_key(peers.STALE)


def write(path, text):
    with open(path, "w") as file:
        file.write(text)


class RuleServer(store.Server):
    """With a folder of its own for `files` ({name: text}; sloburn.yml is the configuration)."""

    def __init__(self, binary, folder, files, *flags, environment=None):
        os.makedirs(folder, exist_ok=True)
        self.files = folder
        for name, text in files.items():
            write(self.path(name), text)
        super().__init__(binary, os.path.join(folder, "data"),
                         "--config.file=" + self.path("sloburn.yml"), "--web.enable-lifecycle", *flags,
                         environment=environment)

    def path(self, name):
        return os.path.join(self.files, name)

    def reload(self):
        """None, or the words of the refusal."""
        request = urllib.request.Request(self.base + "/-/reload", method="POST")
        try:
            urllib.request.urlopen(request, timeout=60).read()
            return None
        except urllib.error.HTTPError as error:
            assert error.code == 500, error.code
            return error.read().decode()

    def alerts(self):
        """{labels: (state, activeAt)}"""
        found = json.loads(peers.get(self.base + "/api/v1/alerts"))["data"]["alerts"]
        return {tuple(sorted(one["labels"].items())): (one["state"], one["activeAt"]) for one in found}

    def states(self):
        """{name of the alert: state}"""
        return {dict(labels)["alertname"]: state for labels, (state, _) in self.alerts().items()}

    def since(self):
        """{name of the alert: activeAt}"""
        return {dict(labels)["alertname"]: at for labels, (_, at) in self.alerts().items()}

    def rules(self):
        """{name: rule}"""
        groups = json.loads(peers.get(self.base + "/api/v1/rules"))["data"]["groups"]
        return {rule["name"]: rule for group in groups for rule in group["rules"]}

    def healths(self):
        return {rule["health"] for rule in self.rules().values()}

    def samples(self, name):
        """{labels: [(ms, bits)]} of all series of a name, staleness markers too."""
        key = (b"__name__", name.encode())
        return {labels: found for labels, found in store.samples_of(self).items() if key in labels}

    def only(self, name):
        (found,) = self.samples(name).values()
        return found

    def sum_of(self, name):
        """Of a metric over all its labels."""
        found = [float(line.split()[-1])
                 for line in peers.get(self.base + "/metrics").decode().splitlines()
                 if line.startswith((name + "{", name + " "))]
        assert found, "no metric " + name
        return sum(found)


def check_slots(found, interval_ms, what):
    """Every slot between the first and the last, once, and no staleness marker."""
    times = [at for at, _ in found]
    expected = list(range(times[0], times[-1] + 1, interval_ms))
    missing = sorted(set(expected) - set(times))
    assert not missing, f"{what}: {len(missing)} of {len(expected)} slots are missing: {missing[:5]}"
    assert times == expected, f"{what}: extra samples: {sorted(set(times) - set(expected))[:5]}"
    assert all(bits != STALE for _, bits in found), f"{what}: a staleness marker"


def check_own_times(found, what):
    """The values are the times of the samples."""
    for at, bits in found:
        value = struct.unpack("<d", bits)[0]
        assert round(value * 1000) == at, (what, at, value)


def received(requests):
    """{labels: [(ms, bits)]} of what was accepted, in the order it came; bits as in samples()."""
    out = {}
    for request in requests:
        if request.is_accepted:
            for labels, at, bits in request.points():
                key = tuple((name.encode(), value.encode()) for name, value in labels)
                out.setdefault(key, []).append((at, struct.pack("<Q", bits)))
    return out


def check_delivered(server, requests, what):
    """All that the store has arrived once, in the order of time. Waits for the last of it."""
    ours = store.samples_of(server)
    peers.wait_for(f"{what}: the receiver", lambda: all(
        found[-1] in received(requests()).get(labels, []) for labels, found in ours.items()), 15)
    there = received(requests())
    for labels, found in ours.items():
        got = [one for one in there[labels] if one[0] <= found[-1][0]]
        assert got == found, (what, labels, set(found) ^ set(got), len(found), len(got))
