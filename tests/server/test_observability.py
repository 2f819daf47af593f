"""What Prometheus and Grafana are told is right, and speaks of figures that exist."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from tests.server.nginx import ROOT, program

FOLDER = ROOT / "docker" / "prometheus"
FIGURES_PAGE = (ROOT / "docs" / "http-api.md").read_text(encoding="utf-8")
OPERATING = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")


def promtool(*arguments: str) -> None:
    run = subprocess.run([program("promtool"), *arguments], capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr


def rules() -> list[Mapping[str, Any]]:
    groups = yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def panels() -> list[Mapping[str, Any]]:
    dashboard = json.loads((ROOT / "docker" / "grafana" / "dashboards" / "splitseem.json").read_text())
    return list(dashboard["panels"])


def queries() -> Iterator[str]:
    for panel in panels():
        yield from (target["expr"] for target in panel["targets"])


def test_promtool_accepts_the_configuration_and_the_alerts() -> None:
    promtool("check", "config", "--syntax-only", str(FOLDER / "prometheus.yml"))
    promtool("check", "rules", str(FOLDER / "alerts.yml"))


def test_promtool_accepts_every_query_of_the_dashboard(tmp_path: Path) -> None:
    recorded = [
        {"record": f"panel:{number}", "expr": query.replace("$__rate_interval", "1m")}
        for number, query in enumerate(queries())
    ]
    (tmp_path / "queries.yml").write_text(json.dumps({"groups": [{"name": "all", "rules": recorded}]}))
    promtool("check", "rules", str(tmp_path / "queries.yml"))


def test_alerts_and_panels_speak_of_figures_that_exist() -> None:
    for query in [rule["expr"] for rule in rules()] + list(queries()):
        names = set(re.findall(r"\b(?:splitseem|process)_[a-z_]+\b", query))
        assert names or "up{" in query, query
        plain = {re.sub(r"_(bucket|sum|count)$", "", name) for name in names}
        assert {name for name in plain if f"`{name}`" not in FIGURES_PAGE} == set(), query


def test_every_alert_is_explained_on_the_page_and_the_page_names_no_other() -> None:
    table = OPERATING.split("## Alerts")[1].split("\n## ")[0]
    assert re.findall(r"^\| `(\w+)` \|", table, re.M) == [rule["alert"] for rule in rules()]


def test_panels_have_titles_and_do_not_overlap() -> None:
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels()]
    assert len(set(places)) == len(places) >= 12
    assert len({panel["title"] for panel in panels()}) == len(places)


ALERTED = {
    "NotReady": [("splitseem_ready", "0x10")],
    "Refusing": [
        ('splitseem_refusals_total{reason="queue-full"}', "0+60x10"),
        ('splitseem_http_requests_total{status="429"}', "0+60x10"),
        ('splitseem_http_requests_total{status="200"}', "0+600x10"),
    ],
    "SlowQueue": [
        ('splitseem_queue_wait_seconds_bucket{queue="images",le="5"}', "0+10x10"),
        ('splitseem_queue_wait_seconds_bucket{queue="images",le="30"}', "0+60x10"),
        ('splitseem_queue_wait_seconds_bucket{queue="images",le="+Inf"}', "0+60x10"),
    ],
    "OurFault": [('splitseem_http_requests_total{route="/embed",status="500"}', "0+1x10")],
    "CacheAway": [("splitseem_cache_reachable", "0x10")],
    "DamagedValues": [('splitseem_cache_reads_total{tier="redis",result="damaged"}', "0+1x10")],
    "DeviceMemorySoonFull": [
        ('splitseem_device_memory_peak_bytes{device="cuda:0"}', "95x10"),
        ('splitseem_device_memory_total_bytes{device="cuda:0"}', "100x10"),
    ],
    "MemoryGrows": [('process_resident_memory_bytes{job="splitseem"}', "3500000000x20")],
    "KeysTriedOut": [('splitseem_refusals_total{reason="unauthorized"}', "0+120x10")],
}
QUIET = [
    ("splitseem_ready", "1x20"),
    ("splitseem_cache_reachable", "1x20"),
    ('splitseem_http_requests_total{route="/embed",status="200"}', "0+600x20"),
    ('splitseem_refusals_total{reason="queue-full"}', "0+1x20"),
    ('process_resident_memory_bytes{job="splitseem"}', "600000000x20"),
]


def with_instance(series: list[tuple[str, str]]) -> list[dict[str, str]]:
    return [
        {
            "series": name[:-1] + ',instance="a"}' if name.endswith("}") else name + '{instance="a"}',
            "values": v,
        }
        for name, v in series
    ]


def test_alerts_are_raised_when_they_should_and_not_else(tmp_path: Path) -> None:
    tests = [
        {"interval": "1m", "input_series": with_instance(series), "promql_expr_test": [raised(name, 1)]}
        for name, series in ALERTED.items()
    ]
    tests += [
        {
            "interval": "1m",
            "input_series": with_instance(QUIET),
            "promql_expr_test": [raised(name, 0) for name in ALERTED],
        }
    ]
    file = tmp_path / "tests.yml"
    file.write_text(json.dumps({"rule_files": [str(FOLDER / "alerts.yml")], "tests": tests}))
    promtool("test", "rules", str(file))


def raised(name: str, times: int) -> dict[str, object]:
    """How many of that alert there are after a quarter of an hour, or while it lasts."""
    query = f'count(max_over_time(ALERTS{{alertname="{name}",alertstate="firing"}}[15m]))'
    return {
        "expr": query,
        "eval_time": "15m",
        "exp_samples": [{"labels": "{}", "value": times}] if times else [],
    }
