"""The checks of every change use targets of the Makefile that exist, and nothing else decides whether it passes."""

import re
from pathlib import Path

import pytest
import yaml

from tests.imports import ROOT

TARGETS = set(re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE))
FILES = [*(ROOT / ".github").rglob("*.yml"), ROOT / ".pre-commit-config.yaml"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_each_file_can_be_read_and_names_targets_that_exist(path: Path) -> None:
    assert yaml.safe_load(path.read_text())
    named = set(re.findall(r"(?:run|entry): make ([a-z-]+)", path.read_text()))
    assert named <= TARGETS


def test_the_workflow_does_what_must_hold_for_every_change() -> None:
    workflow = (ROOT / ".github" / "workflows" / "ci.yml").read_text()
    wanted = re.findall(r"^run (make .+)$", (ROOT / ".ci" / "run").read_text(), re.MULTILINE)
    assert len(wanted) >= 5
    for command in [*wanted, "make rules", "make audit", "make sbom"]:
        assert f"- run: {command}\n" in workflow, command


def test_a_workflow_may_write_nothing_and_keeps_no_token() -> None:
    for path in (ROOT / ".github" / "workflows").glob("*.yml"):
        workflow = yaml.safe_load(path.read_text())
        assert workflow["permissions"] == {"contents": "read"}, path.name
        steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
        checkouts = [step for step in steps if step.get("uses", "").startswith("actions/checkout@")]
        assert checkouts
        assert all(step["with"]["persist-credentials"] is False for step in checkouts)


def test_whoever_takes_this_up_finds_what_they_may_do_and_whom_to_tell() -> None:
    assert (ROOT / "LICENSE").read_text().startswith("MIT License\n")
    assert "Report a vulnerability" in (ROOT / "SECURITY.md").read_text()
    assert "[LICENSE](LICENSE)" in (ROOT / "README.md").read_text()
