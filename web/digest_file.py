"""Writes a group's newest digests as a file that feed readers can subscribe to (RSS 2.0)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from email.utils import format_datetime

from markupsafe import Markup, escape

from messages.render import Reader
from services.digest.digest_items import DigestItem
from web.pages import render_page

# What XML 1.0 allows in no text, not even as a reference
NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class WrittenItem:
    """One digest as it is written. `html` is its text as HTML, which the file holds as text."""

    title: str
    link: str
    uid: str
    at: str
    html: str


def write_digests(items: Sequence[DigestItem], name: str, base_url: str, host: str, reader: Reader) -> str:
    """Return the file. The template escapes every value; what XML cannot hold is left out."""
    return render_page(
        "feeds/digests.xml",
        reader,
        name=_clean(name),
        link=f"{base_url}/dashboard/group",
        language=reader.locale.replace("_", "-"),
        items=[_write_item(each, base_url, host) for each in items],
    )


def _write_item(item: DigestItem, base_url: str, host: str) -> WrittenItem:
    text = _clean(item.text)
    title, html = text.split("\n", 1)[0], escape(text).replace("\n", Markup("<br>\n"))
    link, uid = f"{base_url}/dashboard/digests/{item.id}", f"digest-run-{item.id}@{host}"
    # `str`: the file holds HTML as text, so the template has to escape it once more
    return WrittenItem(title.replace("*", ""), link, uid, format_datetime(item.made_at), str(html))


def _clean(text: str) -> str:
    return NOT_IN_XML.sub("", text)
