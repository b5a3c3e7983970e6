"""FIT, TCX and GPX files that are made here byte by byte, and read as recordings."""

import gzip
import io
import json
import struct
import zipfile
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from fitdecode.utils import compute_crc
from hypothesis import given, settings
from hypothesis import strategies as st

from fitness.sports import Sport, find_sport, is_sport
from providers.errors import Flaw, NotAnActivityFile
from providers.files import fit_frames
from providers.files.activity_files import read_activity
from providers.files.fit_sports import PAIRS, SPORTS, SUB_SPORTS, find_fit_type
from providers.recordings import FILE, USUAL, Recording, find_type_key, read_recording, write_recording
from simulator.garmin.types import activity_type

BEGAN = datetime(2026, 11, 1, 23, 30, tzinfo=UTC)
FIT_EPOCH = 631_065_600
STAMP = int(BEGAN.timestamp()) - FIT_EPOCH
U8, U16, U32, S32, ENUM, STRING = (0x02, "B"), (0x84, "H"), (0x86, "I"), (0x85, "i"), (0x00, "B"), (0x07, "s")
F64, U64 = (0x89, "d"), (0x8F, "Q")  # wider than these fields are in the profile: a file may define them like this
FILE_ID, SESSION, RECORD, ACTIVITY, DESCRIPTION, DEVELOPER = 0, 18, 20, 34, 206, 207
FIELDS = {
    FILE_ID: {"type": (0, ENUM), "manufacturer": (1, U16), "time_created": (4, U32)},
    RECORD: {"timestamp": (253, U32), "latitude": (0, S32), "longitude": (1, S32), "pulse": (3, U8)},
    SESSION: {
        "timestamp": (253, U32),
        "start": (2, U32),
        "sport": (5, ENUM),
        "sub_sport": (6, ENUM),
        "elapsed": (7, U32),
        "timer": (8, U32),
        "metres": (9, U32),
        "cycles": (10, U32),
        "calories": (11, U16),
        "pulse": (16, U8),
        "top_pulse": (17, U8),
        "watts": (20, U16),
        "climb": (22, U16),
        "descent": (23, U16),
        "laps": (26, U16),
        "moving": (59, U32),
        "top_speed": (125, U32),
        "wide_start": (2, U64),
        "wide_elapsed": (7, F64),
        "wide_timer": (8, F64),
        "wide_laps": (26, F64),
    },
    ACTIVITY: {"timestamp": (253, U32), "sessions": (1, U16), "local": (5, U32)},
    DESCRIPTION: {"index": (0, U8), "number": (1, U8), "base": (2, U8), "name": (3, STRING)},
    DEVELOPER: {"index": (3, U8)},
}
RUN = {
    "timestamp": STAMP + 2000,
    "start": STAMP,
    "sport": 1,
    "sub_sport": 3,
    "elapsed": 2_000_500,
    "timer": 1_800_250,
    "metres": 512_345,
    "cycles": 2400,
    "calories": 390,
    "pulse": 142,
    "top_pulse": 162,
    "watts": 194,
    "climb": 151,
    "descent": 147,
    "laps": 2,
    "moving": 1_790_000,
    "top_speed": 2762,
}
START = (FILE_ID, {"type": 4, "manufacturer": 1, "time_created": STAMP})
PARIS = (ACTIVITY, {"timestamp": STAMP + 2000, "sessions": 1, "local": STAMP + 2000 + 3600})


def message(number: int, values: dict, extra: tuple[int, int] | None = None) -> bytes:
    """Return a definition and a data message; `extra` is a developer's field (its number, its value)."""
    fields = [(*FIELDS[number][name], value) for name, value in values.items()]
    definition = struct.pack("<BBBHB", 0x60 if extra else 0x40, 0, 0, number, len(fields))
    data = b"\x00"
    for place, (base, kind), value in fields:
        written = value.encode() + b"\x00" if kind == "s" else struct.pack(f"<{kind}", value)
        definition += bytes((place, len(written), base))
        data += written
    if extra:
        definition += bytes((1, extra[0], 4, 0))
        data += struct.pack("<I", extra[1])
    return definition + data


def define(number: int, fields: int) -> bytes:
    """Return a definition of this many fields of one byte, as local message 0."""
    return struct.pack("<BBBHB", 0x40, 0, 0, number, fields) + bytes((250, 1, 2)) * fields


