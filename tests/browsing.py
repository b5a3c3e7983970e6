"""A browser without a screen, which fills in the link page's forms as a person would."""

import re

import requests

from simulator.forms import Form
from world import World


class Browser:
    """A browser: cookies, the last answer, and the actions of a person on a page. Each action returns the new page."""

    def __init__(self, world: World) -> None:
        self.base = world.settings.base_url
        self.session = requests.Session()
        self.session.headers["Origin"] = self.base
        self.answer: requests.Response | None = None

    def get(self, path: str) -> str:
        """Open a page."""
        self.answer = self.session.get(self.base + path if path.startswith("/") else path)
        return self.answer.text

    def submit(self, **values: str) -> str:
        """Fill in the form that has these fields, and press its button."""
        form = Form(self.answer.text, having=next(iter(values), ""))
        self.answer = self.session.post(self.base + form.action, data={**form.fields, **values})
        return self.answer.text

    def open_link(self, message: str) -> str:
        """Open the link in a chat message and press Continue."""
        self.get(re.search(r"https?://\S+/link/\S+", message)[0])
        return self.submit()

    def open_dashboard(self, message: str) -> str:
        """Open the link to the dashboard in a chat message, in a Firefox, and press its button."""
        self.session.headers["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
        self.get(re.search(r"https?://\S+/dashboard/enter/\S+", message)[0])
        return self.submit()

    def sign_in(self, email: str, password: str) -> str:
        """Fill in the Garmin form."""
        return self.submit(email=email, password=password)

    def use_key(self, key: str, lasts: str = "90") -> str:
        """Paste a Personal API key."""
        return self.submit(key=key, lasts=lasts)

    @property
    def line(self) -> str:
        """Return the line with the code that the page asks the person to send in the chat."""
        return re.search(r'<p class="line">([^<]+)</p>', self.answer.text)[1]

    def again(self) -> str:
        """Load the page again, as the waiting page does by itself."""
        return self.get("/link/garmin")
