"""Finds words for people in Python code: texts that look like a sentence, a phrase or a label.

What members read is in `templates/<language>/`, and what they write in `bot/languages/<language>/`. Texts for readers
of code are ignored: docstrings, patterns, names of log events, the errors of bugs, and lines that a member types or a
button sends. The lists below contain the other exceptions, each with its reason.
"""

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from fitness.impossible import ImpossibleError
from services.ground.refusals import Refusal

ROOMS = ("bot", "services", "jobs", "messages", "providers", "web", "fitness")
OUTSIDE = ("bot/languages/",)
# Two words, a capitalised word, or, between values, any word: "{done} of {target}".
PHRASE = re.compile(r"[^\W\d_]{2,}[,.:;!?'’]* [^\W\d_]|^[A-Z][a-z'’]{2,}[.!?]?$")
BETWEEN_VALUES = re.compile(r"\s[^\W\d_]|[^\W\d_]\s")
LOGS = {"log", "tell", "found"}  # texts for the operator
LINES = {"commands", "command", "keep_unfinished", "require_admin", "require_owner"}  # names of commands, or lines
CODE = {"compile", "text", "get", "findall", "fullmatch", "match", "sub", "register_script", "format_date", "digest"}
SAID_BY_MEMBERS = {"says", "examples", "aliases", "about", "again"}
# Errors that members are told: all subclasses of these two.
OF_MEMBERS = {each.__name__ for base in (Refusal, ImpossibleError) for each in (base, *base.__subclasses__())}

