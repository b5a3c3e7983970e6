"""A turn: all that a handler is given."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from fitness.periods import BadPeriod, Dates, FuturePeriod, Period
from fitness.spans import Span
from messages.message import Button, Choice, Message
from messages.render import Offer, Reader, label, render
from models import Group, Member, Membership
from services.ground.recipients import reader_of
from services.ground.refusals import DaysNotUsable, NotInAGroup, NotInThatGroup, PeriodNotStarted
from services.group import roles
from services.people import members
from world import World

# What one taps where it is asked whose number it is.
WHO = (Offer("yes_still_me", "still me"), Offer("im_new_here", "new here"))
NEVER = Dates(date(1, 1, 1), date(1, 1, 1))


@dataclass
class Turn:
    """One line from one member, inside one transaction. `files` are the addresses and kinds of what came with it;
    `opted` is what the vendor has done already about a wish to stop or to start (`providers.messenger.Inbound`).
    """

    world: World
    session: Session
    member: Member
    line: str
    now: datetime
    reference: str
    is_new: bool = False
    files: tuple[tuple[str, str], ...] = ()
    profile_name: str = ""
    kind: str = "text"
    sid: str = ""
    replied_to: str | None = None
    opted: str | None = None
    was_greeted: bool = False
    typed: str = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """What was typed stays as it is; the line may be completed by what was asked before."""
        self.typed = self.line

    @property
    def is_in_doubt(self) -> bool:
        """Whether it is unknown who holds the member's number now."""
        return self.member.doubted_at is not None

    @cached_property
    def membership(self) -> Membership:
        """The member's place in the group they talk about. Raises `NotInAGroup`."""
        return members.membership_of(self.session, self.member)

    @property
    def group(self) -> Group:
        """The group they talk about. Raises `NotInAGroup`."""
        return self.membership.group

    def place(self, group_id: int) -> Membership:
        """The member's place in this group, whichever is talked about. Raises `NotInAGroup`."""
        found = members.membership_in(self.session, self.member, group_id)
        if found is None:
            raise NotInAGroup
        return found

    def here(self, place: str | None) -> Membership:
        """The member's own place that a button means ("#17"), else the one in the group they talk about.

        Raises `NotInAGroup` or `NotInThatGroup`.
        """
        if place is None:
            return self.membership
        found = roles.signed(self.session, self.member, place)
        if found is None or found.member_id != self.member.id:
            raise NotInThatGroup
        return found

    @property
    def reader(self) -> Reader:
        """How the member reads."""
        return reader_of(self.member)

    def say(
        self,
        template: str,
        /,
        *,
        buttons: Iterable[Offer | Button] = (),
        choices: Iterable[Choice] = (),
        picture: str | None = None,
        chart: dict[str, Any] | None = None,
        **facts: Any,
    ) -> Message:
        """Answer with a template's words. A chart is drawn when the answer leaves."""
        return render(template, self.reader, buttons=buttons, choices=choices, picture=picture, chart=chart, **facts)

    def label(self, name: str, number: int | None = None) -> str:
        """What stands on an item of a list, by its name in `labels.toml`."""
        return label(name, self.reader, number)

    def ask(
        self, template: str, /, *, buttons: Iterable[Offer | Button] = (), about: str | None = None, **facts: Any
    ) -> Message:
        """Answer with a question: the member's next line completes this one, unless it is a command itself.

        `about` is the line that is completed instead, where this one could mean something else by then.
        """
        members.keep_unfinished(self.member, about or self.line, self.now)
        return self.say(template, buttons=buttons, **facts)

    def today(self, zone: str | None = None) -> date:
        """The date where the member lives, or in another zone."""
        return self.now.astimezone(ZoneInfo(zone or self.member.timezone)).date()

    def resolve(self, period: Period, zone: str | None = None) -> tuple[Dates, Dates]:
        """The days that a period means today, and the stretch before it. Raises `PeriodNotStarted`.

        A period that is not over is compared with as much of the one before: half a week with half a week.
        """
        today = self.today(zone)
        try:
            dates = period.resolve(today)
        except FuturePeriod as error:
            raise PeriodNotStarted(starts=error.starts) from None
        try:
            before = period.previous(today)
        except BadPeriod:  # nothing comes before all time
            return dates, NEVER
        if today < dates.end:
            as_much = before.start + (today - dates.start)
            before = Dates(before.start, min(before.end, as_much))
        return dates, before

    def days(self, span: Span, today: date, *, is_past: bool = False) -> tuple[date, date | None]:
        """The first and last day that a span means; no last day where none was said. Raises `DaysNotUsable`."""
        try:
            dates = span.resolve(today, is_past=is_past)
            return (span.first_day(today, is_past=is_past), None) if dates is None else (dates.start, dates.end)
        except BadPeriod as error:
            raise DaysNotUsable(why=error.why) from None
        except OverflowError:  # beyond the last day that there is a date for
            raise DaysNotUsable(why=None) from None
