"""The page that shows the phones: chat with the bot as several people, travel in time, cause faults."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol
from urllib.parse import urlsplit
from uuid import uuid4

from flask import Blueprint, Response, abort, jsonify, redirect, render_template, request
from werkzeug.wrappers import Response as Answer

from simulator.page.bubbles import bubble, row
from simulator.page.feed import PhoneEvents
from simulator.twilio.phones import Phone, Phones
from simulator.twilio.server import PretendMessage, PretendTwilio

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
SHOWN_PHONES, SHOWN_MESSAGES = 24, 200
FAILURES = {
    "500": "Twilio answers 500",
    "429": "Twilio answers 429, too many requests",
    "500_after_accept": "Twilio takes it, but answers 500",
    "reset": "The line drops",
    "lost": "WhatsApp does not deliver it",
}


class PageLevers(Protocol):
    """The actions of the controls in the page's header."""

    @property
    def bot_name(self) -> str: ...

    def now(self) -> datetime: ...

    def travel_to(self, moment: datetime, /) -> None: ...

    def send_digest(self) -> str:
        """Send the weekly digest now, and say in a sentence what happened."""
        ...

    def cheat_sheet(self) -> list[str]:
        """Return lines to try."""
        ...

    def moves_in(self, phone: Phone, /) -> None:
        """Handle that a person has got a new phone."""
        ...

    def hint(self, phone: Phone, /) -> str:
        """Return what the person with this phone must know, such as a password; it may be empty."""
        ...


def page(twilio: PretendTwilio, phones: Phones, levers: PageLevers) -> Blueprint:
    """Make the page. Mount it at / of a server that only this computer can reach."""
    views = Views(twilio, phones, levers)
    routes = Blueprint(
        "phones", __name__, template_folder="templates", static_folder="static", static_url_path="/phones/static"
    )
    routes.before_request(_only_from_here)
    routes.after_request(_locked_down)
    for rule, method, view in views.routes():
        routes.add_url_rule(rule, view.__name__, view, methods=[method])
    return routes


