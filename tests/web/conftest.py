"""What several tests of the dashboard begin with."""

import pytest

from tests.town import Town
from tests.web.club import Club, have_club
from tests.web.visitor import Visitor


@pytest.fixture
def club(town: Town) -> Club:
    """A club that has trained for four months."""
    with town.world.sessions.begin() as session:
        return have_club(session, town.clock(), days=120)


@pytest.fixture
def visitor(town: Town, club: Club) -> Visitor:
    """A browser of the club's owner."""
    return Visitor(town, club.member)
