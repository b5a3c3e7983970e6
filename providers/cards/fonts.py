"""The font files for pictures: Inter always, and Noto fonts that are installed on the system."""

from collections.abc import Iterable
from functools import cache
from pathlib import Path

import fontpkg_inter

INTER = Path(fontpkg_inter.ROOT) / "files" / "Inter[opsz,wght].ttf"

FOLDERS = (
    Path("/usr/share/fonts"),
    Path("/usr/local/share/fonts"),
    Path("/app/.apt/usr/share/fonts"),  # where Heroku's apt buildpack installs them
    Path("~/.local/share/fonts").expanduser(),
    Path("~/.fonts").expanduser(),
)

# The renderer uses the first font that has a glyph, whatever font the picture names. So the order matters: if CJK came
# before emoji, ⭐ would be drawn in black. Names differ between Debian, Fedora and Alpine.
FACES: dict[str, tuple[str, ...]] = {
    "emoji": ("NotoColorEmoji.ttf", "Noto-COLRv1.ttf"),
    **{
        script: (f"NotoSans{script}-Bold.ttf", f"NotoSans{script}[wdth,wght].ttf", f"NotoSans{script}-Regular.ttf")
        for script in (
            *("Arabic", "Hebrew", "Devanagari", "Thai", "Bengali", "Gurmukhi", "Gujarati", "Tamil", "Telugu"),
            *("Kannada", "Malayalam", "Sinhala", "Georgian", "Armenian", "Ethiopic", "Khmer", "Lao", "Myanmar"),
        )
    },
    "Chinese, Japanese and Korean": ("NotoSansCJK-Bold.ttc", "NotoSansCJK-VF.ttc", "NotoSansCJK-Regular.ttc"),
}
RARE_LATIN = ("NotoSans-Bold.ttf", "NotoSans[wdth,wght].ttf", "NotoSans-Regular.ttf")


def list_font_files(folders: Iterable[Path] = FOLDERS) -> list[str]:
    """Return the files to load, in the order in which a glyph is looked up."""
    installed = _installed(tuple(folders))
    faces = (_first(installed, names) for names in (RARE_LATIN, *FACES.values()))
    return [str(INTER), *(face for face in faces if face)]


def find_missing_scripts(folders: Iterable[Path] = FOLDERS) -> list[str]:
    """Return the scripts that would be drawn as empty boxes here."""
    installed = _installed(tuple(folders))
    return [script for script, names in FACES.items() if not _first(installed, names)]


def _first(installed: dict[str, str], names: Iterable[str]) -> str | None:
    return next((installed[name] for name in names if name in installed), None)


@cache
def _installed(folders: tuple[Path, ...]) -> dict[str, str]:
    return {file.name: str(file) for folder in folders for file in sorted(folder.rglob("Noto*")) if file.is_file()}
