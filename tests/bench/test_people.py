"""People of the drill: their webhooks are repeated as Twilio does it, and the answers to them are counted."""

from itertools import repeat
from random import Random

from bench.arrivals import Arrivals
from bench.people import REPEATS, Line, Talker
from bench.verdict import Answer, Counted
from jobs import delivery
from providers.clock import read_system_clock
from simulator.stage import ACCOUNT
from simulator.twilio.phones import Phones
from simulator.twilio.server import PretendTwilio
from tests.bench.answering import Answering, answering
from tests.bench.test_truth import posted

TAKEN, FAILED = (200, "<Response/>"), (503, "later")


def test_a_webhook_that_is_taken_is_posted_once():
    with answering(TAKEN) as at:
        line = talker(at).tells("hi")
    assert (line.taken, line.attempts, len(at.asked)) == (True, 1, 1)


def test_a_webhook_that_fails_is_repeated_until_it_is_taken():
    with answering(FAILED, FAILED, TAKEN) as at:
        line = talker(at).tells("hi")
    assert (line.taken, line.attempts, len(at.asked)) == (True, 3, 3)


def test_a_webhook_that_always_fails_is_given_up():
    with answering(FAILED) as at:
        line = talker(at).tells("hi")
    assert (line.taken, line.attempts, len(at.asked)) == (False, REPEATS + 1, REPEATS + 1)


def test_what_arrives_is_counted_by_what_it_answers(town):
    for key in ("reply:SM1", "reply:SM2", "digest:1:1", "notice"):
        posted(town, key)
    deliver_all(town)
    url = town.world.sessions.kw["bind"].url.render_as_string(hide_password=False)
    lines = [Line("SM1", "hi", said_at=0.0), Line("SM3", "me", said_at=0.0, taken=False, attempts=8)]
    arrivals = Arrivals(url, town.twilio, [each.sid for each in lines])
    one, other = arrivals.answers(lines)
    assert len(one.arrived) == 1
    assert other == Answer(0.0, ())
    assert arrivals.digest(2) == Counted(wanted=2, arrived=1, doubled=0)
    assert arrivals.others() == Counted(wanted=2, arrived=2, doubled=0)
    assert arrivals.astray(lines) == ["  'me': refused 8 times by the webhook, no answer was written, answered 0×"]


def talker(at: Answering) -> Talker:
    twilio = PretendTwilio(read_system_clock, account_sid=ACCOUNT, auth_token="secret", webhook_url=at.url)
    return Talker(Phones(twilio).add("Zoë", "+32470000001"), repeat("hi"), Random(0))


def deliver_all(town) -> None:
    """Send one message after the other: they are for one person, who gets each a few seconds after the one before."""
    for _ in range(4):
        delivery.drain()
        town.twilio.settle()
        town.clock.travel(seconds=7)
