"""The whole API, tested by schemathesis with requests made from its specification. `make api-fuzz` is the long form.

The requests come from a member who owns a group, with a session that has all permissions; each request's changes are
rolled back. All checks of schemathesis are used except one: that a request which fits the specification is accepted. A
service may still refuse it with a problem, for example because a name is taken.
"""

import argparse
import sys
import time
from collections.abc import Iterable
from contextlib import ExitStack
from typing import Any

import schemathesis
from alembic import command
from alembic.config import Config
from hypothesis import HealthCheck, Phase, assume, given, seed, settings
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS

from simulator.services import services
from tests import town as towns
from tests.api.scene import Scene, scene_of
from tests.town import Served

CASES = 500
REFUSED_BY_SERVICES = "positive_data_acceptance"


def operations(scene: Scene) -> list[Any]:
    """Return all operations of the specification."""
    app = scene.programs["owner"].client.application
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    return [each.ok() for each in schema.get_all_operations()]


def try_operation(scene: Scene, operation: Any, cases: int) -> None:
    """Send this many requests, half of which do not fit the specification. Raises what a check finds."""
    known = {each.name: scene.ids[each.name] for each in operation.path_parameters if each.name in scene.ids}
    _try(scene, operation.as_strategy(GenerationMode.POSITIVE, path_parameters=known or None), cases - cases // 2)
    _try(scene, operation.as_strategy(GenerationMode.NEGATIVE), cases // 2)


def _try(scene: Scene, strategy: Any, cases: int) -> None:
    excluded = [CHECKS.get_one(REFUSED_BY_SERVICES)]
    headers = {"Authorization": f"Bearer {scene.programs['owner'].access}"}

    @seed(16)
    @settings(
        max_examples=cases, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=[*HealthCheck]
    )
    @given(case=strategy)
    def attempt(case: Any) -> None:
        assume([] not in (case.query or {}).values())  # an empty list leaves no trace in an address: nothing to refuse
        scene.world.redis.flushdb()  # otherwise the limits for signing in would be reached
        with scene.taken_back():
            case.call_and_validate(excluded_checks=excluded, headers=headers)

    attempt()


def found_by(scene: Scene, cases: int, only: Iterable[str] = ()) -> dict[str, str]:
    """Return what fails, by operation."""
    failed = {}
    for operation in operations(scene):
        if only and not any(each in operation.label for each in only):
            continue
        began = time.monotonic()
        try:
            try_operation(scene, operation, cases)
        except BaseExceptionGroup as error:
            failed[operation.label] = "\n".join(str(each) for each in error.exceptions)[:2_000]
        except Exception as error:  # noqa: BLE001 - a check may raise anything
            failed[operation.label] = f"{type(error).__name__}: {error}"[:2_000]
        sys.stdout.write(f"{'FAILED' if operation.label in failed else 'ok':7}{time.monotonic() - began:6.1f} s  ")
        sys.stdout.write(f"{operation.label}\n")
        sys.stdout.flush()
    return failed


def main() -> int:
    """Test all operations, print what fails, and return the exit code."""
    given_to = argparse.ArgumentParser(description=__doc__)
    given_to.add_argument("--cases", type=int, default=CASES)
    given_to.add_argument("only", nargs="*")
    chosen = given_to.parse_args()
    with ExitStack() as stack:
        running = stack.enter_context(services())
        town = towns.build(migrated(running.database_url), running.redis_url, Served(), Served())
        scene = stack.enter_context(scene_of(town))
        failed = found_by(scene, chosen.cases, chosen.only)
    for label, what in failed.items():
        sys.stdout.write(f"\n{label}\n{what}\n")
    return 1 if failed else 0


def migrated(url: str) -> str:
    """Return the database's URL after creating the tables."""
    config = Config("alembic.ini")
    config.attributes["url"] = url
    command.upgrade(config, "head")
    return url


if __name__ == "__main__":
    sys.exit(main())
