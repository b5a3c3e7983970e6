"""WhatsApp's limits are checked when a message is made."""

import pytest

from messages.message import Approved, Button, Message, TooMuch, units

THREE = tuple(Button(label, label) for label in ("one", "two", "three"))


def test_text_is_counted_as_whatsapp_counts_it() -> None:
    assert [units(text) for text in ("abc", "é", "🚴", "👩‍👩‍👧", "سارة")] == [3, 1, 2, 8, 4]


@pytest.mark.parametrize(
    ("most", "more"),
    [(1_600, {}), (1_024, {"buttons": THREE}), (1_024, {"picture": "/m/x.png"}), (1_024, {"chart": {"title": "x"}})],
)
def test_a_text_has_a_greatest_length(most: int, more: dict) -> None:
    for sign, size in (("x", 1), ("🚴", 2)):
        assert units(Message(sign * (most // size), **more).text) == most
        with pytest.raises(TooMuch, match=f"1 to {most} are allowed"):
            Message(sign * (most // size + 1), **more)


def test_a_message_says_something() -> None:
    with pytest.raises(TooMuch, match="0 UTF-16 units"):
        Message("")


def test_three_buttons_and_no_picture_beside_them() -> None:
    assert Message("x", buttons=THREE).buttons == THREE
    with pytest.raises(TooMuch, match="4 buttons"):
        Message("x", buttons=(*THREE, Button("four", "four")))
    for more in ({"picture": "/m/x.png"}, {"chart": {"title": "x"}}):
        with pytest.raises(TooMuch, match="cannot have buttons"):
            Message("x", buttons=THREE, **more)


@pytest.mark.parametrize(("label", "says"), [("", "x"), ("x" * 21, "x"), ("x", ""), ("x", "x" * 201)])
def test_a_button_is_short_and_says_something(label: str, says: str) -> None:
    assert Button("x" * 20, "x" * 200).says
    with pytest.raises(TooMuch, match="are allowed"):
        Button(label, says)


@pytest.mark.parametrize("value", ["", " ", "a\nb", "a\tb", "a    b"])
def test_a_templates_value_is_a_single_line(value: str) -> None:
    assert Approved("weekly", {"1": "a   b"}).values == {"1": "a   b"}
    with pytest.raises(TooMuch, match="value 1 of weekly"):
        Approved("weekly", {"1": value})


def test_where_buttons_cannot_go_what_they_say_is_written_out() -> None:
    assert Message("Who?", buttons=(Button("Me", "me"), Button("All", "lb"))).plain == (
        "Who?\n\n• Me: send *me*\n• All: send *lb*"
    )
    assert Message("Who?").plain == "Who?"


def test_a_message_survives_the_outbox() -> None:
    for message in (
        Message("سارة 🚴", buttons=THREE, approved=Approved("weekly", {"1": "x"})),
        Message("x", chart={"title": "x", "bars": [1.5]}),
        Message("x", picture="/m/x.png"),
    ):
        line = message.to_json()
        assert "\n" not in line
        assert Message.from_json(line) == message
