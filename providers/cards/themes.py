"""The light and the dark theme of pictures, and the colours of the sports in each."""

from dataclasses import dataclass

# The colours can also be told apart with protanopia, deuteranopia and tritanopia: a test measures the distances.
COLOURS = {
    "run": "#DC4B10",
    "ride": "#3A58F8",
    "swim": "#00BAB8",
    "walk": "#A8B45A",
    "hike": "#75321C",
    "strength": "#682AA8",
    "yoga": "#FDB526",
    "row": "#14305C",
    "ski": "#A1B2FF",
    "paddle": "#1F0BC3",
    "racket": "#B74BB1",
    "team": "#5F3F49",
    "cardio": "#9578FA",
    "multi": "#C29E84",
    "other": "#8E716E",
}
# The same hues, bright enough for a dark card.
DARK_COLOURS = {
    "run": "#CE3F00",
    "ride": "#0457F5",
    "swim": "#00BAB8",
    "walk": "#CEFFBD",
    "hike": "#9E4D35",
    "strength": "#AB48C7",
    "yoga": "#F9B222",
    "row": "#5F6282",
    "ski": "#A3B0FC",
    "paddle": "#A4D7FF",
    "racket": "#FCC88E",
    "team": "#D7815A",
    "cardio": "#987BFE",
    "multi": "#C29E84",
    "other": "#8E716E",
}


@dataclass(frozen=True)
class Theme:
    """The colours of everything except sports."""

    paper: str
    ink: str
    quiet: str
    soft: str
    track: str
    badge: str
    badge_ink: str
    up: str
    down: str
    plain: str  # a bar without sports
    panel: str
    sun: str
    hills: tuple[str, str, str]
    header: tuple[str, str]


LIGHT = Theme(
    paper="#F6F8F7",
    ink="#12211E",
    quiet="#5B6B67",
    soft="#33433F",
    track="#DFE7E4",
    badge="#DDE8E4",
    badge_ink="#35574E",
    up="#177A4B",
    down="#B3382C",
    plain="#1B7F6B",
    panel="#FFFFFF",
    sun="#FBE3AE",
    hills=("#E1EDE8", "#CFE3DB", "#B5D3C8"),
    header=("#0B3B3C", "#14695B"),
)
DARK = Theme(
    paper="#101A18",
    ink="#EEF4F2",
    quiet="#A9B8B3",
    soft="#C9D5D1",
    track="#263934",
    badge="#263934",
    badge_ink="#BFE0D5",
    up="#5FD39A",
    down="#FF9D8F",
    plain="#37B394",
    panel="#192724",
    sun="#4A4226",
    hills=("#15231F", "#1A2C27", "#203730"),
    header=("#092B2C", "#0F4F44"),
)


def choose_theme(*, dark: bool) -> Theme:
    """Return the theme of a picture."""
    return DARK if dark else LIGHT


def choose_colour(sport: str, *, dark: bool = False) -> str:
    """Return a sport's colour; sports without one share the colour of "other". An empty name gives
    the colour of a plain bar.
    """
    colours = DARK_COLOURS if dark else COLOURS
    return colours.get(sport, colours["other"]) if sport else choose_theme(dark=dark).plain