def fit(*messages: tuple) -> bytes:
    return sealed(b"".join(message(*each) for each in messages))


def sealed(body: bytes) -> bytes:
    """Return a FIT file with these frames and the right checksums."""
    header = struct.pack("<BBHI4s", 14, 0x20, 21_171, len(body), b".FIT")
    whole = header + struct.pack("<H", compute_crc(header)) + body
    return whole + struct.pack("<H", compute_crc(whole))


def only(data: bytes, name: str = "activity.fit", **more: object) -> Recording:
    (row,) = read_activity(data, name, **more)
    return row


def flaw(data: bytes, name: str = "activity.fit") -> Flaw:
    with pytest.raises(NotAnActivityFile) as raised:
        read_activity(data, name)
    return raised.value.why


def utc(row: Recording) -> str:
    return f"{row.start:%Y-%m-%d %H:%M:%S}"


def local(row: Recording) -> str:
    return f"{row.start + row.offset:%Y-%m-%d %H:%M:%S}"


def known(row: Recording) -> set[str]:
    """Return the names of a recording's fields that have a value."""
    return {name for name, value in vars(row).items() if value is not None and value != ""}


def test_a_run_from_a_watch() -> None:
    assert only(fit(START, (SESSION, RUN), PARIS)) == Recording(
        source=FILE,
        id=only(fit(START, (SESSION, RUN), PARIS)).id,
        start=BEGAN,
        offset=timedelta(hours=1),
        type_key="trail_running",
        seconds=1800.25,
        elapsed=2000.5,
        moving=1790.0,
        metres=5123.45,
        speed=2.846,
        top_speed=2.762,
        climb=151.0,
        descent=147.0,
        pulse=142.0,
        highest_pulse=162.0,
        calories=390.0,
        steps=4800.0,
        watts=194.0,
        laps=2,
        maker="GARMIN",
    )


def test_a_recording_is_the_same_after_it_was_written_as_json() -> None:
    whole = Recording(
        FILE, "running", BEGAN, 60.5, 7, 3, 17, timedelta(hours=-5), "Ü", "M", 61.0, 60.0, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0,
        6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0, 13.0, 14, {1000: 241.5}, (0.0, 1.5), manual=True, private=True,
        is_record=True,
    )  # fmt: skip
    assert not known(whole) ^ vars(whole).keys(), "every field is filled in"
    for each in (whole, Recording(FILE, "other", BEGAN, 0.0), only(fit(START, (SESSION, RUN), PARIS))):
        written = json.loads(json.dumps(write_recording(each), allow_nan=False))
        assert read_recording(written | {"of a later release": 1}) == each
    for nonsense in ({}, {"source": FILE}, written | {"start": "soon"}, written | {"splits": 7}):
        with pytest.raises(ValueError):
            read_recording(nonsense)


def test_without_a_watchs_word_the_owners_zone_tells_the_day() -> None:
    data = fit(START, (SESSION, RUN))
    assert local(only(data)) == "2026-11-01 23:30:00"
    assert local(only(data, zone=ZoneInfo("Australia/Sydney"))) == "2026-11-02 10:30:00"
    mad = (ACTIVITY, {"timestamp": STAMP, "local": STAMP + 40 * 3600})
    assert local(only(fit(START, (SESSION, RUN), mad))) == "2026-11-01 23:30:00"
    slow = (ACTIVITY, {"timestamp": STAMP, "local": STAMP + 5 * 3600 + 45 * 60 - 7})
    assert local(only(fit(START, (SESSION, RUN), slow))) == "2026-11-02 05:15:00"


def test_what_a_watch_leaves_open_is_left_out() -> None:
    lift = {"start": STAMP, "sport": 10, "sub_sport": 20, "elapsed": 600_000}
    row = only(fit(START, (SESSION, lift)))
    assert row.type_key == "strength_training"
    assert (row.seconds, row.elapsed) == (600.0, 600.0)
    assert not {"metres", "pulse", "calories", "steps", "climb"} & known(row)
    unknown = RUN | {"metres": 0xFFFFFFFF, "pulse": 0xFF, "calories": 0xFFFF}
    assert not {"metres", "pulse", "calories"} & known(only(fit(START, (SESSION, unknown))))
    assert only(fit(START, (SESSION, RUN | {"pulse": 3}))).pulse is None


