# SPDX-License-Identifier: Apache-2.0
"""Random relabelling rules, by sloburn and by a real Prometheus; and what both refuse.

usage: relabel_test.py NOTIFIER_PROBE [--seed N] [--count N]

Prometheus applies the rules to one target per rule list, and tells the labels of targets. Labels
that begin with __ stay out of it, since targets need and lose some of them.
"""
import argparse, json, os, random, subprocess, sys, unicodedata, urllib.parse

import peers

ADDRESS = "127.0.0.1:1"
NAMES = ["a", "b", "c", "ab", "team", "größe", "with space", "http.status"]
VALUES = ["", "x", "X-1", "db-7.eu", "Größe", "a;b", "line\nbreak", "$1", "aaa", "ΣΑΣ", "ǆ ŉ ß", "7"]
REGEXES = ["(.*)", "", ".+", "a|b", "(a)(b)?", "(?P<first>[^-]*)-(.*)", "x", "(?i)x.*", "[A-Z].*",
           "(.*);(.*)", r"(\w+)\.(\w+)", "team|größe", "a.*", ".*e", "(?s:.*)", r"\$1", "a*?"]
REPLACEMENTS = ["$1", "", "new", "${1}_$2", "$first", "${first}x", "$$", "$1x", "${1}x", "$", "pre_$0",
                "größe $1"]


def random_rule(rng):
    action = rng.choice(["replace"] * 6 + ["keep", "drop", "keepequal", "dropequal", "hashmod", "labelmap",
                                           "labeldrop", "labelkeep", "lowercase", "uppercase"])
    rule = {"action": rng.choice([action, action.upper()])}
    needs_sources = action in ("keep", "drop", "keepequal", "dropequal", "hashmod", "lowercase", "uppercase")
    if needs_sources or action == "replace" and rng.random() < 0.9:
        rule["source_labels"] = rng.choices(NAMES, k=rng.choice([1, 1, 1, 2, 3]))
    if action in ("replace", "keep", "drop", "labelmap", "labeldrop") and rng.random() < 0.9:
        rule["regex"] = rng.choice(REGEXES)
    if action == "labeldrop" and rule.get("regex", "(.*)") in ("(.*)", "", ".+", "(?s:.*)", ".*e", "a*?"):
        rule["regex"] = "a|c"  # the others would take what targets need
    if action == "labelkeep":
        rule["regex"] = "__.*|" + "|".join(rng.sample(NAMES, 4)).replace(".", r"\.")
    if action in ("replace", "hashmod", "keepequal", "dropequal", "lowercase", "uppercase"):
        rule["target_label"] = rng.choice(NAMES)
    if action == "replace":
        if rng.random() < 0.2:
            rule["target_label"] = rng.choice(["$1", "x_$1", "${1}", "$first", "a${2}"])
        if rng.random() < 0.8:
            rule["replacement"] = rng.choice(REPLACEMENTS)
        if rng.random() < 0.3:
            rule["separator"] = rng.choice(["", "-", "$", ";;"])
    if action == "labelmap":
        # Each name gives another one: of equal ones, Prometheus takes any, as targets' labels are a map.
        rule["regex"] = rng.choice(["(a.*)", "(.*)e", "a|b", "(?P<first>t).*", "(gr)(.*)"])
        rule["replacement"] = rng.choice(["m_$0", "${1}_$0", "$0$0", "${first}$0$2"])
    if action == "hashmod":
        rule["modulus"] = rng.choice([1, 2, 10, 1000, 2**32, 2**63 - 1])
    return rule


def random_labels(rng):
    labels = {name: rng.choice(VALUES) for name in rng.sample(NAMES, rng.randint(1, len(NAMES)))}
    return {"instance": "i", **labels}


def all_letters():
    """Every letter that has an upper or a lower case, in values of one label each."""
    letters = [chr(code) for code in range(0x110000)
               if not 0xD800 <= code < 0xE000 and unicodedata.category(chr(code))[0] in "LMN"
               and (chr(code).lower() != chr(code) or chr(code).upper() != chr(code))]
    return ["".join(letters[start:start + 500]) for start in range(0, len(letters), 500)]


def make_cases(rng, count):
    cases = [(random_labels(rng), [random_rule(rng) for _ in range(rng.randint(1, 4))])
             for _ in range(count)]
    for text in all_letters():
        cases.append(({"instance": "i", "a": text}, [
            {"action": "lowercase", "source_labels": ["a"], "target_label": "low"},
            {"action": "uppercase", "source_labels": ["a"], "target_label": "up"}]))
    return cases


