"""Check manifests against the schemas of Kubernetes: `make manifests`. Needs no cluster and no network.

kubernetes-validate holds the schemas of each version; all that it knows are tried, from `OLDEST` on.
"""

import sys
from pathlib import Path

import yaml
from kubernetes_validate import SchemaNotFoundError, ValidationError, validate
from kubernetes_validate.utils import all_versions

OLDEST = (1, 31)
NOT_KUBERNETES = {"kustomization.yaml"}


def find_faults(folder: Path) -> list[str]:
    """Return a line for each manifest that a version of Kubernetes would refuse."""
    versions = [known for known in dict.fromkeys(all_versions()) if _read(known) >= OLDEST]
    faults = []
    for path in sorted(folder.glob("*.yaml")):
        for document in [] if path.name in NOT_KUBERNETES else yaml.safe_load_all(path.read_text()):
            for version in versions:
                try:
                    validate(document, version, strict=True)
                except (ValidationError, SchemaNotFoundError) as error:
                    place = ".".join(str(part) for part in getattr(error, "path", ()))
                    faults.append(f"{path}: {document['kind']}, Kubernetes {version}: {place}: {error.message}")
    sys.stdout.write(f"Versions of Kubernetes: {', '.join(versions)}\n")
    return faults


def _read(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:2])


if __name__ == "__main__":
    found = find_faults(Path(sys.argv[1]))
    sys.stdout.write("\n".join(found or ["Each accepts all manifests."]) + "\n")
    sys.exit(bool(found))
