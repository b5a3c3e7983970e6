"""What the page of each source must say: one sentence for each problem of a sign-in."""

from pathlib import Path

import pytest
from jinja2 import DictLoader, Environment, FileSystemLoader, StrictUndefined

from jobs.linking import PROBLEMS
from messages.languages import FOLDER, languages
from providers.sources import PROBLEMS_TOLD
from services.training import attempts, tries

PAGES = sorted(path for code in languages() for path in (FOLDER / code / "pages" / "sources").glob("*.html"))


def find_untold(pages: Environment, name: str) -> list[str]:
    """Return the problems to which this page says nothing, or only what it says to a problem that it does not know."""
    sentence = vars(pages.get_template(name).module)["sentence"]
    says = {each: sentence(each, 1, None, ["password"]).strip() for each in (*PROBLEMS_TOLD, "unheard of")}
    other = says.pop("unheard of")
    return [each for each, said in says.items() if not said or (said == other and each != "unavailable")]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(FOLDER).as_posix())
def test_the_page_of_a_source_answers_every_problem(path: Path) -> None:
    pages = Environment(loader=FileSystemLoader(path.parent), undefined=StrictUndefined)
    assert find_untold(pages, path.name) == []


def test_a_page_that_lacks_a_sentence_is_found() -> None:
    says = "{{ {'held': 'Wait.'}.get(problem, 'Try later.') }}"
    page = "{% macro sentence(problem, tries, until, ways) %}" + says + "{% endmacro %}"
    untold = find_untold(Environment(loader=DictLoader({"x.html": page})), "x.html")
    assert untold == [each for each in PROBLEMS_TOLD if each not in {"held", "unavailable"}]


def test_the_list_has_every_problem_that_a_sign_in_can_have() -> None:
    of_attempts = {attempts.OVER, attempts.INTERRUPTED, attempts.NOT_CONFIRMED, attempts.NOT_ASKED}
    assert {*PROBLEMS.values(), *of_attempts, *(each.value for each in tries.Why), "unavailable"} == set(PROBLEMS_TOLD)
