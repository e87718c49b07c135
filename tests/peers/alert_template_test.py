#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Alert templates, expanded by sloburn and by the real promtool: the same texts.

A rule file has one alert per template. `promtool check rules` tells which do not parse, and
`promtool test rules` shows what became of the others, since it prints the annotations it got where
others were expected.

usage: alert_template_test.py SLOBURN EXPANDER [--seed N] [--count N]
"""
import argparse, json, os, re, subprocess, sys, tempfile

import alert_template_cases as cases
import peers

STEP = 60  # seconds; everything is evaluated then
BATCH = 400


def promtool():
    path = peers.find("promtool", "promtool")
    if path is None:
        print("SKIPPED: no promtool binary in $PEERS_DIR, ~/.cache/peers or $PATH")
        sys.exit(peers.SKIP)
    return path


def rule_file(templates, first):
    rules = []
    for number, (series, text) in enumerate(templates, first):
        rules.append({"alert": f"T{number}", "expr": cases.SERIES[series]["selector"],
                      "annotations": {"t": text}})
    return {"groups": [{"name": "g", "rules": rules}]}


def test_file(rules, templates, first):
    inputs = [{"series": one["series"], "values": " ".join([one.get("histogram") or one["value"]] * 3)}
              for one in cases.SERIES]
    asked = [{"eval_time": f"{STEP}s", "alertname": f"T{number}", "exp_alerts": []}
             for number in range(first, first + len(templates))]
    return {"rule_files": [rules], "evaluation_interval": f"{STEP}s",
            "tests": [{"interval": f"{STEP}s", "input_series": inputs,
                       "external_labels": cases.EXTERNAL_LABELS,
                       "external_url": cases.EXTERNAL_URL, "alert_rule_test": asked}]}


ESCAPES = {"a": 7, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11, "\\": 92, '"': 34}


def unquote(text):
    """The text of a Go string literal without its quotes."""
    out, at = bytearray(), 0
    while at < len(text):
        c = text[at]
        if c != "\\":
            out += c.encode()
            at += 1
            continue
        kind = text[at + 1]
        if kind in ESCAPES:
            out.append(ESCAPES[kind])
            at += 2
        elif kind == "x":
            out.append(int(text[at + 2:at + 4], 16))
            at += 4
        else:
            length = 4 if kind == "u" else 8
            out += chr(int(text[at + 2:at + 2 + length], 16)).encode()
            at += 2 + length
    return out.decode(errors="replace")


def write(path, value):
    # JSON is YAML, but for the escapes of what lies beyond its first plane.
    with open(path, "w", encoding="utf-8") as out:
        json.dump(value, out, ensure_ascii=False)


def parse_errors(tool, folder, templates, first):
    path = os.path.join(folder, "check.yml")
    write(path, rule_file(templates, first))
    run = subprocess.run([tool, "check", "rules", "--lint=none", path], capture_output=True)
    text = run.stderr.decode() + run.stdout.decode()
    found = {}
    pattern = re.compile(r'rule \d+, "T(\d+)": annotation "t": (.*?)'
                         r'(?=\n\S*: group "g", rule|\nChecking |\n?\Z)', re.S)
    for number, message in pattern.findall(text):
        found[int(number)] = message.rstrip("\n")
    return found


def expansions(tool, folder, templates, first):
    rules = os.path.join(folder, "rules.yml")
    write(rules, rule_file(templates, first))
    path = os.path.join(folder, "tests.yml")
    write(path, test_file(rules, templates, first))
    run = subprocess.run([tool, "test", "rules", path], capture_output=True)
    text = run.stdout.decode() + run.stderr.decode()
    found = {}
    pattern = re.compile(r'Labels:\{[^\n]*alertname="T(\d+)"[^\n]*\n'
                         r'\s*Annotations:\{t="((?:[^"\\]|\\.)*)"\}')
    for number, value in pattern.findall(text):
        found[int(number)] = unquote(value)
    return found, text


def ours(expander, templates, first):
    series = [{key: one[key] for key in ("labels", "value", "histogram") if key in one}
              for one in cases.SERIES]
    request = {"timestamp_ms": STEP * 1000, "external_url": cases.EXTERNAL_URL,
               "external_labels": cases.EXTERNAL_LABELS, "series": series,
               "templates": [{"alert": f"T{number}", "series": which, "text": text}
                             for number, (which, text) in enumerate(templates, first)]}
    run = subprocess.run([expander], input=json.dumps(request).encode(), capture_output=True)
    if run.returncode != 0:
        raise AssertionError(f"{expander}: {run.returncode} {run.stderr.decode()}")
    return json.loads(run.stdout)


def is_newer(message):
    """Whether the template uses what this promtool does not have yet."""
    return any(f'function "{name}" not defined' in message for name in cases.NEWER_FUNCTIONS)


def compare(tool, expander, folder, templates, first):
    """Returns the number of templates that differ and of those that do not parse."""
    failed = parse_errors(tool, folder, templates, first)
    good = [(which, text) if number not in failed else (which, "")
            for number, (which, text) in enumerate(templates, first)]
    shown, output = expansions(tool, folder, good, first)
    differences = 0
    for number, answer in enumerate(ours(expander, templates, first), first):
        which, text = templates[number - first]
        if number in failed and is_newer(failed[number]):
            continue
        wanted = failed[number] if number in failed else shown.get(number, "no answer:\n" + output)
        got = answer["error"] if number in failed or answer["error"] else answer["text"]
        if got == wanted:
            continue
        differences += 1
        print(f"DIFFERENT {text!r} (series {which})\n  promtool: {wanted[:600]!r}\n"
              f"  sloburn:  {got[:600]!r}")
    return differences, len(failed)


def check_command(tool, sloburn, folder):
    """`sloburn check rules` and `promtool check rules` over labels and annotations that do not parse."""
    path = os.path.join(folder, "labels.yml")
    write(path, {"groups": [{"name": "g", "rules": [
        {"alert": "A", "expr": "up", "labels": {"x": "{{ .Foo"}},
        {"alert": "B", "expr": "up", "annotations": {"y": "{{ nofunc 1 }}"}},
        {"alert": "C", "expr": "up", "labels": {"x": "{{ end }}"}, "annotations": {"y": "{{ $v }}"}},
        {"record": "r", "expr": "up", "labels": {"x": "{{ not looked at"}}]}]})
    lines = []
    for command in ([tool, "check", "rules"], [sloburn, "check", "rules"]):
        run = subprocess.run([*command, path], capture_output=True)
        text = run.stderr.decode() + run.stdout.decode()
        lines.append([line.strip() for line in text.splitlines() if 'group "g"' in line])
    if lines[0] == lines[1] and len(lines[0]) == 4:
        return 0
    print(f"DIFFERENT check rules\n  promtool: {lines[0]}\n  sloburn:  {lines[1]}")
    return 1


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("sloburn")
    parser.add_argument("expander")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=400, help="of random templates")
    options = parser.parse_args()
    tool = promtool()
    templates = cases.handmade() + cases.random_templates(options.seed, options.count)
    differences = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for first in range(0, len(templates), BATCH):
            part = templates[first:first + BATCH]
            different, unparsed = compare(tool, options.expander, folder, part, first)
            differences += different
            failed += unparsed
        differences += check_command(tool, options.sloburn, folder)
    print(f"{len(templates)} templates, {failed} of them do not parse, {differences} different")
    sys.exit(1 if differences else 0)


main()
