"""Pages and codes that somebody made as an admin: the table of addresses in `who_may_do_what.md`."""

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from models import OneTimeLink
from tests.conftest import Servers
from tests.security import table
from tests.security.cells import Cells
from tests.security.gathering import gathered
from tests.security.people import GONE, WRITES, Left
from web.app import create_app

ADDRESSES = table.addresses()


@pytest.fixture(scope="module")
def cells(servers: Servers) -> Iterator[Cells]:
    with gathered(servers, []) as people:
        made = Cells.of(people)
        yield made
        made.close()


@pytest.fixture
def browser(cells: Cells) -> FlaskClient:
    client = create_app(cells.people.world).test_client()
    client.environ_base["HTTP_ORIGIN"] = cells.people.world.settings.base_url
    return client


def page_opens(_: Cells, browser: FlaskClient, left: Left) -> bool:
    answer = browser.get(left.page)
    assert not any(name in answer.text for name in (*GONE, "Hugo"))
    return answer.status_code == 200


def code_works(cells: Cells, _: FlaskClient, left: Left) -> bool:
    cells.people.phones["Rosa"].says(f"join {left.code} yes")
    return cells.people.answered == "join"


def copy_is_given(_: Cells, browser: FlaskClient, left: Left) -> bool:
    return browser.post(left.copy).status_code == 200


def link_opens(cells: Cells, browser: FlaskClient, left: Left) -> bool:
    """Return whether the link would open if it had been made a moment ago."""
    with cells.people.world.sessions.begin() as session:
        session.execute(update(OneTimeLink).values(expires_at=cells.people.world.now() + timedelta(minutes=15)))
    return browser.post(f"{left.link}/start").status_code == 303


def picture_is_there(_: Cells, browser: FlaskClient, left: Left) -> bool:
    return browser.get(left.picture).status_code == 200


def digests_are_shown(_: Cells, browser: FlaskClient, left: Left) -> bool:
    return feed_is_shown(browser, left.digests)


def calendar_is_shown(_: Cells, browser: FlaskClient, left: Left) -> bool:
    return feed_is_shown(browser, left.calendar)


def feed_is_shown(browser: FlaskClient, address: str) -> bool:
    answer = browser.get(address)
    assert not any(name in answer.text for name in (*GONE, "Hugo"))
    return answer.status_code == 200


OPENS: Mapping[str, Callable[[Cells, FlaskClient, Left], bool]] = {
    "the page of a digest that they shared": page_opens,
    "a code that they made to invite others": code_works,
    "the copy of their own data": copy_is_given,
    "the page on which they connect Garmin": link_opens,
    "a picture that shows them": picture_is_there,
    "the digests of the group in a feed reader": digests_are_shown,
    "a calendar of their own": calendar_is_shown,
}


@pytest.mark.parametrize("what", OPENS)
def test_what_somebody_has_left_behind_opens_for_as_long_as_the_page_says(
    cells: Cells, browser: FlaskClient, what: str
) -> None:
    opens = {}
    for role in dict(ADDRESSES)[what]:
        with cells.passing():
            opens[role] = "open" if OPENS[what](cells, browser, cells.people.left[WRITES[role]]) else "closed"
    assert opens == dict(ADDRESSES)[what]


def test_every_address_of_the_page_is_tried() -> None:
    assert [what for what, _ in ADDRESSES] == list(OPENS)
