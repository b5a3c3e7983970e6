"""A hook of MkDocs: links from docs/ to other files of the repository lead to the repository's own page of them."""

import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
REPOSITORY = "https://github.com/YOU/gruppetto/blob/main/"
OUTWARDS = re.compile(r"\]\((?:\.\./)+([^)#\s]+)(#[^)\s]*)?\)")


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Return the page with such links. Raises FileNotFoundError for a file that does not exist."""

    def lead(found: re.Match[str]) -> str:
        path = (ROOT / found[1]).resolve(strict=True).relative_to(ROOT)
        return f"]({path.name if path.parent.name == 'docs' else REPOSITORY + path.as_posix()}{found[2] or ''})"

    return OUTWARDS.sub(lead, markdown)
