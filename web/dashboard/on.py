"""What is on: the member's goal, the group's goal, and the group's challenges."""

from flask import Response

from models import Challenge
from services.play import challenges, contests, goals
from web.dashboard.visit import Visit, find_way_back


def show_what_is_on(visit: Visit) -> Response:
    """Show goals with a forecast, and challenges as they stand."""
    group = visit.group
    open_ones = challenges.list_open(visit.session, group) if group else []
    today = visit.today(group)
    return visit.page(
        "on.html",
        "whats_on",
        goal=goals.measure_progress(visit.session, visit.member, visit.today()),
        group_goal=goals.measure_progress(visit.session, group, today) if group else None,
        standings=[contests.measure_contest(visit.session, each, today) for each in open_ones],
        joined=challenges.find_joined(visit.session, open_ones, visit.member),
        ended=challenges.list_ended(visit.session, group) if group else [],
        today=today,
        rows=contests.ROWS,
    )


def join_challenge(visit: Visit, group_id: int, number: int) -> str:
    """Take part in a challenge."""
    challenges.join(visit.session, _find(visit, group_id, number), visit.member, visit.now)
    return find_way_back("whats_on", "joined", group=group_id)


def leave_challenge(visit: Visit, group_id: int, number: int) -> str:
    """Take part in a challenge no more."""
    challenges.leave(visit.session, _find(visit, group_id, number), visit.member, visit.now)
    return find_way_back("whats_on", "left", group=group_id)


def _find(visit: Visit, group_id: int, number: int) -> Challenge:
    return challenges.find(visit.session, visit.place_in(group_id).group, number, is_open=True)
