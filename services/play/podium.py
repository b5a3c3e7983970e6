"""The picture of a challenge's result."""

from messages.render import Reader, words
from providers.charts import Bar, Result
from services.play.contests import ContestLine, Standing

BARS = 5


def make_chart(standing: Standing, reader: Reader) -> Result:
    """Return the contents of the picture. It has no personal line: it is the same for everyone."""
    challenge = standing.challenge
    first = [line.member for line in standing.lines if line.place.place == 1] if standing.is_ranked else []
    winners = [member.name for member in first]
    return Result(
        title=words("words/challenge", reader, challenge=challenge),
        subtitle=words("challenges/chart_subtitle", reader, standing=standing),
        headline=words("challenges/chart_headline", reader, standing=standing, winners=winners),
        bars=tuple(_bar(line, standing, reader) for line in standing.lines[:BARS]) or _together(standing, reader),
        ranked=standing.is_ranked,
        goal=challenge.target or 0.0,
        goal_said=words("challenges/chart_goal", reader, challenge=challenge) if challenge.target else "",
        shows=tuple(sorted({line.member.id for line in standing.lines[:BARS]} | {member.id for member in first})),
    )


def _bar(line: ContestLine, standing: Standing, reader: Reader) -> Bar:
    challenge = standing.challenge
    label = words("words/scored", reader, value=line.value, contest=challenge.contest, metric=challenge.metric)
    return Bar(line.place.place, line.member.name, max(line.value, 0.0), label)


def _together(standing: Standing, reader: Reader) -> tuple[Bar, ...]:
    """Return one bar without a name for a common challenge, and none for a contest in which nobody is listed."""
    challenge = standing.challenge
    if standing.contest.is_ranked:
        return ()
    label = words("words/scored", reader, value=standing.done, contest=challenge.contest, metric=challenge.metric)
    return (Bar(1, words("challenges/chart_together", reader), standing.done, label),)
