"""Dashboard and alerts fit what /metrics serves; `make rules` tests whether they fire."""

import json
import re

import yaml

from tests.imports import ROOT
from web.metrics import COUNTERS, GAUGES, OURS, PREFIX, SPANS

RULES = ROOT / "ops" / "prometheus" / "rules.yml"
PLAYED = ROOT / "ops" / "prometheus" / "rules_test.yml"
DASHBOARD = ROOT / "ops" / "grafana" / "gruppetto.json"
NAME = re.compile(rf"\b{PREFIX}[a-z0-9_]+")
RECORDED = re.compile(r"\bgruppetto:[a-z0-9_:]+")
PARTS = ("_bucket", "_count", "_sum")


def served() -> set[str]:
    """Return every name that may precede a brace in a query."""
    histograms = [*SPANS, *(each.name.removeprefix(PREFIX) for each in OURS.collect() if each.type == "histogram")]
    counters = [*COUNTERS, *(each.name.removeprefix(PREFIX) for each in OURS.collect() if each.type == "counter")]
    names = {*GAUGES, *(f"{name}_total" for name in counters)}
    return {PREFIX + name for name in names | {f"{name}{part}" for name in histograms for part in PARTS}}


def expressions() -> list[str]:
    """Return every query of the rules and of the dashboard."""
    groups = yaml.safe_load(RULES.read_text())["groups"]
    panels = json.loads(DASHBOARD.read_text())["panels"]
    return [each["expr"] for group in groups for each in group["rules"]] + [
        target["expr"] for panel in panels for target in panel.get("targets", ())
    ]


def rules() -> list[dict]:
    return [each for group in yaml.safe_load(RULES.read_text())["groups"] for each in group["rules"]]


def test_every_metric_that_is_named_is_served() -> None:
    named = {name for each in expressions() for name in NAME.findall(each)}
    assert len(named) > 20
    assert named - served() == set()


def test_every_recorded_name_is_recorded() -> None:
    recorded = {each["record"] for each in rules() if "record" in each}
    assert {name for each in expressions() for name in RECORDED.findall(each)} <= recorded
    assert recorded


def test_every_alert_is_played_and_says_what_mends_it() -> None:
    alerts = {each["alert"]: each for each in rules() if "alert" in each}
    tests = yaml.safe_load(PLAYED.read_text())["tests"]
    fires = {case["alertname"] for test in tests for case in test.get("alert_rule_test", ()) if case.get("exp_alerts")}
    assert fires == alerts.keys()
    for name, each in alerts.items():
        assert each["annotations"].keys() == {"summary", "mend"}, name
        assert each["labels"]["severity"] in ("critical", "warning"), name


def test_the_page_explains_every_metric() -> None:
    page = (ROOT / "docs" / "metrics.md").read_text()
    explained = set(re.findall(r"^\| `(gruppetto_\w+)` \|", page, re.MULTILINE))
    names = {name for name in served() if not name.endswith(PARTS)}
    names |= {name.removesuffix("_bucket") for name in served() if name.endswith("_bucket")}
    assert explained == names
