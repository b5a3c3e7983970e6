"""A program's request leads to the same rows as a line in the chat; and the files that it sends are read."""

from datetime import date
from typing import Any

from sqlalchemy import text

from models import Activity, GarminAccount, Group, Member, Membership, Scope, SentFile
from tests.api.programs import Program, member_of, rows, script, signed_in, slug
from tests.api.test_curl import TRACK
from tests.api.test_statements import weekly_runs
from tests.scenes import code_in, start_group
from tests.town import Person, Town

# Members differ in how and when they signed up; ids and times differ between two who do the same.
OF_MEMBERS = {"name", "address", "timezone", "profile_name", "last_inbound_at", "next_send_at", "unfinished",
              "unfinished_until", "current_group_id"}  # fmt: skip
STAMPS = {"id", "created_at", "updated_at", "fingerprint", "token_hash"}  # the fingerprint is computed from the id
WHOSE = {
    "members": "id = ANY(:members)",
    "groups": "id = :group",
    "memberships": "group_id = :group",
    "goals": "member_id = ANY(:members) OR group_id = :group",
    "activities": "member_id = ANY(:members)",
    "records": "member_id = ANY(:members)",
    "challenges": "group_id = :group",
    "participants": "member_id = ANY(:members)",
    "absences": "member_id = ANY(:members)",
    "kudos": "group_id = :group",
    "feeds": "member_id = ANY(:members)",
}


def told(town: Town, members: list[int], group: int) -> dict[str, list[dict[str, Any]]]:
    """Return what these members and this group have stored in the tables."""
    found = {}
    with town.world.sessions() as session:
        for table, whose in WHOSE.items():
            query = text(f"SELECT * FROM {table} WHERE {whose}")
            read = session.execute(query, {"members": members, "group": group}).mappings()
            left_out = STAMPS | (OF_MEMBERS if table == "members" else set())
            found[table] = sorted(
                ({name: loosely(name, value) for name, value in row.items() if name not in left_out} for row in read),
                key=repr,
            )
    return found


def loosely(name: str, value: Any) -> Any:
    """Return only whether there is a value, for ids and times, also inside the stored data of a recording."""
    if name == "raw_data":
        return {inner: loosely(inner, each) for inner, each in value.items()}
    is_loose = name.endswith(("_id", "_at")) or name in {"id", "start", "start_utc"}
    return (value is not None) if is_loose else value


def by_chat(zoe: Person, jose: Person) -> None:
    code = code_in(zoe.says("new group Sunday Legends"))
    zoe.says("describe Long runs")
    zoe.says("settings cheer below 3")
    jose.says(f"join {code} yes")
    jose.says("share distance off")
    zoe.says("promote José")
    zoe.says("log swim 30 min 1 km 17 nov")
    zoe.says("exclude last")
    zoe.says("units imperial")
    zoe.says("quiet 22:00-08:00")
    zoe.says("goal 20 h november")
    zoe.says("schedule monday 8:00")
    zoe.says("challenge new most improved 20 to 30 nov ok")
    jose.says("challenge join 1")
    jose.says("rivalry off")
    jose.says("away until 30 nov")
    jose.says("away yes")
    jose.says("calendar")
    zoe.says("rss")
    jose.says("kudos Zoë what a ride")


