"""docs/api.md and docs/webhooks.md: every command line in them is run in a shell, exactly as it is written there."""

import json
import os
import re
import subprocess
from typing import Any

from tests.imports import ROOT
from tests.patience import AT_MOST
from tests.receiver import receiver
from tests.town import Person, Town

PAGES = "\n".join((ROOT / "docs" / name).read_text() for name in ("api.md", "webhooks.md"))
LINES = re.findall(r"^```sh\n(.+?)\n```$", PAGES, re.MULTILINE | re.DOTALL)
TRACK = """<?xml version="1.0"?><gpx version="1.1" creator="t" xmlns="http://www.topografix.com/GPX/1/1"><trk><trkseg>
<trkpt lat="50.0" lon="4.0"><time>2026-11-17T09:00:00Z</time></trkpt>
<trkpt lat="50.01" lon="4.0"><time>2026-11-17T09:06:00Z</time></trkpt></trkseg></trk></gpx>"""


def remember(shell: dict[str, str], line: str, data: Any) -> None:
    """Set the shell's variables that a person would copy from an answer for the next lines."""
    known = {"request": "REQUEST", "access_token": "TOKEN", "refresh_token": "REFRESH"}
    if isinstance(data, dict):
        shell |= {name: str(data[key]) for key, name in known.items() if key in data}
        kinds = {"groups": "GROUP", "activities": "ACTIVITY", "webhooks": "WEBHOOK"}
        kind = kinds.get(line.rpartition("/")[2])
        shell |= {kind: str(data["id"])} if kind else {}


def test_every_line_of_the_page_does_what_it_says(town: Town, tmp_path: Any) -> None:
    zoe = Person(town, town.phones.add("Zoë", "+32470123456"), "zoe@example.org")
    zoe.says("hi")
    (tmp_path / "run.gpx").write_text(TRACK)
    shell = {"PATH": os.environ["PATH"], "BOT": town.world.settings.base_url, "FILE": str(tmp_path / "run.gpx")}
    with receiver() as program:
        shell |= {"DAY": "2026-11-17", "UNTIL": "2026-11-30", "NUMBER": "+32470123456", "HOOK": program.url}
        for line in LINES:
            done = subprocess.run(
                ["bash", "-euc", f"{line} -s"], check=False, env=shell, capture_output=True, text=True, timeout=AT_MOST
            )
            assert done.returncode == 0, (line, done.stdout, done.stderr)
            remember(shell, line, json.loads(done.stdout)["data"])
            town.rest()
            if found := re.search(r"\*(\d{6})\* is your code", zoe.heard):
                shell["CODE"] = found[1]
    assert program.types == ["webhook.test"]
    assert len(LINES) >= 15
    assert zoe.heard.startswith("✅ Read and counted:")
