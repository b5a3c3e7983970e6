"""The manifests for Kubernetes run what the Procfile runs, as a user who can do little, and fit together.

Whether Kubernetes accepts them is checked by `make manifests`.
"""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from honcho.environ import parse_procfile

from tests.test_deployment import FIELDS, OF_THE_PLATFORM

ROOT = Path(__file__).parent.parent.parent
FOLDER = ROOT / "ops" / "kubernetes"
WHOLE = yaml.safe_load((FOLDER / "kustomization.yaml").read_text())
MANIFESTS = [each for name in WHOLE["resources"] for each in yaml.safe_load_all((FOLDER / name).read_text())]
PODS = {each["metadata"]["name"]: each for each in MANIFESTS if each["kind"] in ("Deployment", "Job", "CronJob")}


def pod(name: str) -> dict[str, Any]:
    spec = PODS[name]["spec"]
    return (spec["jobTemplate"]["spec"] if "jobTemplate" in spec else spec)["template"]


def of_kind(kind: str) -> dict[str, dict[str, Any]]:
    return {each["metadata"]["name"]: each["spec"] for each in MANIFESTS if each["kind"] == kind}


def test_all_files_of_the_folder_are_used() -> None:
    assert {*WHOLE["resources"], "kustomization.yaml"} == {path.name for path in FOLDER.iterdir()}


def test_each_process_of_the_procfile_runs() -> None:
    told = {name: " ".join(pod(name)["spec"]["containers"][0]["command"]) for name in PODS if name != "backup"}
    assert told == dict(parse_procfile((ROOT / "Procfile").read_text()).processes)


@pytest.mark.parametrize("name", PODS)
def test_each_runs_as_a_user_who_can_do_little(name: str) -> None:
    spec = pod(name)["spec"]
    [container] = spec["containers"]
    assert spec["securityContext"]["runAsUser"] == int(re.search(r"--uid (\d+)", (ROOT / "Dockerfile").read_text())[1])
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["automountServiceAccountToken"] is False
    assert spec["terminationGracePeriodSeconds"] > 25, "each process ends within 25 s"
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert {each["mountPath"] for each in container["volumeMounts"]} == {"/tmp", "/dev/shm"}
    assert {each["name"] for each in container["volumeMounts"]} == {each["name"] for each in spec["volumes"]}
    assert container["resources"].keys() == {"requests", "limits"}


def test_what_selects_pods_finds_them() -> None:
    labels = [pod(name)["metadata"]["labels"] for name in PODS]
    owners = [*of_kind("Deployment").values(), *of_kind("PodDisruptionBudget").values()]
    selectors = [spec["selector"]["matchLabels"] for spec in owners]
    selectors += [spec["selector"] for spec in of_kind("Service").values()]
    policies = [spec["podSelector"] for spec in of_kind("NetworkPolicy").values()]
    selectors += [each["matchLabels"] for each in policies if each]
    assert len(selectors) > 6
    assert [each for each in selectors if each not in labels] == []


def test_what_scales_by_itself_has_no_number_of_its_own() -> None:
    deployments, scaled = of_kind("Deployment"), of_kind("HorizontalPodAutoscaler")
    assert scaled.keys() == of_kind("PodDisruptionBudget").keys() == {"web", "worker"}
    for name, spec in scaled.items():
        assert spec["scaleTargetRef"]["name"] == name
        assert "replicas" not in deployments[name]
    assert deployments["clock"]["replicas"] == 1


def test_the_settings_and_the_secrets_that_the_page_lists_are_all_that_is_needed() -> None:
    given = {line.split("=")[0] for each in WHOLE["configMapGenerator"] for line in each["literals"]}
    page = (ROOT / "docs" / "kubernetes.md").read_text()
    step = re.search(r"^3\. (.*?)^4\. ", page, re.MULTILINE | re.DOTALL)[1]
    secret = set(re.findall(r"`([A-Z_]+)`", step))
    assert given | secret <= FIELDS | OF_THE_PLATFORM
    needed = {"DATABASE_URL", "REDIS_URL", "PUBLIC_BASE_URL", "SECRET_KEY", "DATA_KEYS"}
    assert needed <= given | secret
    assert not given & secret
