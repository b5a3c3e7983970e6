"""The turn: the object with everything that a handler needs."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from fitness.periods import BadPeriod, Dates, FuturePeriod, Period, resolve_with_before
from fitness.spans import Span
from messages.message import Button, Choice, Message
from messages.render import Offer, Reader, label, render
from models import Group, Member, Membership
from services.ground.recipients import make_reader
from services.ground.refusals import DaysNotUsable, NotInAGroup, NotInThatGroup, PeriodNotStarted
from services.group import roles
from services.people import members
from world import World

# The buttons of the question whose number it is.
WHO = (Offer("yes_still_me", "still me"), Offer("im_new_here", "new here"))


@dataclass
class Turn:
    """One line from one member, inside one transaction. `files` are the addresses and types of its attachments; `opted`
    is what the vendor has already done about a wish to stop or start (`providers.messenger.Inbound`).
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
        """Keep the typed line in `typed`, because `line` may be replaced by the line that
        completes an open question.
        """
        self.typed = self.line

    @property
    def is_in_doubt(self) -> bool:
        """Whether it is in doubt who has the member's number now."""
        return self.member.doubted_at is not None

    @cached_property
    def membership(self) -> Membership:
        """The member's membership in their current group. Raises `NotInAGroup`."""
        return members.find_current_membership(self.session, self.member)

    @property
    def group(self) -> Group:
        """The member's current group. Raises `NotInAGroup`."""
        return self.membership.group

    def place(self, group_id: int) -> Membership:
        """Return the member's membership in this group, which need not be the current one. Raises `NotInAGroup`."""
        found = members.find_membership_in(self.session, self.member, group_id)
        if found is None:
            raise NotInAGroup
        return found

    def here(self, place: str | None) -> Membership:
        """Return the member's membership that a button names ("#17"); without one, that in the current group.

        Raises `NotInAGroup` or `NotInThatGroup`.
        """
        if place is None:
            return self.membership
        found = roles.find_signed(self.session, self.member, place)
        if found is None or found.member_id != self.member.id:
            raise NotInThatGroup
        return found

    @property
    def reader(self) -> Reader:
        """The language, units and time zone of the member."""
        return make_reader(self.member)

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
        """Return an answer with the text of a template. A chart is drawn when the answer is sent."""
        return render(template, self.reader, buttons=buttons, choices=choices, picture=picture, chart=chart, **facts)

    def label(self, name: str, number: int | None = None) -> str:
        """Return the label of a list item, by its name in `labels.toml`."""
        return label(name, self.reader, number)

    def ask(
        self, template: str, /, *, buttons: Iterable[Offer | Button] = (), about: str | None = None, **facts: Any
    ) -> Message:
        """Return an answer that is a question. The member's next line completes this one, unless it is
        a command itself.

        `about` is the line to complete instead, if this one could mean something else by then.
        """
        members.keep_unfinished(self.member, about or self.line, self.now)
        return self.say(template, buttons=buttons, **facts)

    def today(self, zone: str | None = None) -> date:
        """Return today's date in the member's time zone, or in `zone`."""
        return self.now.astimezone(ZoneInfo(zone or self.member.timezone)).date()

    def resolve(self, period: Period, zone: str | None = None) -> tuple[Dates, Dates]:
        """Return the days that a period means today, and the period before it. Raises `PeriodNotStarted`.

        If the period is not over, the one before is cut to the same length: half a week is compared with half a week.
        """
        try:
            return resolve_with_before(period, self.today(zone))
        except FuturePeriod as error:
            raise PeriodNotStarted(starts=error.starts) from None

    def days(self, span: Span, today: date, *, is_past: bool = False) -> tuple[date, date | None]:
        """Return the first and last day of a span; the last is None if the words name none. Raises `DaysNotUsable`."""
        try:
            dates = span.resolve(today, is_past=is_past)
            return (span.first_day(today, is_past=is_past), None) if dates is None else (dates.start, dates.end)
        except BadPeriod as error:
            raise DaysNotUsable(why=error.why) from None
        except OverflowError:  # after the last day of the calendar
            raise DaysNotUsable(why=None) from None