def prometheus_answers(binary, path, cases):
    jobs = [{"job_name": f"j{i}", "scrape_interval": "1h", "relabel_configs": rules,
             "static_configs": [{"targets": [ADDRESS], "labels": {**labels, "job": "j"}}]}
            for i, (labels, rules) in enumerate(cases)]
    with peers.prometheus(binary, path, config="global: {scrape_interval: 1h}\nscrape_configs: "
                          + json.dumps(jobs, ensure_ascii=False) + "\n") as base:
        def targets():
            data = json.loads(peers.get(base + "/api/v1/targets?state=any"))["data"]
            known = len(data["activeTargets"]) + len(data["droppedTargets"])
            return data if known >= len(cases) else None
        data = peers.wait_for("all targets", targets, 60)
    answers = {}
    for target in data["activeTargets"]:
        answers[int(target["scrapePool"][1:])] = target["labels"]
    assert len(data["droppedTargets"]) == len(cases) - len(answers)
    return [answers.get(i) for i in range(len(cases))]


def sloburn_answers(probe, path, cases):
    """One process per rule list: the probe reads a configuration, as the server does."""
    answers = []
    for labels, rules in cases:
        file = os.path.join(path, "probe.yml")
        with open(file, "w") as f:
            json.dump({"alerting": {"alert_relabel_configs": rules}}, f, ensure_ascii=False)
        given = {"relabel": {**{k: v for k, v in labels.items() if v}, "job": "j", "__address__": ADDRESS}}
        run = subprocess.run([probe, file], input=json.dumps(given) + "\n", text=True,
                             capture_output=True, timeout=60)
        assert run.returncode == 0, (rules, run.stderr)
        result = json.loads(run.stdout)
        if result is not None:
            result = {"instance": ADDRESS, **{k: v for k, v in result.items() if not k.startswith("__")}}
        answers.append(result)
    return answers


BAD_RULES = [
    {"action": "replace"}, {"action": "nothing"}, {"action": ""}, {"action": "hashmod", "target_label": "a"},
    {"action": "hashmod", "modulus": 8}, {"action": "lowercase"}, {"action": "uppercase", "target_label": ""},
    {"action": "lowercase", "target_label": "a", "replacement": "b"},
    {"action": "keepequal", "source_labels": ["a"], "target_label": "b", "regex": "x"},
    {"action": "dropequal", "source_labels": ["a"], "target_label": "b", "separator": "x"},
    {"action": "labeldrop", "regex": "a", "source_labels": ["a"]},
    {"action": "labelkeep", "regex": "a", "modulus": 2}, {"action": "labeldrop", "replacement": "x"},
    {"action": "labelmap", "replacement": ""}, {"action": "drop", "regex": "(a"},
    {"action": "drop", "regex": "a)"}, {"action": "drop", "regex": "[b-a]"}, {"action": "drop", "regex": "a{2,1}"},
    {"action": "drop", "regex": "(?<n>a"}, {"action": "drop", "regex": "*"}, {"action": "drop", "source_labels": [""]},
    None,
]


def check_refusals(promtool, probe, path):
    differing = 0
    for rule in BAD_RULES:
        file = os.path.join(path, "bad.yml")
        with open(file, "w") as f:
            json.dump({"alerting": {"alert_relabel_configs": [rule]}}, f)
        theirs = subprocess.run([promtool, "check", "config", file], text=True, capture_output=True, timeout=60)
        ours = subprocess.run([probe, file], input="", text=True, capture_output=True, timeout=60)
        message = ours.stderr.strip().split(": ", 1)[-1].split("; use ")[0]
        if theirs.returncode == 0 or ours.returncode == 0 or message not in theirs.stderr + theirs.stdout:
            differing += 1
            print(f"REFUSED DIFFERENTLY {rule}\n  ours   {ours.stderr.strip()}\n  theirs {theirs.stderr.strip()}")
    return differing


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("probe")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=400)
    options = parser.parse_args()
    binary = peers.require_prometheus()
    cases = make_cases(random.Random(options.seed), options.count)
    differing = 0
    with peers.workdir() as path:
        theirs = prometheus_answers(binary, path, cases)
        ours = sloburn_answers(options.probe, path, cases)
        for (labels, rules), mine, real in zip(cases, ours, theirs):
            if mine != real:
                differing += 1
                print(f"DIFFERENT {labels}\n  rules      {rules}\n  sloburn    {mine}\n  prometheus {real}")
        promtool = peers.find("promtool", "promtool")
        if promtool:
            differing += check_refusals(promtool, options.probe, path)
    dropped = sum(answer is None for answer in theirs)
    print(f"{len(cases)} rule lists, {dropped} dropped their labels; {differing} differ")
    sys.exit(1 if differing else 0)


main()