def test_an_apps_field_does_not_stand_in_for_the_watchs() -> None:
    app = [
        (DEVELOPER, {"index": 0}),
        (DESCRIPTION, {"index": 0, "number": 1, "base": 0x86, "name": "total_timer_time"}),
    ]
    assert only(fit(START, *app, (SESSION, {"start": STAMP, "elapsed": 600_000}, (1, 99)))).seconds == 600.0


def test_several_sessions_are_a_parent_and_its_legs() -> None:
    swim = RUN | {"sport": 5, "sub_sport": 18, "elapsed": 900_000, "timer": 900_000, "metres": 75_000, "pulse": 150}
    change = {"start": STAMP + 900, "sport": 3, "sub_sport": 0, "elapsed": 100_000, "timer": 100_000}
    ride = RUN | {
        "start": STAMP + 1000,
        "sport": 2,
        "sub_sport": 7,
        "elapsed": 3_600_000,
        "timer": 3_500_000,
        "pulse": 120,
    }
    parent, *legs = read_activity(fit(START, (SESSION, ride), (SESSION, swim), (SESSION, change), PARIS), "tri.fit")
    assert [leg.type_key for leg in legs] == ["open_water_swimming", "transition", "road_biking"]
    assert {leg.part_of for leg in legs} == {parent.id}
    assert (parent.is_session, [leg.is_session for leg in legs]) == (True, [False] * 3)
    assert parent.type_key == "multi_sport"
    assert parent.part_of is None
    assert (parent.start, parent.offset) == (legs[0].start, legs[0].offset)
    assert (parent.seconds, parent.elapsed) == (4500.0, 4600.0)
    assert parent.metres == pytest.approx(750 + 5123.45)
    assert parent.pulse == round((150 * 900 + 120 * 3500) / 4400, 1)
    assert parent.highest_pulse == 162.0
    assert len({row.id for row in (parent, *legs)}) == 4
    assert not is_sport("transition")


def test_the_same_file_has_the_same_ids_and_no_other_has_them() -> None:
    files = [fit(START, (SESSION, RUN | {"calories": kcal})) for kcal in range(50)]
    ids = [only(data).id for data in files]
    assert ids == [only(data, "renamed.bin").id for data in files]
    assert len(set(ids)) == 50
    assert all(-(2**52) <= each < 0 for each in ids)
    assert json.loads(json.dumps(ids)) == [int(float(each)) for each in ids]


@pytest.mark.parametrize(
    ("sport", "sub_sport", "key"),
    [
        ("running", "generic", "running"),
        ("running", "treadmill", "treadmill_running"),
        ("running", "indoor_walking", "indoor_running"),
        ("running", "virtual_activity", "virtual_run"),
        ("cycling", "virtual_activity", "virtual_ride"),
        ("cycling", "mountain", "mountain_biking"),
        ("e_biking", "mountain", "e_bike_mountain"),
        ("swimming", "lap_swimming", "lap_swimming"),
        ("hiking", "trail", "hiking"),
        ("training", "generic", "indoor_cardio"),
        ("training", "yoga", "yoga"),
        ("fitness_equipment", "indoor_rowing", "indoor_rowing"),
        ("alpine_skiing", "backcountry", "backcountry_skiing"),
        ("tennis", "", "tennis"),
        ("generic", "", "other"),
        ("", "", "other"),
    ],
)
def test_fit_sports(sport: str, sub_sport: str, key: str) -> None:
    assert find_fit_type(sport, sub_sport) == key


def test_every_type_we_give_is_a_known_one() -> None:
    keys = {*PAIRS.values(), *SUB_SPORTS.values(), *SPORTS.values(), *USUAL.values()}
    strangers = {key for key in keys if find_sport(key) is Sport.OTHER and is_sport(key)}
    assert strangers == {"other", "indoor_climbing", "bouldering"}
    for sport, key in USUAL.items():
        assert find_sport(key) is sport
    assert activity_type(find_fit_type("running", "trail")).title == "Trail Running"


@pytest.mark.parametrize(
    ("word", "key"),
    [
        ("Running", "running"),
        ("Biking", "cycling"),
        ("Other", "other"),
        ("", "other"),
        ("trail_running", "trail_running"),
        ("Virtual Ride", "virtual_ride"),
        ("Trail Run", "running"),
        ("Kayaking", "kayaking"),
        ("golf", "golf"),
        ("motorcycling", "motorcycling"),
        ("Läufchen am Sonntag!", "other"),
        ("x" * 100, "other"),
    ],
)
def test_words_for_sports(word: str, key: str) -> None:
    assert find_type_key(word) == key