# Whole files and folders, with the reason why their texts do not belong to a language.
FILES = {
    "bot/reading/": "the rules by which English lines are read",
    "bot/guide.py": "the developer's tool that writes docs/guide.md",
    "fitness/": "names of vendors, and English words by which days, sports and amounts are written",
    "jobs/health.py": "for the operator",
    "jobs/heartbeats.py": "scripts for Redis",
    "jobs/knocks.py": "for the operator",
    "jobs/pace.py": "scripts for Redis",
    "jobs/redis_look.py": "for the operator",
    "jobs/troubles.py": "scripts for Redis",
    "providers/": "names, headers and errors of vendors",
    "services/ground/telling.py": "names of events of the log",
    "services/health/": "for the operator",
    "jobs/alarms.py": "for the operator",
    "jobs/operator_look.py": "for the operator",
    "web/operator_page/": "for the operator",
    "jobs/backups.py": "for the operator",
    "jobs/restoring.py": "for the operator",
    "jobs/certificates.py": "for the operator",
    "web/buffering.py": "for the operator",
    "web/doctor.py": "for the operator",
    "web/doctor_backups.py": "for the operator",
    "web/doctor_outside.py": "for the operator",
    "web/doctor_servers.py": "for the operator",
    "web/doctor_settings.py": "for the operator",
    "web/doctor_twilio.py": "for the operator",
    "web/headers.py": "headers for browsers",
    "web/health.py": "for the operator",
    "web/metrics.py": "for the operator",
    "web/operator.py": "the operator's commands",
    "web/operator_backups.py": "the operator's commands",
    "web/operator_doctor.py": "the operator's commands",
    "web/operator_members.py": "the operator's commands",
}
# Single texts, by file, with the reason.
LINE, REASON, HEADER, NOTED = (
    "a line that members type, or part of one",
    "told to the operator: in the log, in the message's history, or by a command",
    "a header or a name of HTTP",
    "a name under which something is noted",
)
TEXTS: dict[str, tuple[str, set[str]]] = {
    "bot/arguments/spoken.py": (
        "words by which what may be shared is named",
        {"sports sport types", "titles title names"},
    ),
    "bot/commands/challenges.py": (LINE, {"challenge end "}),
    "bot/commands/data.py": (LINE, {"unlink #"}),
    "bot/commands/groups.py": (LINE, {"leave #", "use ", "join "}),
    "bot/commands/invites.py": (LINE, {" days", " uses"}),
    "bot/commands/roles.py": (LINE, {"unban @erased "}),
    "bot/words/metrics.py": (
        "the places that a list of words names",
        {"on boards", "in questions", "in sentences", "when sharing", "after a number"},
    ),
    "bot/conversation.py": (LINE, {"still me", "new here", "ask admin", "delete me", "link garmin"}),
    "bot/failed_lines.py": (LINE, {"new group"}),
    "bot/receiving.py": (REASON, {"kept line"}),
    "jobs/delivery.py": (REASON, {"a bug of ours: see the log"}),
    "jobs/group_posts.py": (REASON, {"nothing to post"}),
    "jobs/metering.py": ("a type", {"dict[bytes, bytes]"}),
    "jobs/stopping.py": ("the name of a thread", {"leaves in time"}),
    "messages/filters.py": ("signs of units", {"h ", " min"}),
    "services/data/restoring.py": (REASON, {"messages "}),
    "services/data/erasure.py": ("SQL", {"SET NULL"}),
    "web/dashboard/schedule.py": (
        "how the names of time zones begin",
        {"Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"},
    ),
    "services/delivery/contents.py": (
        "samples that WhatsApp asks for, and what the operator is told",
        {
            "What would you like to see?",
            "Choice ",
            "choice ",
            "What choice ",
            " is about",
            "another process stores it at this moment",
            "the account ",
            " does not have it",
        },
    ),
    "services/delivery/outbox.py": (
        REASON,
        {
            "unknown key",
            "perhaps somebody else's number by now",
            "opted out",
            "left the group",
            "too late",
            "window closed",
            "template held",
            "daily limit",
            "daily ceiling",
        },
    ),
    "services/delivery/looking_up.py": (REASON, {"lease ended", "never found out"}),
    "services/delivery/outcomes.py": (REASON, {"a backup was restored: it may have been sent", "code "}),
    "services/delivery/reach.py": (REASON, {"code "}),
    "services/delivery/waiting.py": (REASON, {":before ", "composed anew"}),
    "services/digest/group_posts.py": (REASON, {"its worker died"}),
    "services/digest/digests.py": (REASON, {"a backup was restored"}),
    "services/digest/missed.py": (LINE, {"digest between ", " and ", "%d %b %Y"}),
    "services/ground/bells.py": (NOTED, {"group posts"}),
    "services/ground/signs.py": (
        NOTED,
        {"account refused", "sender refused", "not taken", "not answered", "not arrived", "opt outs", "dead messages"},
    ),
    "services/group/groups.py": (NOTED, {"group started"}),
    "services/people/feedback.py": (REASON, {": add the key and look again)"}),
    "services/people/line_checks.py": (
        "names under which turns are noted, and words of many languages for a password",
        {"not understood", "slow down", "enough today", "mot de passe"},
    ),
    "services/play/challenges.py": (LINE, {"challenge join "}),
    "services/people/signing_in.py": (NOTED, {"sign-in code"}),
    "services/training/tries.py": (NOTED, {"wrong password", "wrong password for "}),
    "web/app.py": (HEADER, {"Allow"}),
    "web/export.py": (HEADER, {"attachment; filename=gruppetto.zip"}),
    "web/dashboard/entry.py": (HEADER, {"Strict"}),
    "web/dashboard/run.py": (LINE, {"join "}),
    "web/link.py": (HEADER, {"Strict"}),
    "web/link_pages.py": (LINE, {"link garmin "}),
    "web/media.py": (HEADER, {"private, max-age=3600", "inline; filename=gruppetto.png"}),
    "web/share.py": (
        HEADER,
        {"default-src 'none'; sandbox", "; script-src 'self'; connect-src 'self'", "inline; filename=digest.png"},
    ),
}


@dataclass(frozen=True)
class Found:
    """A text that people may read, where it is, and whether it is part of an error that members are told."""

    path: str
    line: int
    text: str
    is_error: bool = False


