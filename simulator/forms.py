"""Reading a page's form, for people in stories and tests who have no browser."""

from html.parser import HTMLParser


class Form(HTMLParser):
    """The first form of a page: where it goes, and the fields that are filled in already."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.action = ""
        self.fields: dict[str, str] = {}
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take note of the form and its inputs."""
        facts = {name: value or "" for name, value in attrs}
        if tag == "form" and not self.action:
            self.action = facts.get("action", "")
        if tag == "input" and facts.get("name"):
            self.fields[facts["name"]] = facts.get("value", "")