def by_program(zoe: Program, jose: Program) -> None:
    def done(answer: Any) -> Any:
        assert answer.status_code < 300, answer.text
        return (answer.json or {}).get("data")

    group = done(zoe.post("/groups", {"name": "Sunday Legends"}))["id"]
    code = done(zoe.post(f"/groups/{group}/invites"))["code"]
    done(zoe.ask("PATCH", f"/groups/{group}", {"description": "Long runs", "settings": {"cheer_below": 3}}))
    done(jose.post("/groups/join", {"code": code, "agreed": True}))
    done(jose.ask("PATCH", f"/groups/{group}/sharing", {"fields": ["sports", "time", "count", "points"]}))
    place = next(each["id"] for each in zoe.data(f"/groups/{group}/members") if not each["is_me"])
    done(zoe.ask("PATCH", f"/groups/{group}/members/{place}", {"role": "admin"}))
    swim = {"sport": "swim", "date": "2026-11-17", "duration": 1800, "distance": 1000}
    activity = done(zoe.post("/activities", swim))["id"]
    done(zoe.ask("PATCH", f"/activities/{activity}", {"is_excluded": True}))
    done(zoe.ask("PATCH", "/me", {"units": "imperial", "quiet_hours": {"start": "22:00", "end": "08:00"}}))
    goal = {"metric": "time", "target": 72_000, "since": "2026-11-01", "until": "2026-11-30"}
    done(zoe.ask("PUT", "/me/goal", goal))
    done(zoe.ask("PUT", f"/groups/{group}/schedule", {"cron": "0 8 * * 1"}))
    contest = {"contest": "improved", "since": "2026-11-20", "until": "2026-11-30"}
    number = done(zoe.post(f"/groups/{group}/challenges", contest))["number"]
    done(jose.ask("PUT", f"/groups/{group}/challenges/{number}/participation"))
    done(jose.ask("PATCH", "/me", {"rivalries": False}))
    done(jose.ask("PUT", "/me/absence", {"until": "2026-11-30", "shown": True}))
    done(jose.post("/feeds", {"kind": "calendar"}))
    done(zoe.post("/feeds", {"kind": "digests", "group_id": group}))
    place = next(each["id"] for each in jose.data(f"/groups/{group}/members") if not each["is_me"])
    done(jose.post(f"/groups/{group}/members/{place}/kudos", {"words": "what a ride"}))


def test_a_life_by_chat_and_by_program_ends_in_the_same_rows(town: Town, zoe: Person, jose: Person) -> None:
    zoe.says("hi")
    jose.says("hi")
    by_chat(zoe, jose)
    others = [member_of(town, "Ann", 8).id, member_of(town, "Ben", 9).id]
    by_program(*(signed_in(town.world, each) for each in others))
    first, second = (each.id for each in sorted(rows(town.world, Group), key=lambda each: each.id))
    chatted, programmed = told(town, [1, 2], first), told(town, others, second)
    assert chatted == programmed
    assert [len(each) for each in programmed.values()] == [2, 1, 2, 1, 1, 0, 1, 2, 1, 1, 2]


def test_a_digest_is_sent_to_all_once(town: Town, zoe: Person, jose: Person) -> None:
    start_group(zoe, jose)
    for person in (zoe, jose):
        person.says("log run 40 min 8 km")
    program = signed_in(town.world, 1)
    [group] = program.data("/groups")
    sent = program.post(f"/groups/{group['id']}/digests", Idempotency_Key="now")
    assert (sent.status_code, sent.json["data"]["status"]) == (202, "pending")
    assert (sent.json["data"]["since"], sent.json["data"]["until"]) == ("2026-11-16", "2026-11-18")
    town.rest()
    assert "🏁 *Sunday Legends* · 16–18 Nov" in zoe.heard
    assert "🏁 *Sunday Legends* · 16–18 Nov" in jose.heard
    before = jose.count()
    assert program.post(f"/groups/{group['id']}/digests", Idempotency_Key="now").json == sent.json
    assert slug(program.post(f"/groups/{group['id']}/digests")) == "digest-sent-already"
    town.rest()
    assert jose.count() == before
    assert program.data(f"/groups/{group['id']}/digests")[0]["status"] == "sent"
    assert slug(signed_in(town.world, 2).post(f"/groups/{group['id']}/digests")) == "only-admins"


def test_rivals_seasons_and_kudos_are_as_in_the_chat(town: Town, zoe: Person, jose: Person) -> None:
    start_group(zoe, jose)
    with town.world.sessions.begin() as session:
        for number in (1, 2):
            session.add_all(weekly_runs(session.get_one(Member, number)))
    zoes, joses = signed_in(town.world, 1), signed_in(town.world, 2)
    [group] = zoes.data("/groups")
    path = f"/groups/{group['id']}"
    [duel] = zoes.data(f"{path}/rivalries")
    assert (duel["name"], duel["won"], duel["lost"], duel["weeks"], duel["gap"], duel["is_close"]) == (
        "José", 0, 0, 12, 0.0, True,
    )  # fmt: skip
    place = next(each["id"] for each in zoes.data(f"{path}/members") if not each["is_me"])
    assert zoes.data(f"{path}/members/{place}/rivalry") == duel
    season = zoes.data(f"{path}/season")
    assert (season["number"], season["weeks_over"], season["tally"]) == (1, 0, [])
    given = zoes.post(f"{path}/members/{place}/kudos", {"words": "what a ride"})
    assert (given.status_code, given.json["data"]["words"]) == (201, "what a ride")
    assert [each["name"] for each in joses.data("/me/kudos")] == ["Zoë"]
    assert "👏 Zoë (Sunday Legends): what a ride" in jose.says("me"), "reading them by the API leaves them there"
    assert joses.data("/me/kudos") == []
    joses.ask("PATCH", "/me", {"rivalries": False})
    assert joses.data("/me")["rivalries"] is False
    assert zoes.data(f"{path}/rivalries") == []
    assert slug(zoes.get(f"{path}/members/{place}/rivalry")) == "keeps-out-of-rivalries"


