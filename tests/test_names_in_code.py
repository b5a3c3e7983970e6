"""Names say what things do: a public function begins with a verb, and no two classes share a name."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
FUNCTIONS_IN = ("bot", "fitness", "jobs", "providers", "services", "web")
CLASSES_IN = (*FUNCTIONS_IN, "config.py", "messages", "models", "simulator", "world.py")
# Functions that return yes or no, or a condition for SQL, begin with these words: "is …", "has …".
QUESTIONS = {"are", "could", "has", "is", "knows", "may", "reads", "was"}
VERBS = {
    "add", "announce", "answer", "approve", "ask", "await", "award", "ban", "be", "begin", "change", "check",
    "choose", "claim", "clean", "clip", "close", "compare", "compute", "confirm", "connect", "converse", "count",
    "create", "cut", "decline", "define", "demote", "describe", "die", "disown", "divide", "draft", "drain", "draw",
    "drop", "edit", "end", "enqueue", "ensure", "erase", "estimate", "examine", "exclude", "expire", "explain",
    "feed", "fetch", "fill", "find", "finish", "fit", "follow", "forecast", "forget", "freeze", "gather", "give",
    "group", "guess", "hand", "hash", "have", "hear", "hide", "hold", "hurry", "import", "include", "ingest",
    "insist", "join", "judge", "keep", "kick", "leave", "let", "lift", "light", "list", "lock", "log", "look", "make",
    "mark", "match", "measure", "mend", "merge", "migrate", "mute", "name", "normalise", "note", "obey", "offer",
    "open", "opt", "pack", "paint", "parse", "place", "poll", "post", "prefer", "prolong", "promote", "protect",
    "prove", "prune", "publish", "push", "put", "rank", "read", "receive", "recognise", "reconcile", "refresh",
    "refuse", "release", "remember", "remind", "remove", "rename", "render", "renew", "report", "require",
    "reschedule", "reset", "resolve", "restore", "revoke", "reword", "ring", "rotate", "round", "run", "say", "score",
    "seal", "select", "send", "set", "settle", "share", "shorten", "show", "shut", "sign", "silence", "split",
    "spool", "stack", "start", "store", "strip", "sum", "sweep", "switch", "sync", "take", "tell", "tick", "tidy",
    "transfer", "try", "unban", "understand", "undo", "unlink", "use", "vouch", "wait", "warm", "weigh", "withdraw",
    "work", "wrap", "write",
}  # fmt: skip
# Decorators and context managers are named after what they make of the code. The entry point of a process is called
# main.
OTHERS = {"command", "finder", "job", "main", "once", "transaction"}
# These declare a function to the bot or to the digest: its name is that of a command or a fact.
NAMED_ELSEWHERE = {"command", "finder"}


def modules(root: Path, rooms: tuple[str, ...]) -> Iterator[tuple[str, ast.Module]]:
    for room in rooms:
        paths = [root / room] if room.endswith(".py") else sorted((root / room).rglob("*.py"))
        for path in paths:
            yield path.relative_to(root).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def odd_names(root: Path) -> list[str]:
    """Return every public function that does not begin with a word of the lists above."""
    return [
        f"{path}: {each.name}"
        for path, module in modules(root, FUNCTIONS_IN)
        for each in module.body
        if isinstance(each, ast.FunctionDef) and not each.name.startswith("_") and not _is_named_elsewhere(each)
        if each.name not in OTHERS and each.name.split("_")[0] not in VERBS | QUESTIONS
    ]


def _is_named_elsewhere(function: ast.FunctionDef) -> bool:
    names = (each.func if isinstance(each, ast.Call) else each for each in function.decorator_list)
    return any(isinstance(each, ast.Name) and each.id in NAMED_ELSEWHERE for each in names)


def twins(root: Path) -> list[str]:
    """Return every name that several classes share, with their files."""
    found = defaultdict(list)
    for path, module in modules(root, CLASSES_IN):
        for each in module.body:
            if isinstance(each, ast.ClassDef) and not each.name.startswith("_"):
                found[each.name].append(path)
    return [f"{name}: {', '.join(paths)}" for name, paths in found.items() if len(paths) > 1]


def test_a_public_function_says_what_it_does() -> None:
    """If your function is listed: begin its name with a verb. If the verb is missing above, add it."""
    assert odd_names(ROOT) == []


def test_no_two_classes_share_a_name() -> None:
    assert twins(ROOT) == []


def test_an_odd_name_and_a_twin_are_found(tmp_path: Path) -> None:
    for room in CLASSES_IN:
        if not room.endswith(".py"):
            (tmp_path / room).mkdir()
    (tmp_path / "config.py").write_text("class Place: ...\n")
    (tmp_path / "world.py").write_text("def settled(): ...\n")
    (tmp_path / "bot" / "line.py").write_text(
        "class Place: ...\ndef settled(): ...\ndef find_it(): ...\ndef _own(): ...\n@command('x')\ndef x(): ...\n"
    )
    assert odd_names(tmp_path) == ["bot/line.py: settled"]
    assert twins(tmp_path) == ["Place: bot/line.py, config.py"]
