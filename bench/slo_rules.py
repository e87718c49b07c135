#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes a rule file as SLO generators do: per service one group of eight burn-rate windows and
four multi-window alerts.

usage: slo_rules.py [SERVICES [METRIC]] > rules.yaml    (500 services: 6,000 rules)"""
import sys

WINDOWS = ["5m", "30m", "1h", "2h", "6h", "1d", "3d", "30d"]
# Long window, short window, burn rate, severity, for.
ALERTS = [
    ("1h", "5m", "14.4", "page", "2m"),
    ("6h", "30m", "6", "page", "15m"),
    ("1d", "2h", "3", "ticket", "1h"),
    ("3d", "6h", "1", "ticket", "3h"),
]


def group(service, metric):
    yield f"- name: slo-{service}"
    yield "  interval: 30s"
    yield "  rules:"
    for window in WINDOWS:
        yield f"  - record: slo:sli_error:ratio_rate{window}"
        yield "    expr: |"
        yield f'      sum(rate({metric}{{service="{service}",status=~"5.."}}[{window}]))'
        yield f'      / sum(rate({metric}{{service="{service}"}}[{window}]))'
        yield "    labels:"
        yield f"      service: {service}"
        yield f"      window: {window}"
    for long, short, burn, severity, hold in ALERTS:
        yield f"  - alert: ErrorBudgetBurn{long}"
        yield "    expr: |"
        yield f'      slo:sli_error:ratio_rate{long}{{service="{service}"}} > ({burn} * 0.001)'
        yield f'      and slo:sli_error:ratio_rate{short}{{service="{service}"}} > ({burn} * 0.001)'
        yield f"    for: {hold}"
        yield "    labels:"
        yield f"      service: {service}"
        yield f"      severity: {severity}"
        yield "    annotations:"
        yield f"      summary: '{{{{ $labels.service }}}} burns its error budget {burn} times too fast'"
        yield f"      runbook: https://runbooks.example.com/slo/{service}"


def main():
    services = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    metric = sys.argv[2] if len(sys.argv) > 2 else "http_requests_total"
    print("groups:")
    for number in range(services):
        print("\n".join(group(f"svc-{number}", metric)))


main()
