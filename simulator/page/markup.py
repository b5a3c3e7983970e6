"""Converts WhatsApp's markup to HTML. The whole text is escaped; only our own tags are not."""

import re
from itertools import groupby

from markupsafe import Markup, escape

MARKS = {"bold": "strong", "italic": "em", "strike": "s"}
INLINE = re.compile(
    r"```(?P<mono>[^`]+)```|`(?P<code>[^`\n]+)`"
    r"|(?P<link>https?://[^\s<>\"]*[^\s<>\".,;:!?)\]*_~])"
    r"|(?<!\w)\*(?P<bold>[^\s*](?:[^*\n]*[^\s*])?)\*(?!\w)"
    r"|(?<!\w)_(?P<italic>[^\s_](?:[^_\n]*[^\s_])?)_(?!\w)"
    r"|(?<!\w)~(?P<strike>[^\s~](?:[^~\n]*[^\s~])?)~(?!\w)"
)
ISOLATE = re.compile("\u2068([^\u2068\u2069]*)\u2069")
BLOCKS = re.compile(r"(?P<quote>> )|(?P<ul>[-*] )|(?P<ol>\d{1,3}\. )")


def html(text: str) -> Markup:
    """Give the text as paragraphs, quotes, lists and mono blocks, ready for a bubble."""
    parts = re.split(r"```\n?([^`]*\n[^`]*?)\n?```\n?", text)
    return Markup("").join(
        Markup("<pre>{}</pre>").format(part.strip("\n")) if place % 2 else _lines(part.removesuffix("\n"))
        for place, part in enumerate(parts)
        if part
    )


def _lines(text: str) -> Markup:
    blocks = groupby(text.split("\n"), _kind)
    return Markup("").join(_block(kind, list(lines)) for kind, lines in blocks)


def _kind(line: str) -> str:
    found = BLOCKS.match(line)
    return str(found.lastgroup) if found else "p"


def _block(kind: str, lines: list[str]) -> Markup:
    if kind == "p":
        return Markup('<p dir="auto">{}</p>').format(inline("\n".join(lines)))
    bare = [inline(BLOCKS.sub("", line, count=1)) for line in lines]
    if kind == "quote":
        return Markup('<blockquote dir="auto">{}</blockquote>').format(Markup("\n").join(bare))
    items = Markup("").join(Markup('<li dir="auto">{}</li>').format(line) for line in bare)
    if kind == "ul":
        return Markup("<ul>{}</ul>").format(items)
    return Markup('<ol start="{}">{}</ol>').format(int(lines[0].partition(".")[0]), items)


def inline(text: str) -> Markup:
    """Give one stretch of text with its bold, italic, strike, code and links."""
    pieces, end = [], 0
    for found in INLINE.finditer(text):
        pieces += [_plain(text[end : found.start()]), _marked(str(found.lastgroup), found)]
        end = found.end()
    return Markup("").join([*pieces, _plain(text[end:])])


def _marked(kind: str, found: re.Match[str]) -> Markup:
    inside = found[kind]
    if kind in ("mono", "code"):
        return Markup("<code>{}</code>").format(inside)
    if kind == "link":
        return Markup('<a href="{0}" target="_blank" rel="noopener noreferrer">{0}</a>').format(inside)
    tag = MARKS[kind]
    return Markup(f"<{tag}>{{}}</{tag}>").format(inline(inside))


def _plain(text: str) -> Markup:
    """Return the escaped text. An isolated name becomes a `bdi`, because otherwise dir="auto" would set the direction
    of the line by it, which WhatsApp does not do.
    """
    return Markup(ISOLATE.sub(r"<bdi>\1</bdi>", str(escape(text))))  # escaped first