class Views:
    """The routes of the page."""

    def __init__(self, twilio: PretendTwilio, phones: Phones, levers: PageLevers) -> None:
        self._twilio, self._phones, self._levers = twilio, phones, levers
        self._feed, self._said = PhoneEvents(), ""
        self._run = uuid4().hex  # the numbers of events start again in each run
        twilio.on_message.append(self._note)
        twilio.on_typing.append(self._note_typing)

    def routes(self) -> list[tuple[str, str, Callable[..., Answer | str]]]:
        return [
            ("/", "GET", self.all_phones),
            ("/events", "GET", self.events),
            ("/phones", "POST", self.add_phone),
            ("/phones/<key>/says", "POST", self.says),
            ("/phones/<key>/taps", "POST", self.taps),
            ("/phones/<key>/does", "POST", self.does),
            ("/clock", "POST", self.clock),
            ("/digest", "POST", self.digest),
            ("/failure", "POST", self.failure),
        ]

    def all_phones(self) -> str:
        seq, now, said = self._feed.last, self._levers.now().astimezone(UTC), self._said
        self._said = ""
        everybody = list(self._phones.by_number.values())
        return render_template(
            "phones.html",
            bot_name=self._levers.bot_name,
            now=now,
            seq=seq,
            run=self._run,
            said=said,
            failures=FAILURES,
            cheat_sheet=self._levers.cheat_sheet(),
            hidden=max(0, len(everybody) - SHOWN_PHONES),
            phones=[(phone, self._bubbles(phone, now)) for phone in everybody[:SHOWN_PHONES]],
            hint=self._levers.hint,
        )

    def events(self) -> Answer:
        now = self._levers.now().astimezone(UTC)
        found = self._feed.after(request.args.get("after", 0, int))
        if found is None:
            answer = jsonify([{"seq": self._feed.last, "phone": "", "status": "reload"}])
        else:
            answer = jsonify([self._event(*event, now) for event in found])
        answer.headers["X-Day"], answer.headers["X-Clock"] = f"{now:%Y-%m-%d}", f"{now:%H:%M}"
        answer.headers["X-Run"] = self._run
        answer.headers["Cache-Control"] = "no-store"
        return answer

    def add_phone(self) -> Answer:
        name = " ".join(request.form.get("name", "").split())[:60]
        if not name:
            abort(400, "Who has this phone? Give a name.")
        self._levers.moves_in(self._phones.add(name, self._phones.fresh_number()))
        return self._done(reload=True)

    def says(self, key: str) -> Answer:
        phone, text = self._phone(key), request.form.get("chip") or request.form.get("text", "")
        if text.strip():
            phone.says(text)
        return self._done()

    def taps(self, key: str) -> Answer:
        phone = self._phone(key)
        message, label = phone.find(request.form.get("sid", "")), request.form.get("label", "")
        if message is None or label not in dict(message.buttons):
            abort(404, "There is no such button.")
        phone.taps_on(message, label)
        self._feed.message(phone.key, message.sid)
        return self._done()

    def does(self, key: str) -> Answer:
        phone, what = self._phone(key), request.form.get("what", "")
        if what == "picture":
            phone.sends_picture()
        elif what == "location":
            phone.shares_location()
        elif what == "block":
            phone.blocked = not phone.blocked
            return self._done(f"{phone.name} {'blocked' if phone.blocked else 'unblocked'} the bot.", reload=True)
        else:
            abort(400, "A phone can do picture, location or block.")
        return self._done()

    def clock(self) -> Answer:
        at, hours = request.form.get("at", ""), request.form.get("hours", 0, int)
        try:
            moment = self._levers.now() if hours else datetime.fromisoformat(at).replace(tzinfo=UTC)
            self._levers.travel_to(moment + timedelta(hours=hours))
        except (ValueError, OverflowError):
            abort(400, "The clock wants a date and a time.")
        return self._done(reload=True)

    def digest(self) -> Answer:
        return self._done(self._levers.send_digest(), reload=True)

    def failure(self) -> Answer:
        how = request.form.get("how", "")
        if how not in FAILURES:
            abort(400, f"A send can fail by {', '.join(FAILURES)}.")
        if how == "lost":
            self._twilio.faults.undelivered_next.append(63010)
        else:
            self._twilio.faults.next.append(how)
        return self._done(f"Next message: {FAILURES[how]}.")

    def _done(self, said: str = "", *, reload: bool = False) -> Answer:
        if request.accept_mimetypes.best == "application/json":
            self._said = said if reload else ""
            return jsonify({"said": said, "reload": reload})
        self._said = said
        return redirect("/", 303)

    def _phone(self, key: str) -> Phone:
        phone = self._phones.by_number.get(f"+{key}") or self._phones.by_number.get(key)
        return phone or abort(404, "Nobody has that number.")

    def _bubbles(self, phone: Phone, now: datetime) -> list[object]:
        shown = phone.chat[-SHOWN_MESSAGES:]
        return [bubble(phone, message, now, self._levers.bot_name) for message in shown]

    def _event(self, seq: int, key: str, what: str, now: datetime) -> dict[str, object]:
        phone = self._phone(key)
        message = phone.find(what)
        if message is None:
            return {"seq": seq, "phone": key, "status": what}
        return {"seq": seq, "phone": key, "sid": what, "html": row(phone, message, now, self._levers.bot_name)}

    def _note(self, message: PretendMessage) -> None:
        phone = self._phones.of(message)
        if phone is None or phone.find(message.sid) is None or message.status == "read":
            return
        self._feed.message(phone.key, message.sid)
        happened = message.events[-1][1]
        if happened in ("received", "unanswered") or not message.inbound:
            self._feed.state(phone.key, "typing" if happened == "received" else "online")

    def _note_typing(self, message: PretendMessage) -> None:
        phone = self._phones.of(message)
        if phone is not None:
            self._feed.state(phone.key, "typing")


def _only_from_here() -> None:
    if request.method != "POST":
        return
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin", "")
    if not (site == "same-origin" if site else urlsplit(origin).netloc == request.host):
        abort(403, "Only the page itself may do this.")


def _locked_down(answer: Response) -> Response:
    answer.headers["Content-Security-Policy"] = POLICY
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer
