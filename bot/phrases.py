"""Words around a command that carry nothing, and whole sentences that mean one."""

from pathlib import Path

from bot.lines import POLITE

# What stands around the words that count: "could I please see the leaderboard", "gimme my week".
FILLERS = POLITE | frozenset(
    """
    i i'm im i'd i'll am are be been can could would may might will do does did have has had having got get getting
    give gimme gimmi lemme let see want wanna wants need like know knows tell check look looking dear hey hi hello
    ok okay so well just quick quickly right rn currently again new this's your yours it it's its that's thats here
    up out please good evening morning afternoon from into about which what what's whats how how's hows if or but
    too also us we our ours one some any all list send post display print open bring pull find guys everyone
    everybody folks mate man bro dude friend friends buddy pal then today's user's set make put lol haha hahaha plz
    thx ty cheers latest people group current called named yet already more else as than
    """.split()  # noqa: SIM905 - so many words in quotes would read worse
)


def _sentences() -> dict[str, str]:
    """Whole lines and the command that each means, from the file beside this one."""
    written = (Path(__file__).parent / "sentences.txt").read_text(encoding="utf-8").splitlines()
    lines = [line.split(":", 1) for line in written if line and not line.startswith("#")]
    return {sentence.strip(): command for command, said in lines for sentence in said.split("|")}


SENTENCES = _sentences()

# Names of commands that are everyday words as well: in the middle of a sentence they mean nothing by themselves.
EVERYDAY = frozenset(
    """
    who when show in back last name top points share use today add why hi hello hey about update remove set mine
    people sick ill hurt holiday injured terms target record records explain away vs me stats link create recent
    plan weather year recap check nick quiet keep decline approve menu j h ? on off yes report start
    feedback we us together
    """.split()  # noqa: SIM905 - so many words in quotes would read worse
)
