"""docs/security.md has every requirement of OWASP ASVS 5.0, levels 1 and 2, once, and names no missing file."""

import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "security.md").read_text()

# The number of requirements of levels 1 and 2 in each section of the standard; they are numbered from 1.
SECTIONS = {
    section: int(count)
    for section, count in re.findall(
        r"([\d.]+):(\d+)",
        """
        1.1:2 1.2:9 1.3:11 1.4:3 1.5:2 2.1:3 2.2:3 2.3:4 2.4:1
        3.2:2 3.3:4 3.4:6 3.5:5 3.7:2 4.1:3 4.2:1 4.3:2 4.4:4 5.1:1 5.2:3 5.3:2 5.4:3
        6.1:3 6.2:12 6.3:4 6.4:4 6.5:5 6.6:3 6.8:4 7.1:3 7.2:4 7.3:2 7.4:5 7.5:2 7.6:2
        8.1:2 8.2:3 8.3:1 8.4:1 9.1:3 9.2:4 10.1:2 10.2:2 10.3:4 10.4:11 10.5:5 10.6:2 10.7:3
        11.1:2 11.2:3 11.3:3 11.4:4 11.5:1 11.6:1 12.1:3 12.2:2 12.3:4
        13.1:1 13.2:5 13.3:2 13.4:5 14.1:2 14.2:4 14.3:3
        15.1:3 15.2:3 15.3:7
        16.1:1 16.2:5 16.3:4 16.4:3 16.5:3 17.1:1 17.2:4 17.3:2
        """,
    )
}
ROW = re.compile(r"^\| ([0-9., ]+) \| (met|not met|not met at level 2|not for us) \| (.+) \|$", re.MULTILINE)


def test_every_requirement_is_answered_once_and_in_its_chapter() -> None:
    asked = Counter(f"{section}.{number}" for section, most in SECTIONS.items() for number in range(1, most + 1))
    assert asked.total() == 253
    answered: Counter[str] = Counter()
    for chapter in re.split(r"^## ", PAGE, flags=re.MULTILINE):
        numbers = [each for row in ROW.finditer(chapter) for each in row[1].split(", ")]
        assert {f"V{each.split('.')[0]}" for each in numbers} <= {chapter.split(" ")[0]}
        answered.update(numbers)
    assert answered == asked


def test_every_answer_says_how_or_why() -> None:
    rows = [line for line in PAGE.splitlines() if re.match(r"\| \d+\.\d", line)]
    assert len(rows) == len(ROW.findall(PAGE))


@pytest.mark.parametrize("test", sorted(set(re.findall(r"`(tests/[\w/]+\.py::\w+)`", PAGE))))
def test_every_test_that_is_named_exists(test: str) -> None:
    path, name = test.split("::")
    assert f"\ndef {name}(" in (ROOT / path).read_text()


def test_every_attack_of_the_review_has_a_test() -> None:
    rows = re.findall(r"^\| .+ \| .*`tests/.+::\w+` \|$", PAGE, re.MULTILINE)
    assert len(rows) == 11


@pytest.mark.parametrize("path", sorted({*re.findall(r"`((?:[\w-]+/)+[\w.-]+|[\w.-]+\.(?:py|yml|toml))`", PAGE)}))
def test_every_file_that_is_named_exists(path: str) -> None:
    assert (ROOT / path).exists()