def test_an_absence_is_begun_changed_and_ended(town: Town) -> None:
    program = signed_in(town.world, member_of(town, "Ann").id)
    assert slug(program.get("/me/absence")) == "not-found"
    begun = program.ask("PUT", "/me/absence", {}).json["data"]
    assert begun == {"since": "2026-11-18", "until": None, "shown": False}
    assert program.ask("PUT", "/me/absence", {"until": "2026-12-01", "shown": True}).json["data"]["shown"] is True
    assert program.data("/me/absence") == {"since": "2026-11-18", "until": "2026-12-01", "shown": True}
    assert slug(program.ask("PUT", "/me/absence", {"since": "2026-12-05", "until": "2026-12-01"})) == "not-valid"
    assert slug(program.ask("PUT", "/me/absence", {"until": "2030-12-01"})) == "away-not-usable"
    assert program.ask("DELETE", "/me/absence").status_code == 204
    assert slug(program.ask("DELETE", "/me/absence")) == "not-away"


def test_an_address_for_a_calendar_is_made_listed_and_ended(town: Town) -> None:
    ann, ben = (member_of(town, name, number) for number, name in enumerate(("Ann", "Ben"), 1))
    anns, bens = signed_in(town.world, ann.id), signed_in(town.world, ben.id)
    group = anns.post("/groups", {"name": "Legends"}).json["data"]["id"]
    made = anns.post("/feeds", {"kind": "calendar"}).json["data"]
    path = made["url"].removeprefix(town.world.settings.base_url)
    assert anns.client.get(path).status_code == 200
    assert "url" not in anns.data("/feeds")[0]
    assert slug(anns.post("/feeds", {"kind": "calendar", "group_id": group})) == "not-valid"
    assert slug(anns.post("/feeds", {"kind": "digests"})) == "not-valid"
    assert slug(bens.post("/feeds", {"kind": "digests", "group_id": group})) == "not-found"
    assert slug(bens.ask("DELETE", f"/feeds/{made['id']}")) == "not-found"
    assert anns.ask("DELETE", f"/feeds/{made['id']}").status_code == 204
    assert (anns.client.get(path).status_code, anns.data("/feeds")) == (410, [])
    for _ in range(20):
        anns.post("/feeds", {"kind": "calendar"})
    assert slug(anns.post("/feeds", {"kind": "calendar"})) == "too-many-feeds"


def test_a_file_that_a_program_sends_is_read_and_told_in_the_chat(town: Town, zoe: Person) -> None:
    zoe.says("hi")
    program = signed_in(town.world, 1)
    sent = program.ask("POST", "/activities/files?format=gpx", TRACK.encode()).json["data"]
    assert sent["state"] == "waiting"
    assert TRACK.encode() not in bytes(rows(town.world, SentFile)[0].content), "it is sealed"
    town.rest()
    assert zoe.heard.startswith("✅ Read and counted:")
    assert program.data(f"/activities/files/{sent['id']}")["state"] == "read"
    [activity] = program.data("/activities")
    assert (activity["source"], activity["sport"], activity["external_id"]) == ("file", "other", None)
    assert rows(town.world, SentFile)[0].content is None
    assert slug(program.ask("PATCH", f"/activities/{activity['id']}", {"duration": 900})) == "not-by-hand"
    assert program.ask("PATCH", f"/activities/{activity['id']}", {"is_excluded": True}).json["data"]["is_excluded"]
    program.ask("POST", "/activities/files?format=fit", b"no file at all")
    town.rest()
    assert program.data("/activities/files")[0]["state"] == "not_read"


