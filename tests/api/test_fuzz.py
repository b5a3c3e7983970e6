"""A few cases of each operation, by schemathesis; `make api-fuzz` tries 500."""

from tests.api.fuzz import found_by, operations
from tests.api.scene import scene_of
from tests.town import Town

CASES = 4


def test_whatever_is_sent_the_answer_is_as_the_specification_says(town: Town) -> None:
    with scene_of(town) as scene:
        assert len(operations(scene)) > 50
        assert found_by(scene, CASES) == {}
