"""A browser that a member signed in to the dashboard, without the way through the chat."""

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from models import Member
from services.people import sessions
from simulator.forms import Form
from tests.api.programs import client_of
from tests.town import Town


class Visitor:
    """A browser that is signed in as a member."""

    def __init__(self, town: Town, member_id: int) -> None:
        self.client: FlaskClient = client_of(town.world)
        with town.world.sessions.begin() as session:
            member = session.get_one(Member, member_id)
            device, secret = sessions.begin_in_browser(session, member, "a test", town.clock())
            self.session = device.id
        self.client.set_cookie("dashboard", secret)

    def get(self, path: str) -> str:
        """Open a page of the dashboard. It must be there."""
        answer = self.client.get(f"/dashboard{path}")
        assert answer.status_code == 200, answer.text
        return answer.text

    def post(self, path: str, **values: object) -> TestResponse:
        """Send a form with the token that our pages give."""
        csrf = Form(self.get("/me"), having="csrf").fields["csrf"]
        return self.client.post(f"/dashboard{path}", data={"csrf": csrf, **values})

    def follow(self, answer: TestResponse) -> str:
        """Go where an answer leads. Returns the page."""
        assert answer.status_code == 303, answer.text
        return self.client.get(answer.headers["Location"]).text