def gpx(*points: str, kind: str = "<type>trail_running</type>", name: str = "<name>Evening</name>") -> bytes:
    track = f"<trk>{name}{kind}<trkseg>{''.join(points)}</trkseg></trk>"
    return (
        '<?xml version="1.0" encoding="UTF-8"?><gpx version="1.1" creator="Garmin Connect" '
        'xmlns="http://www.topografix.com/GPX/1/1" xmlns:ns3="http://www.garmin.com/xmlschemas/TrackPointExtension/v1">'
        f"<metadata><time>2020-01-01T00:00:00.000Z</time></metadata>{track}</gpx>"
    ).encode()


def point(seconds: float, north: float, *, height: float | None = None, pulse: int | None = None) -> str:
    """Return a point this many metres north of the first."""
    time = (BEGAN + timedelta(seconds=seconds)).isoformat().replace("+00:00", ".000Z")
    ele = "" if height is None else f"<ele>{height}</ele>"
    hr = "" if pulse is None else f"<ns3:TrackPointExtension><ns3:hr>{pulse}</ns3:hr></ns3:TrackPointExtension>"
    latitude = 51.5 + north / 111_195.08
    return f'<trkpt lat="{latitude:.9f}" lon="-0.1">{ele}<time>{time}</time><extensions>{hr}</extensions></trkpt>'


def test_a_track_is_summed_up_and_its_places_forgotten() -> None:
    heights = [100, 101, 99, 104, 110, 108, 103, 103]
    points = [point(10 * n, 30 * n, height=height, pulse=120 + n) for n, height in enumerate(heights)]
    row = only(gpx(*points), "evening.gpx", zone=ZoneInfo("Europe/Berlin"))
    assert row.metres == pytest.approx(210, abs=0.1)
    assert row.seconds == row.elapsed == 70.0
    assert (row.climb, row.descent) == (10.0, 7.0)
    assert (row.pulse, row.highest_pulse) == (124.0, 127.0)
    assert (row.name, row.type_key) == ("Evening", "trail_running")
    assert (utc(row), local(row)) == ("2026-11-01 23:30:00", "2026-11-02 00:30:00")
    assert not {"calories", "steps", "laps", "maker"} & known(row)
    assert "51.5" not in json.dumps(write_recording(row))


def test_pauses_do_not_count() -> None:
    before, after = [point(n, 3 * n) for n in range(11)], [point(300 + n, 30 + 3 * n) for n in range(11)]
    silent = only(gpx(*before, *after))
    cut = only(gpx(*before, "</trkseg><trkseg>", *after))
    far = only(gpx(point(0, 0), point(120, 400), point(240, 800)))
    driven = only(gpx(*before, "</trkseg><trkseg>", point(30, 900), point(40, 930)))
    assert (silent.seconds, silent.elapsed) == (cut.seconds, cut.elapsed) == (20.0, 310.0)
    assert silent.metres == pytest.approx(cut.metres, abs=0.01)
    assert far.seconds == 240.0
    assert (driven.seconds, driven.elapsed) == (20.0, 40.0)
    assert driven.metres == pytest.approx(60, abs=0.1)


def test_points_out_of_order_and_tracks_side_by_side() -> None:
    muddled = gpx(point(0, 0), point(20, 60), point(10, 30), point(30, 90))
    assert only(muddled).seconds == 30.0
    assert only(muddled).metres == pytest.approx(90, abs=0.1)
    two = gpx(point(0, 0), point(60, 200)).replace(
        b"</gpx>", gpx(point(900, 0), point(960, 90)).split(b"</metadata>")[1]
    )
    rows = read_activity(two, "two.gpx")
    assert [utc(row)[11:] for row in rows] == ["23:30:00", "23:45:00"]
    assert {row.part_of for row in rows} == {None}


@pytest.mark.parametrize(
    ("kind", "key"), [("<type>9</type>", "running"), ("<type>Hiking</type>", "hiking"), ("", "other")]
)
def test_the_sport_of_a_track(kind: str, key: str) -> None:
    assert only(gpx(point(0, 0), point(60, 100), kind=kind)).type_key == key


