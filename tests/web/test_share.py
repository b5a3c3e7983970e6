"""The page that shows a digest to everybody who has its address: its contents, and how long it is open."""

import re
from datetime import date, timedelta
from html import unescape
from urllib.parse import unquote

import pytest
import requests
from sqlalchemy import select

from fitness.dates import Dates
from jobs.pictures import draw_shares
from models import Group, Member, Membership, Share
from services.digest import shares
from tests.letters import Letters
from tests.patience import AT_MOST
from tests.town import Town

WEEK = Dates(date(2026, 11, 16), date(2026, 11, 22))


@pytest.fixture
def letters(town: Town) -> Letters:
    return Letters(town)


def club(letters: Letters, *names: str) -> tuple[Group, list[Member]]:
    """Return a group of these members, all of whom have run, the first one most."""
    members = [letters.member(number, name=name) for number, name in enumerate(names or ("Zoë", "José"), 1)]
    for number, member in enumerate(members):
        letters.moved(member, date(2026, 11, 17), 3600 * (9 - number))
    return letters.group(*members, name="Sunday Legends"), members


def opened(letters: Letters, group: Group) -> str:
    """Return the address of a page that the owner opened just now."""
    with letters.town.world.sessions.begin() as session:
        owner = session.scalar(select(Membership).where(Membership.group_id == group.id, Membership.role == "owner"))
        path, _ = shares.share(session, owner, WEEK, letters.now)
    return letters.town.world.settings.base_url + path


def get(url: str) -> requests.Response:
    return requests.get(url, timeout=AT_MOST)


def test_the_page_shows_the_digest_and_hands_it_to_whatsapp(letters: Letters) -> None:
    page = get(opened(letters, club(letters)[0])).text
    link = unescape(re.search(r'href="(https://wa.me/\?text=[^"]+)"', page)[1])
    text = unquote(link.removeprefix("https://wa.me/?text="))
    assert text.startswith("🏁 *Sunday Legends* · 16–22 Nov")
    assert "🥇 *Zoë*" in text
    assert "You" not in text, "nothing of the one who shares it"
    assert "*mute*" not in text, "nothing to send to the bot"
    assert unescape(re.search(r"<pre[^>]*>([^<]+)</pre>", page)[1]) == text
    assert "1. Zoë" in unescape(re.search(r'alt="([^"]+)"', page)[1])


def test_a_preview_in_a_chat_tells_nothing_of_the_group(letters: Letters) -> None:
    page = get(opened(letters, club(letters)[0])).text
    preview = re.findall(r'<(?:meta|title)[^>]*(?:content="([^"]*)")?[^>]*>([^<]*)', page)
    head = page.split("</head>")[0]
    assert preview
    assert not any(word in head for word in ("Zoë", "José", "Legends", "og:image"))
    assert 'name="robots" content="noindex' in head


def test_only_our_own_script_may_run_and_nobody_is_told_where_one_came_from(letters: Letters) -> None:
    answer = get(opened(letters, club(letters)[0]))
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert answer.headers["Cache-Control"] == "no-store"
    assert not answer.cookies
    assert "style=" not in answer.text
    assert "onclick" not in answer.text
    assert get(letters.town.world.settings.base_url + "/static/share.js").status_code == 200


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 7*7 }}"])
def test_a_name_is_text_wherever_it_stands(letters: Letters, name: str) -> None:
    url = opened(letters, club(letters, name, "José")[0])
    assert name not in get(url).text or "<" not in name
    picture = get(f"{url}/card.svg")
    assert picture.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert "<script" not in picture.text
    assert "<img" not in picture.text


def test_the_picture_comes_in_both_lights_and_as_a_png_once_it_is_drawn(letters: Letters) -> None:
    url = opened(letters, club(letters)[0])
    light, dark = get(f"{url}/card.svg").text, get(f"{url}/card-dark.svg").text
    assert light.startswith("<svg")
    assert dark.startswith("<svg")
    assert light != dark
    early = get(f"{url}/card.png")
    assert (early.status_code, early.headers["Retry-After"]) == (503, "2")
    draw_shares()
    png = get(f"{url}/card.png")
    assert (png.status_code, png.headers["Content-Type"]) == (200, "image/png")
    assert png.content.startswith(b"\x89PNG")


def test_late_data_change_the_page_and_its_picture_is_drawn_anew(letters: Letters) -> None:
    group, members = club(letters)
    url = opened(letters, group)
    draw_shares()
    letters.moved(members[1], date(2026, 11, 18), 36_000)
    assert "🥇 *José*" in get(url).text
    assert get(f"{url}/card.png").status_code == 503
    draw_shares()
    assert get(f"{url}/card.png").status_code == 200


def test_whoever_hides_is_gone_from_a_page_that_is_open_already(letters: Letters) -> None:
    group, members = club(letters)
    url = opened(letters, group)
    assert "José" in get(url).text
    with letters.town.world.sessions.begin() as session:
        session.scalar(select(Membership).where(Membership.member_id == members[1].id)).hidden = True
    for path in ("", "/card.svg", "/card-dark.svg"):
        assert "José" not in get(url + path).text


def test_a_quiet_week_has_a_page_without_a_picture(letters: Letters) -> None:
    group = letters.group(letters.member(1))
    url = opened(letters, group)
    assert "<img" not in get(url).text
    for path in ("/card.svg", "/card.png"):
        assert get(url + path).status_code == 404


def test_a_page_ends_after_a_week_or_when_it_is_closed_or_its_group_ends(letters: Letters) -> None:
    group, _ = club(letters)
    first, second = opened(letters, group), opened(letters, group)
    assert first != second
    letters.town.clock.travel(days=7)
    assert [get(first + path).status_code for path in ("", "/card.svg", "/card.png")] == [410] * 3
    third = opened(letters, group)
    with letters.town.world.sessions.begin() as session:
        session.get(Group, group.id).is_active = False
    assert get(third).status_code == 410
    assert get(letters.town.world.settings.base_url + "/s/unknown").status_code == 404
    letters.town.clock.travel(days=31)
    with letters.town.world.sessions.begin() as session:
        shares.forget_old(session, letters.now)
    assert get(first).status_code == 404


def test_the_address_is_kept_only_as_a_hash(letters: Letters) -> None:
    token = opened(letters, club(letters)[0]).rsplit("/", 1)[1]
    with letters.town.world.sessions() as session:
        [share] = session.scalars(select(Share))
        assert token not in repr(vars(share))
        assert len(token) >= 32
        assert share.expires_at - letters.now == timedelta(days=7)


@pytest.mark.parametrize("text", ["one line", "x" * 5_000, "\n".join(["🏁 Zoë 李雷"] * 60)])
def test_a_link_is_short_enough_for_every_phone(text: str) -> None:
    link = shares.SharedPage("group", text, None).link
    assert (
        unquote(link.removeprefix("https://wa.me/?text=")) == text[: len(unquote(link)) - len("https://wa.me/?text=")]
    )
    assert len(link) <= 2_020 or "\n" not in text
