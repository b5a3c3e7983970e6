"""Reads the form of a page, for stories and tests that have no browser."""

from html.parser import HTMLParser


class Form:
    """The first form of a page, or the first one with the field `having`: its address, and the fields with values."""

    def __init__(self, html: str, having: str = "") -> None:
        forms = _Forms(html).found
        chosen = next((form for form in forms if having in form[1]), None) if having else next(iter(forms), None)
        self.action, self.fields = chosen or ("", {})


class _Forms(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        facts = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.found.append((facts.get("action", ""), {}))
        if tag == "input" and facts.get("name") and facts.get("type") != "checkbox" and self.found:
            self.found[-1][1][facts["name"]] = facts.get("value", "")
