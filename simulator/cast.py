"""The people of the demo: three friends with phones and Garmin accounts."""

from dataclasses import dataclass

from simulator.garmin.athletes import ALL_ROUNDER, CYCLIST, LIFTER, RUNNER, SWIMMER, WALKER, Athlete, Habits
from simulator.garmin.server import PretendGarmin
from simulator.twilio.phones import Phone, Phones


@dataclass(frozen=True)
class CastRole:
    """A friend: name, number, and the credentials of their Garmin account. With a code, it has a second factor."""

    name: str
    number: str
    email: str
    password: str
    habits: Habits
    zone: str
    seed: int
    code: str | None = None


# The seeds are chosen so that from June 2026 to the end of 2028 each friend has at least two sessions in every week by
# Sunday afternoon. So whenever the demo is started, its boards and its first digest show three people.
FRIENDS = (
    CastRole("Zoë 🚴", "+32470000001", "zoe@example.org", "gruppetto", CYCLIST, "Europe/Brussels", 5024),
    CastRole("José", "+34600000002", "jose@example.org", "gruppetto", RUNNER, "Europe/Madrid", 838, code="314159"),
    CastRole("سارة", "+971500000003", "sara@example.org", "gruppetto", WALKER, "Asia/Dubai", 930),
)
NEWCOMERS = (SWIMMER, LIFTER, ALL_ROUNDER, RUNNER, CYCLIST, WALKER)


def move_in(role: CastRole, garmin: PretendGarmin, phones: Phones, seed: int | None = None) -> tuple[Phone, Athlete]:
    """Give a friend a phone and a Garmin account. Another seed gives them other activities."""
    phone = phones.add(role.name, role.number)
    athlete = garmin.enrol(
        role.name,
        role.email,
        role.password,
        code=role.code,
        habits=role.habits,
        zone=role.zone,
        seed=role.seed if seed is None else seed,
    )
    return phone, athlete


def newcomer(phone: Phone, garmin: PretendGarmin) -> Athlete:
    """Give a person with a new phone a Garmin account."""
    number = len(garmin.athletes)
    email = f"friend{number}@example.org"
    return garmin.enrol(phone.name, email, "gruppetto", habits=NEWCOMERS[number % len(NEWCOMERS)], seed=number + 1)