def test_what_was_logged_by_hand_is_put_right_and_taken_away(town: Town) -> None:
    program = signed_in(town.world, member_of(town, "Ann").id)
    swim = {"sport": "swim", "date": "2026-11-17", "duration": 1800, "distance": 1000}
    made = program.post("/activities", swim).json["data"]
    assert (made["source"], made["points"] > 0) == ("chat", True)
    path = f"/activities/{made['id']}"
    changed = program.ask("PATCH", path, {"sport": "run", "date": "2026-11-16", "duration": 3600, "distance": None})
    assert [changed.json["data"][name] for name in ("sport", "type", "date", "distance")] == [
        "run", "running", "2026-11-16", None,
    ]  # fmt: skip
    assert changed.json["data"]["points"] > made["points"]
    assert program.data("/records")[0]["sport"] == "run"
    assert slug(program.ask("PATCH", path, {"date": "2026-09-01"})) == "entry-not-usable"
    assert program.ask("DELETE", path).status_code == 204
    assert program.get(path).status_code == 404
    assert program.data("/activities") == program.data("/records") == []
    [row] = rows(town.world, Activity)
    assert row.deleted_at == town.clock()


def test_the_copy_and_the_end_go_through_the_chat(town: Town, zoe: Person) -> None:
    zoe.says("hi")
    program = signed_in(town.world, 1)
    program.post("/me/exports")
    town.rest()
    assert "Your copy is ready: http" in zoe.heard
    again = program.post("/me/exports")
    assert "http" not in again.text
    town.rest()
    assert "Your copy is ready: http" in zoe.heard
    assert program.post("/me/erasure").status_code == 202
    town.rest()
    code = int(zoe.heard.rsplit("DELETE ", 1)[1].split("*")[0])
    wrong = program.post("/me/erasure/confirmation", {"code": (code + 1) % 10_000}, Idempotency_Key="no")
    assert (wrong.status_code, slug(wrong)) == (403, "wrong-erase-code")
    assert program.post("/me/erasure/confirmation", {"code": code}, Idempotency_Key="yes").status_code == 204
    assert program.get("/me").status_code == 401
    assert rows(town.world, Membership) == []


def test_garmin_is_connected_looked_at_and_disconnected(town: Town, zoe: Person) -> None:
    zoe.says("hi")
    program = signed_in(town.world, 1)
    assert slug(program.get("/me/garmin")) == "not-linked"
    town.garmin.enrol("Zoë", zoe.email, "right")
    browser = town.browser()
    browser.get(program.post("/me/garmin/link").json["data"]["url"])
    browser.submit()
    browser.sign_in(zoe.email, "right")
    town.rest()
    zoe.confirms(browser)
    town.rest()
    account = program.data("/me")["garmin"]
    assert (account["status"], account["garmin_email"], account["method"]) == ("linked", zoe.email, "password")
    assert slug(program.post("/me/garmin/sync")) == "synced-just-now"
    town.clock.travel(minutes=16)
    program.access = signed_in(town.world, 1).access
    assert program.post("/me/garmin/sync").json["data"] == {"is_asked": True, "until": None}
    assert program.ask("DELETE", "/me/garmin?activities=erase").status_code == 204
    assert rows(town.world, GarminAccount) == []


def test_a_members_board_shows_what_the_chat_shows(town: Town) -> None:
    ann, ben = (member_of(town, name, number) for number, name in enumerate(("Ann", "Ben"), 1))
    anns, bens = signed_in(town.world, ann.id), signed_in(town.world, ben.id)
    group = anns.post("/groups", {"name": "Legends"}).json["data"]["id"]
    code = anns.post(f"/groups/{group}/invites").json["data"]["code"]
    assert bens.post("/groups/join", {"code": code, "agreed": True, "hidden": False}).json["data"]["waits"] is False
    for program, metres in ((anns, 1000), (bens, 2000)):
        swim = {"sport": "swim", "date": str(date(2026, 11, 17)), "duration": 1800, "distance": metres}
        program.post("/activities", swim)
    path = f"/groups/{group}/leaderboard?metric=distance"
    assert [(each["place"], each["name"], each["value"]) for each in anns.data(path)] == [
        (1, "Ben", 2000.0), (2, "Ann", 1000.0),
    ]  # fmt: skip
    bens.ask("PATCH", f"/groups/{group}/sharing", {"fields": ["points"]})
    assert [each["name"] for each in anns.data(path)] == ["Ann"]
    assert slug(bens.post("/groups/join", {"code": code, "agreed": False})) == "not-valid"
    assert rows(town.world, Group)[0].id == group
    helper = script(town.world, ben.id, Scope.GROUPS_READ)
    assert helper.get(path).status_code == 200
