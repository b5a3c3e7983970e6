"""Pictures on request: a member's week, weeks and sports, and the month or year to forward."""

from models import Member, Membership
from tests.scenes import has_moved, november, runs, start_group
from tests.town import Person, Town


def pictures(person: Person) -> list[bool]:
    """Return, for each message on a phone, whether it has a picture."""
    return [message.picture_url is not None for message in person.phone.heard]


def week_of(person: Person) -> None:
    """Upload two runs and a ride this week, and a swim last week."""
    person.says("help")

    def upload(athlete):
        runs(16, 18)(athlete)
        athlete.upload(type_key="cycling", start=november(17), seconds=5400, metres=40_000)
        athlete.upload(type_key="lap_swimming", start=november(10), seconds=1800, metres=1_500)

    has_moved(person, upload)


def test_a_chart_of_the_week_comes_as_a_picture_with_its_figures(zoe: Person) -> None:
    start_group(zoe)
    week_of(zoe)
    heard = zoe.says("chart")
    assert heard.startswith("📊 *Your week*, 16–22 Nov\n3 sessions · *3h 30m* · 60.0 km.")
    assert pictures(zoe)[-1]
    assert zoe.says("graph week") == heard


def test_a_chart_of_the_trend_stands_beside_the_group(zoe: Person, jose: Person) -> None:
    start_group(zoe, jose)
    week_of(zoe)
    has_moved(jose, runs(17))
    assert zoe.says("chart trend").startswith("📈 *Your last 8 weeks*\nThis week: ")
    assert pictures(zoe)[-1]


def test_a_chart_of_sports_names_them(zoe: Person) -> None:
    week_of_nobody = zoe.says("chart sport")
    assert week_of_nobody.startswith("No picture yet: I know nothing of you for")
    week_of(zoe)
    heard = zoe.says("chart sport")
    assert heard.startswith("🎨 *Your sports in 12 weeks*\n🏃 Run 2h 00m · 🚴 Ride 1h 30m · 🏊 Swim 30 min")
    assert pictures(zoe)[-1]


def test_pictures_are_dark_for_whoever_wants_them_so(town: Town, zoe: Person) -> None:
    week_of(zoe)
    zoe.says("chart")
    light = zoe.phone.heard[-1].picture_url
    assert zoe.says("chart dark").startswith("Your pictures are dark from now on. *chart light*")
    zoe.says("chart week")
    dark = zoe.phone.heard[-1].picture_url
    assert light != dark
    assert zoe.says("chart light").startswith("Your pictures are light from now on.")


def test_the_month_is_wrapped_with_an_award(zoe: Person) -> None:
    start_group(zoe)
    week_of(zoe)
    heard = zoe.says("wrapped")
    assert heard.startswith("🎁 *Your November 2026*\n4 sessions · *4h 00m* · 61.5 km.\n🏅 ")
    assert pictures(zoe)[-1]
    assert zoe.says("wrapped year").startswith("🎁 *Your 2026*\n4 sessions")
    assert zoe.says("recap october").startswith("No picture yet: I know nothing of you for 1–31 Oct.")


def test_the_month_of_a_group_is_wrapped_too(zoe: Person, jose: Person) -> None:
    start_group(zoe, jose)
    week_of(zoe)
    has_moved(jose, runs(17, 18, 19))
    heard = jose.says("wrapped group")
    assert heard.startswith("🎁 *Sunday Legends: November 2026*\n2 people · 7 sessions · *7h 00m* together")
    assert pictures(jose)[-1]
    assert jose.says("wrapped group last month").startswith("Nobody in *Sunday Legends* has moved in 1–31 Oct")


def test_in_the_first_days_of_a_month_the_last_one_is_wrapped(town: Town, zoe: Person) -> None:
    week_of(zoe)
    town.travel_to(november(30).replace(month=12, day=2))
    assert zoe.says("wrapped").startswith("🎁 *Your November 2026*")


def test_who_hides_is_on_no_card_of_the_group(town: Town, zoe: Person, jose: Person) -> None:
    start_group(zoe, jose)
    week_of(zoe)
    has_moved(jose, runs(17, 18, 19))
    with town.world.sessions.begin() as session:
        hidden = session.query(Membership).join(Member).filter(Member.name == "José").one()
        hidden.hidden = True
    assert zoe.says("wrapped group").startswith("🎁 *Sunday Legends: November 2026*\n1 person · 4 sessions")


def test_without_a_group_there_is_no_wrapped_of_one(zoe: Person) -> None:
    assert "group" in zoe.says("wrapped group")
    assert not pictures(zoe)[-1]
