"""Checks for problems that build up slowly: paused sources, messages given up, opt-outs, the budget."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from models import Breaker, Sign
from services.delivery import ceiling, opt_outs, outcomes
from services.ground import breakers, signs
from services.health.findings import Finding, report_problem

MOST_DEAD = 3  # messages that may be given up because of a fault of ours, each within an hour of the one before
FEWEST_OPT_OUTS = 5  # this many in an hour are normal, even in a small club
OPT_OUTS_SHARE = 0.01  # nor is a smaller share of all members unusual
BUDGET = 0.8
# The number of members that Postgres estimated last: exact enough, and without a count. -1 if it never has.
MEMBERS = text("SELECT reltuples::bigint FROM pg_class WHERE oid = 'members'::regclass")


def judge_sources(session: Session, now: datetime) -> Finding:
    """Return the finding `sources`: is a source of activities, such as Garmin, paused because it refuses us?"""
    shut = select(Breaker).where(Breaker.name != breakers.MESSENGER, Breaker.shut_until > now).order_by(Breaker.name)
    says = [
        f"{each.name} is left alone until {each.shut_until:%H:%M} UTC: {each.why}" for each in session.scalars(shut)
    ]
    return report_problem("sources", "; ".join(says) or None)


def judge_dead(standing: Mapping[str, Sign], now: datetime) -> Finding:
    """Return the finding `dead`: were several messages given up lately because of a fault of ours?"""
    sign = standing.get(signs.DEAD)
    count = sign.count if sign is not None and now - sign.at <= outcomes.DEAD_TOGETHER else 0
    says = f"{count} messages were given up in the last hour ({sign.detail})" if sign and count > MOST_DEAD else None
    return report_problem("dead", says, in_an_hour=count)


def judge_opt_outs(session: Session, standing: Mapping[str, Sign], now: datetime) -> Finding:
    """Return the finding `optouts`: do unusually many members want no more messages?"""
    sign = standing.get(signs.OPT_OUTS)
    count = sign.count if sign is not None and now - sign.at <= opt_outs.TOGETHER else 0
    if count <= FEWEST_OPT_OUTS:
        return report_problem("optouts", None, in_an_hour=count)
    members = max(int(session.scalar(MEMBERS) or 0), 0)
    is_spike = count > OPT_OUTS_SHARE * members
    return report_problem("optouts", f"{count} people want no more messages" if is_spike else None, in_an_hour=count)


def judge_spend(session: Session, now: datetime, most: int) -> Finding:
    """Return the finding `spend`: are the messages of 24 hours nearly used up? `most` is the ceiling."""
    spent = ceiling.count_sent_today(session, now).by_group.total()
    says = f"{spent} of {most} messages of 24 hours are used up" if spent >= BUDGET * most else None
    return report_problem("spend", says, spent=spent, ceiling=most)
