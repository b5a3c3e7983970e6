"""Makes the pages behind a one-time link, for each state of the sign-in. Each source has its own
template for its forms.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from flask import Response, make_response
from sqlalchemy.orm import Session

from messages.render import words
from models import AttemptStep, IdentityKind, LinkAttempt, Member, OneTimeLink
from providers.sources import SignInForm, Source
from services.ground.recipients import make_reader
from services.training import attempts, binding, tries
from services.training.tries import Why
from web.pages import render_page
from world import World

SHOWN_OF_NUMBER = 3  # last digits: enough for the owner to recognise the number, too few to call it
ENDED = (binding.ELSEWHERE, binding.STOPPED)


@dataclass(frozen=True)
class Trouble:
    """A problem with a form, shown above it; `problem` names the sentence.

    `login` is the e-mail address that was typed, to be filled in again. If no password may be sent before `until` (in
    the member's zone), `takes` is whether another e-mail address may be tried.
    """

    source: str
    way: str
    problem: str
    login: str = ""
    until: datetime | None = None
    takes: bool = True


@dataclass(frozen=True)
class Pages:
    """The pages of one link. `csrf` is sent with each form."""

    world: World
    session: Session
    link: OneTimeLink
    csrf: str

    def of_now(self, problem: str | None = None) -> Response:
        """Return the page for the state of the sign-in; `problem` is what was wrong with a code that was typed."""
        attempt = attempts.find_attempt(self.session, self.link)
        if attempt is None:
            return self.forms(self._held_back())
        if (after := self._after_sign_in(attempt)) is not None:
            return after
        if attempt.step is AttemptStep.CODE and attempt.expires_at > self.world.now():
            facts = {"method": attempt.method, "problem": problem or attempt.problem, "source": attempt.source}
            return self._page("link_code.html", self._name(attempt), status=400 if problem else 200, **facts)
        if attempt.step is AttemptStep.FAILED:
            return self.forms(self._troubles(attempt))
        return self._page("link_wait.html", self._name(attempt), is_heard=attempt.step is AttemptStep.CONFIRMED)

    def forms(self, troubles: Sequence[Trouble], status: int = 200) -> Response:
        """Return the page with all forms of all sources."""
        sources = list(self.world.sources.values())
        places = {(source.name, form.way) for source in sources for form in source.forms}
        facts = {
            "sources": sources,
            "troubles": {(each.source, each.way): each for each in troubles},
            # The operator no longer offers these ways.
            "elsewhere": [each for each in troubles if (each.source, each.way) not in places],
            "tries": attempts.count_tries_left(self.session, self.link),
            "chat": _chat(self.link.member),
            "sees": words("groups/consent_sees", make_reader(self.link.member)),
        }
        return self._page("link_form.html", self.world.labels, status=status, **facts)

    def held(self, source: Source, form: SignInForm, login: str = "") -> Trouble | None:
        """Return why no password of this member, or none for this e-mail address, may be sent to
        this source now; None if one may.

        If only this e-mail address was tried too often, another one may be tried at once, so the form stays.
        """
        held = tries.find_held_until(self.session, self.link.member, source.name, self.world.now(), login)
        if held is None:
            return None
        until = held.until.astimezone(ZoneInfo(self.link.member.timezone))
        return Trouble(source.name, form.way, held.why, login, until, takes=held.why is Why.ACCOUNT)

    def _held_back(self) -> list[Trouble]:
        """Return the problems of the forms that accept no password of this member now."""
        sources = self.world.sources.values()
        counted = [(source, form) for source in sources for form in source.forms if form.is_counted]
        return [held for source, form in counted if (held := self.held(source, form))]

    def _troubles(self, attempt: LinkAttempt) -> list[Trouble]:
        """Return why the last sign-in failed, and which forms accept no password now; for one form,
        the latter is shown.
        """
        failed = Trouble(attempt.source, attempt.way, attempt.problem or "", attempt.garmin_email or "")
        troubles = {(failed.source, failed.way): failed}
        for held in self._held_back():
            key = (held.source, held.way)
            problem = failed.problem if failed.problem == tries.THROTTLED else held.problem
            troubles[key] = replace(held, login=failed.login, problem=problem) if key in troubles else held
        return list(troubles.values())

    def _after_sign_in(self, attempt: LinkAttempt) -> Response | None:
        """Return the page after a successful sign-in: the code to send, or the outcome. None if the
        source did not accept it yet.
        """
        name = self._name(attempt)
        if attempt.step is AttemptStep.FAILED and attempt.problem in ENDED:
            return self._page("link_stopped.html", name, elsewhere=attempt.problem == binding.ELSEWHERE)
        if attempt.step is AttemptStep.CONFIRM and attempt.expires_at > self.world.now():
            line = f"link garmin {binding.make_code(self.session, attempt)}"
            return self._page("link_confirm.html", name, line=line, chat=_chat(self.link.member))
        if attempt.step is AttemptStep.DONE or self.link.used_at:
            return self._page("link_done.html", name)
        return None

    def _name(self, attempt: LinkAttempt) -> str:
        """Return the name of the source of this sign-in, as people know it."""
        return self.world.label_of(attempt.source)

    def _page(self, template: str, name: str, status: int = 200, **facts: object) -> Response:
        known = {"name": name, "csrf": self.csrf, "bot": self.world.settings.bot_phone}
        return make_response(render_page(template, make_reader(self.link.member), **known, **facts), status)


def _chat(member: Member) -> tuple[str, str]:
    """Return the member's name and the last digits of their number, so that they recognise their chat.

    The name is empty while it is in doubt who holds the number.
    """
    numbers = [each.value for each in member.identities if each.kind is IdentityKind.PHONE]
    name = member.name if member.doubted_at is None else ""
    return name, numbers[0][-SHOWN_OF_NUMBER:] if numbers else ""