def texts(root: Path, rooms: tuple[str, ...] = ROOMS) -> Iterator[Found]:
    """Yield every text in the code that people may read, except texts that the rule ignores."""
    for path in sorted(file for room in rooms for file in (root / room).rglob("*.py")):
        name = path.relative_to(root).as_posix()
        if not name.startswith(OUTSIDE):
            yield from (Found(name, *found) for found in _texts(ast.parse(path.read_text())))


def unexplained(root: Path) -> list[Found]:
    """Return texts that people may read and that neither list contains."""
    return [each for each in _found(root) if not _is_listed(each)]


def stale(root: Path) -> list[str]:
    """Return entries of the lists that are no longer needed, so that the lists only get shorter."""
    there = _found(root)
    files = [path for path in FILES if not any(each.path.startswith(path) for each in there)]
    said = {(each.path, each.text) for each in there}
    single = [(path, text) for path, (_, listed) in TEXTS.items() for text in listed]
    return files + [f"{path}: {text}" for path, text in single if (path, text) not in said]


@cache
def _found(root: Path) -> tuple[Found, ...]:
    return tuple(texts(root))


def _is_listed(each: Found) -> bool:
    in_file = not each.is_error and any(each.path.startswith(path) for path in FILES)
    return in_file or each.text in TEXTS.get(each.path, ("", set()))[1]


def _texts(tree: ast.Module) -> Iterator[tuple[int, str, bool]]:
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _reads_like_words(node, parents):
            above = list(_above(node, parents))
            if not any(map(_is_for_code, above, above[1:])):
                yield node.lineno, node.value, any(isinstance(each, ast.Raise) for each in above)


def _reads_like_words(node: ast.Constant, parents: dict[ast.AST, ast.AST]) -> bool:
    is_between = isinstance(parents[node], ast.JoinedStr) and BETWEEN_VALUES.search(str(node.value))
    return bool(PHRASE.search(str(node.value)) or is_between)


def _above(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> Iterator[ast.AST]:
    """Yield the node, and each node that contains it."""
    yield node
    while node in parents:
        node = parents[node]
        yield node


def _is_for_code(child: ast.AST, node: ast.AST) -> bool:
    """Return whether `child`, as a part of `node`, is for a reader of code, or is a line that a member types."""
    return any(isinstance(node, kind) and rule(child, node) for kind, rule in RULES)


def _is_code_in_call(child: ast.AST, call: ast.AST) -> bool:
    """Return whether `child` is a pattern, the name of a log event, a command with its help, or the
    line that a button sends.

    A command's help is declared in English; other languages have it in `help.toml`.
    """
    assert isinstance(call, ast.Call)
    called = _called(call.func)
    if isinstance(call.func, ast.Attribute) and call.func.attr == "button":
        called = {"button"}
    is_line = called & {"Offer", "button"} and child is not call.args[0]
    is_help = called & {"command"} and isinstance(child, ast.keyword) and child.arg == "help"
    return bool(is_line or is_help or called & (LOGS | CODE) or (called & LINES and child in call.args))


RULES: tuple[tuple[type[ast.AST], Callable[[ast.AST, Any], bool]], ...] = (
    (ast.Expr, lambda child, _: isinstance(child, ast.Constant)),  # a docstring
    (ast.Raise, lambda _, node: not _called(node) & OF_MEMBERS),
    (ast.keyword, lambda _, node: node.arg in SAID_BY_MEMBERS),
    (ast.Subscript, lambda child, node: bool(_called(node.value) & LINES) or isinstance(child, ast.Constant)),
    (ast.Call, _is_code_in_call),
    (ast.arg, lambda _, __: True),
    (ast.AnnAssign, lambda child, node: child is node.annotation),
    (ast.FunctionDef, lambda child, node: child is node.returns),
    (ast.Assign, lambda _, node: any(_called(each) & {"__all__"} for each in node.targets)),
)


def _called(node: ast.AST) -> set[str]:
    """Return the names in a dotted name: "log" and "info" of `log.info`."""
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name)} | {
        each.attr for each in ast.walk(node) if isinstance(each, ast.Attribute)
    }