def lap(start: int, seconds: float, *, metres: float = 0, kcal: int = 0, pulse: int = 0, points: str = "") -> str:
    average = f"<AverageHeartRateBpm><Value>{pulse}</Value></AverageHeartRateBpm>" if pulse else ""
    highest = f"<MaximumHeartRateBpm><Value>{pulse + 20}</Value></MaximumHeartRateBpm>" if pulse else ""
    return (
        f'<Lap StartTime="{moment(start)}"><TotalTimeSeconds>{seconds}</TotalTimeSeconds>'
        f"<DistanceMeters>{metres}</DistanceMeters><MaximumSpeed>9</MaximumSpeed><Calories>{kcal}</Calories>"
        f"{average}{highest}<Intensity>Active</Intensity><Track>{points}</Track></Lap>"
    )


def moment(seconds: int) -> str:
    return (BEGAN + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


def trackpoint(seconds: int, metres: float, height: float, pulse: int) -> str:
    return (
        f"<Trackpoint><Time>{moment(seconds)}</Time><Position><LatitudeDegrees>51.5</LatitudeDegrees>"
        f"<LongitudeDegrees>-0.1</LongitudeDegrees></Position><AltitudeMeters>{height}</AltitudeMeters>"
        f"<DistanceMeters>{metres}</DistanceMeters><HeartRateBpm><Value>{pulse}</Value></HeartRateBpm></Trackpoint>"
    )


def tcx(inside: str) -> bytes:
    space = "http://www.garmin.com/xmlschemas/TrainingCenterDatabase/v2"
    return f'<?xml version="1.0"?><TrainingCenterDatabase xmlns="{space}">{inside}</TrainingCenterDatabase>'.encode()


def activity(sport: str, *laps: str) -> str:
    return (
        f'<Activity Sport="{sport}"><Id>{moment(0)}</Id>{"".join(laps)}<Creator><Name>fenix</Name></Creator></Activity>'
    )


def test_laps_are_summed() -> None:
    track = trackpoint(0, 0, 100, 110) + trackpoint(300, 900, 140, 130) + trackpoint(620, 1800, 90, 190)
    laps = lap(0, 300, metres=1000, kcal=50), lap(300, 300, metres=1000, kcal=60, pulse=150, points=track)
    laps += (lap(620, 100, metres=500.5, kcal=20, pulse=170),)
    row = only(tcx(f"<Activities>{activity('Biking', *laps)}</Activities>"), "ride.tcx")
    assert (row.seconds, row.elapsed, row.metres) == (700.0, 700.0, 2500.5)
    assert (row.calories, row.laps, row.highest_pulse) == (130.0, 3, 190.0)
    assert row.pulse == 155.0
    assert (row.climb, row.descent) == (40.0, 50.0)
    assert row.type_key == "cycling"
    assert "51.5" not in json.dumps(write_recording(row))


def test_laps_that_tell_nothing_leave_it_to_their_points() -> None:
    track = trackpoint(0, 0, 100, 110) + trackpoint(30, 90, 100, 130) + trackpoint(60, 180, 100, 150)
    row = only(tcx(f"<Activities>{activity('Running', lap(0, 0, points=track))}</Activities>"))
    assert (row.seconds, row.metres, row.pulse, row.highest_pulse) == (60.0, 180.0, 140.0, 150.0)


def test_a_multisport_tcx() -> None:
    session = (
        f"<Activities><MultiSportSession><Id>{moment(0)}</Id>"
        f"<FirstSport>{activity('Other', lap(0, 900, metres=750))}</FirstSport>"
        f'<NextSport><Transition StartTime="{moment(900)}">{lap(900, 60)}</Transition>'
        f"{activity('Biking', lap(960, 3600, metres=30_000))}</NextSport></MultiSportSession>"
        f"{activity('Running', lap(9000, 600, metres=2000))}</Activities>"
    )
    parent, *legs, run = read_activity(tcx(session), "tri.tcx")
    assert [leg.type_key for leg in legs] == ["other", "transition", "cycling"]
    assert {leg.part_of for leg in legs} == {parent.id}
    assert (parent.metres, parent.seconds, parent.elapsed) == (30_750.0, 4560.0, 4560.0)
    assert (run.type_key, run.part_of) == ("running", None)


def wide(**values: float) -> dict[str, float]:
    """Return a session whose fields are written with the largest width."""
    usual = {"start": STAMP, "sport": 1, "elapsed": 60_000, "timer": 60_000}
    return {name: each for name, each in usual.items() if name not in values} | {
        f"wide_{name}": each for name, each in values.items()
    }


def at_times(*times: str) -> bytes:
    return gpx(*(f'<trkpt lat="1" lon="{n}"><time>{time}</time></trkpt>' for n, time in enumerate(times)))


def packed() -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("1234_ACTIVITY.fit", fit(START, (SESSION, RUN)))
    return held.getvalue()


GOOD = fit(START, (SESSION, RUN), PARIS)
NAN = float("nan")
BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE gpx [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
    b'<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]><gpx><trk><name>&c;</name></trk></gpx>'
)
THIEF = b'<!DOCTYPE gpx [<!ENTITY x SYSTEM "file:///etc/passwd">]><gpx><trk><name>&x;</name></trk></gpx>'
TRACK = b'<trk><trkpt lat="1" lon="2"><time>2026-11-01T10:00:00Z</time></trkpt></trk>'
NOT_READ = [
    pytest.param(b"", "a.fit", Flaw.DAMAGED, id="empty"),
    pytest.param(b"", "a.jpg", Flaw.UNKNOWN_KIND, id="empty picture"),
    pytest.param(b"\xff\xd8\xff\xe0 a picture", "a.jpg", Flaw.UNKNOWN_KIND, id="picture"),
    pytest.param(b"%PDF-1.7", "plan.pdf", Flaw.UNKNOWN_KIND, id="pdf"),
    pytest.param(b"<html><body>Sign in</body></html>", "a.gpx", Flaw.UNKNOWN_KIND, id="a page"),
    pytest.param(b"\0" * (10 * 1024 * 1024 + 1), "a.fit", Flaw.TOO_LARGE, id="too large"),
    pytest.param(packed(), "1234.zip", Flaw.PACKED, id="zip"),
    pytest.param(gzip.compress(GOOD), "a.fit.gz", Flaw.PACKED, id="gzip"),
    pytest.param(GOOD[:-30], "a.fit", Flaw.DAMAGED, id="cut fit"),
    pytest.param(GOOD[:60] + b"\x55" + GOOD[61:], "a.fit", Flaw.DAMAGED, id="one byte wrong"),
    pytest.param(GOOD + b"and more", "a.fit", Flaw.DAMAGED, id="a tail"),
    pytest.param(fit(START), "a.fit", Flaw.NO_ACTIVITY, id="no session"),
    pytest.param(fit((FILE_ID, {"type": 6}), (SESSION, RUN)), "c.fit", Flaw.NO_ACTIVITY, id="course"),
    pytest.param(fit((SESSION, RUN)), "c.fit", Flaw.NO_ACTIVITY, id="no file id"),
    pytest.param(fit(START, (SESSION, RUN | {"start": 12_345})), "a.fit", Flaw.IMPOSSIBLE, id="clock not set"),
    pytest.param(fit(START, (SESSION, RUN | {"timer": 0, "elapsed": 0})), "a.fit", Flaw.IMPOSSIBLE, id="no time"),
    pytest.param(fit(START, (SESSION, RUN | {"timer": 2**32 - 2})), "a.fit", Flaw.IMPOSSIBLE, id="49 days"),
    pytest.param(fit(START, *[(SESSION, RUN)] * 100), "a.fit", Flaw.TOO_MANY, id="100 legs"),
    pytest.param(fit(START, *[(SESSION, RUN)] * 101), "a.fit", Flaw.TOO_MANY, id="101 sessions"),
    pytest.param(sealed(define(20, 0) * 100_001), "a.fit", Flaw.TOO_MUCH, id="definitions"),
    pytest.param(sealed(define(20, 0) + b"\0" * 1_000_000), "a.fit", Flaw.TOO_MUCH, id="frames"),
    pytest.param(sealed(define(18, 255) + b"\0" * 255 * 2_000), "a.fit", Flaw.TOO_MUCH, id="wide sessions"),
    pytest.param(sealed(define(18, 0) + b"\0" * 1_001), "a.fit", Flaw.TOO_MUCH, id="empty sessions"),
    pytest.param(fit(START, *[(SESSION, wide(elapsed=1e300))] * 2), "a.fit", Flaw.DAMAGED, id="legs of 1e297 s"),
    pytest.param(fit(START, (SESSION, wide(timer=1e300))), "a.fit", Flaw.IMPOSSIBLE, id="1e297 s"),
    pytest.param(fit(START, (SESSION, wide(timer=NAN, elapsed=NAN))), "a.fit", Flaw.IMPOSSIBLE, id="nan in fit"),
    pytest.param(fit(START, (SESSION, wide(start=2**63))), "a.fit", Flaw.DAMAGED, id="a start beyond all years"),
    pytest.param(fit(START, (SESSION, wide(laps=float("inf")))), "a.fit", Flaw.DAMAGED, id="endless laps"),
    pytest.param(fit(START, (SESSION, wide(timer=0.1))), "a.fit", Flaw.IMPOSSIBLE, id="a tenth of a millisecond"),
    pytest.param(fit(START, (SESSION, RUN)) * 101, "a.fit", Flaw.TOO_MANY, id="chained"),
    pytest.param(b"<gpx>" + b"<a/>" * 1_000_000 + b"</gpx>", "a.gpx", Flaw.TOO_MUCH, id="elements"),
    pytest.param(b"<gpx>" + b"<trk/>" * 10 + TRACK * 101 + b"</gpx>", "a.gpx", Flaw.TOO_MANY, id="101 tracks"),
    pytest.param(b'<gpx xmlns="' + b"u" * 1_000 + b'"/>', "a.gpx", Flaw.DAMAGED, id="long namespace"),
    pytest.param(b"<gpx " + b" ".join(b'a%d=""' % i for i in range(101)) + b"/>", "a", Flaw.DAMAGED, id="attributes"),
    pytest.param(b"<" + b"g" * 1_001 + b"/>", "a.gpx", Flaw.DAMAGED, id="long name"),
    pytest.param(b'<gpx a="' + b"x" * 10_001 + b'"/>', "a.gpx", Flaw.DAMAGED, id="long value"),
    pytest.param(at_times("0001-01-01T00:00:00+14:00"), "a.gpx", Flaw.DAMAGED, id="before year 1"),
    pytest.param(at_times("9999-12-31T23:59:59-12:00"), "a.gpx", Flaw.DAMAGED, id="after year 9999"),
    pytest.param(at_times("0001-01-01T00:00:00Z", "0001-01-01T01:00:00Z"), "a", Flaw.IMPOSSIBLE, id="year 1"),
    pytest.param(at_times("9999-12-31T22:00:00Z", "9999-12-31T23:00:00Z"), "a", Flaw.IMPOSSIBLE, id="year 9999"),
    pytest.param(at_times("2026-11-01T10:00:00Z", "9999-12-31T23:00:00Z"), "a", Flaw.IMPOSSIBLE, id="8,000 years"),
    pytest.param(BOMB, "a.gpx", Flaw.DAMAGED, id="bomb"),
    pytest.param(THIEF, "a.gpx", Flaw.DAMAGED, id="thief"),
    pytest.param(gpx(point(0, 0))[:-9], "a.gpx", Flaw.DAMAGED, id="cut gpx"),
    pytest.param(b"<gpx>" + b"<a>" * 1000, "a.gpx", Flaw.DAMAGED, id="deep"),
    pytest.param(gpx('<trkpt lat="x" lon="1"/>'), "a.gpx", Flaw.DAMAGED, id="no number"),
    pytest.param(gpx('<trkpt lat="1"/>'), "a.gpx", Flaw.DAMAGED, id="no longitude"),
    pytest.param(gpx('<trkpt lat="1" lon="2"><ele>5</ele></trkpt>'), "a.gpx", Flaw.NO_TIMES, id="planned track"),
    pytest.param(b'<gpx><rte><rtept lat="1" lon="2"/></rte></gpx>', "a.gpx", Flaw.NO_TIMES, id="route"),
    pytest.param(b'<gpx><wpt lat="1" lon="2"/></gpx>', "a.gpx", Flaw.NO_ACTIVITY, id="waypoints"),
    pytest.param(gpx(point(0, 0)), "a.gpx", Flaw.IMPOSSIBLE, id="one point"),
    pytest.param(gpx(point(0, 0), point(1_300_000, 9e5)), "a.gpx", Flaw.IMPOSSIBLE, id="15 days"),
    pytest.param(tcx("<Courses><Course/></Courses>"), "a.tcx", Flaw.NO_ACTIVITY, id="tcx course"),
    pytest.param(tcx('<Activities><Activity Sport="Running"/></Activities>'), "a.tcx", Flaw.NO_TIMES, id="no laps"),
    pytest.param(
        tcx(f"<Activities>{activity('Running', lap(0, float('nan')))}</Activities>"), "a.tcx", Flaw.IMPOSSIBLE, id="nan"
    ),
    pytest.param(
        tcx("<Activities>" + activity("Running", lap(0, 60)) * 101 + "</Activities>"), "a", Flaw.TOO_MANY, id="101"
    ),
]


@pytest.mark.parametrize(("data", "name", "why"), NOT_READ)
def test_files_that_are_not_read(data: bytes, name: str, why: Flaw) -> None:
    assert flaw(data, name) is why


@pytest.mark.parametrize("endian", ["<", ">"])
def test_only_wanted_frames_are_left_to_the_library(endian: str) -> None:
    """Definitions that are replaced later, both byte orders, and short headers with a time in them."""
    order = bytes((endian == ">",))
    session = struct.pack(f"{endian}HB", SESSION, 1) + bytes((5, 1, 0))
    record = struct.pack(f"{endian}HB", RECORD, 2) + bytes((3, 1, 2, 13, 1, 1))
    frames = b"\x41\x00" + order + record + b"\xa1\x8c\x14" + b"\x01\x8c\x14"
    wanted = b"\x41\x00" + order + session + b"\x01\x02" + b"\xa5\x01"
    whole = sealed(frames + wanted + frames)
    (smaller,) = fit_frames._bodies(fit_frames.keep_only(whole, {SESSION}))
    assert smaller == wanted
    assert fit_frames.keep_only(whole, ()) == fit_frames.keep_only(sealed(b""), ())


def test_laps_that_nobody_can_have_run_are_not_told() -> None:
    assert only(fit(START, (SESSION, wide(laps=1e300)))).laps is None
    assert only(fit(START, (SESSION, wide(laps=3.0)))).laps == 3


@given(st.binary(min_size=1, max_size=300))
def test_the_sum_is_the_librarys(data: bytes) -> None:
    assert fit_frames.compute_checksum(data) == compute_crc(data)


@pytest.mark.parametrize("cut", range(1, len(GOOD), 7))
def test_a_fit_file_that_is_cut_off_anywhere_is_damaged(cut: int) -> None:
    assert flaw(GOOD[:-cut]) is Flaw.DAMAGED
    assert flaw(sealed(GOOD[14 : -2 - cut])) in {Flaw.DAMAGED, Flaw.NO_ACTIVITY}


def test_every_flaw_is_met() -> None:
    # A member who has sent too many files is told after reading: tests/jobs/test_files.py
    assert {case.values[2] for case in NOT_READ} == set(Flaw) - {Flaw.FULL}


def test_other_alphabets_and_old_spellings() -> None:
    points = point(0, 0), point(60, 100)
    name = "<name>" + "Zoë läuft 🏃 " * 30 + "</name>"
    text = gpx(*points, name=name).decode()
    for data in (text.encode(), b"\xef\xbb\xbf" + text.encode(), text.replace("UTF-8", "UTF-16").encode("utf-16")):
        row = only(data, "läufe.GPX")
        assert row.name.startswith("Zoë läuft 🏃 Zoë")
        assert len(row.name) == 200


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_no_damage_is_more_than_a_flaw(data: st.DataObject) -> None:
    """Any bytes give recordings that can be stored, or NotAnActivityFile, and nothing else."""
    whole = data.draw(st.sampled_from([GOOD, gpx(point(0, 0), point(60, 100)), tcx(activity("Running", lap(0, 60)))]))
    start = data.draw(st.integers(0, len(whole)))
    cut = data.draw(st.integers(0, 40))
    spoilt = whole[:start] + data.draw(st.binary(max_size=20)) + whole[start + cut :]
    if whole is GOOD and data.draw(st.booleans()):
        spoilt = spoilt[:-2] + struct.pack("<H", compute_crc(spoilt[:-2]))  # wrong bytes with a right checksum
    try:
        rows = read_activity(spoilt, "a.fit")
    except NotAnActivityFile:
        return
    json.dumps([write_recording(row) for row in rows], allow_nan=False)
    assert all(0 < row.seconds <= 14 * 86_400 and row.id < 0 for row in rows)
