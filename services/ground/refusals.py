"""Problems that a person can correct. Each class has a text with its name in templates/<language>/chat/refusals."""

import re
from typing import Any


class Refusal(Exception):
    """Services and handlers raise it. It becomes an answer in the chat and is not logged as an error. Its facts are
    used in the text.
    """

    def __init__(self, **facts: Any) -> None:
        super().__init__(type(self).__name__)
        self.facts = facts

    @classmethod
    def template(cls) -> str:
        """Return the name of its text: for `NotInAGroup` it is refusals/not_in_a_group."""
        return "refusals/" + re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()


class NotInAGroup(Refusal):
    """The command is about a group, and the member belongs to none."""


class OnlyAdmins(Refusal):
    """Only the owner and admins may do this. Facts: admins (names), what."""


class CodeNotActive(Refusal):
    """The invite code is wrong, expired or used up."""


class TooManyGuesses(Refusal):
    """The member has sent five wrong invite codes. Facts: minutes."""


class AskedOften(Refusal):
    """The member has asked to join one group too many times in a day. Facts: group, most."""


class AlreadyInGroup(Refusal):
    """The member is in this group already. Facts: group."""


class NoSuchGroup(Refusal):
    """The member is in no group with this name. Facts: groups (names), wanted."""


class GroupNameNotUsable(Refusal):
    """Nothing readable is left of the name."""


class SoundsOfficial(Refusal):
    """A name or a text that claims to speak for the bot, a company or an admin.

    Facts: found (the words that claim it), rest (what is left without them, or ""), again (the command, or None).
    """


class NameLikeAnother(Refusal):
    """Somebody in a group of the member's has this name, or one that looks like it. Facts: name, group."""


class NotDoubted(Refusal):
    """There is no doubt about this person's number, so nobody needs to vouch. Facts: person."""


class MayNotVouch(Refusal):
    """Only other members may confirm that it is still the same person. Facts: others (names)."""


class CameTooLate(Refusal):
    """The person joined the group after the number fell silent, so a confirmation from this group proves nothing.
    Facts: person, group.
    """


class MayBeAnother(Refusal):
    """A person cannot be let in, because their number may belong to somebody else by now. Facts: person."""


class OwnerCannotLeave(Refusal):
    """An owner cannot leave while others are in the group. Facts: group."""


class TooManyGroups(Refusal):
    """The member is in as many groups as allowed. Facts: most."""


class NotLinked(Refusal):
    """The member has not connected a Garmin account."""


class WrongLinkCode(Refusal):
    """No sign-in waits for this code from this chat, or it no longer waits. Nothing was connected."""


class TooManyLinkCodes(Refusal):
    """The member has sent five wrong codes of the link page. Facts: minutes."""


class NotLinkedLately(Refusal):
    """No Garmin account was connected within the last day, or it was another one than the button is about."""


class LinkNeedsRenewing(Refusal):
    """Garmin no longer accepts the stored tokens, so the member has to connect again."""


class SyncedJustNow(Refusal):
    """The member has asked for a sync again within fifteen minutes. Facts: minutes (until next), last (time)."""


class PeriodNotStarted(Refusal):
    """The member asks about a period in the future. Facts: starts (date)."""


class AwayNotUsable(Refusal):
    """The days of an absence are too far away, or are over. Facts: earliest, latest (dates)."""


class NotAway(Refusal):
    """The member says that they are back, but has no present or future absence."""


class DaysNotUsable(Refusal):
    """The days do not exist in a calendar, or are in the wrong order. Facts: why (`Impossible`, or None)."""


class KudosToOneself(Refusal):
    """A member cannot give kudos to themselves."""


class EnoughKudos(Refusal):
    """The member has given as many kudos as allowed in a day. Facts: most."""


class EnoughFeedback(Refusal):
    """The member has sent as much feedback as allowed in a day. Facts: most."""


class EnoughFiles(Refusal):
    """The member has sent as many activity files as allowed in a day. Facts: most."""


class NoPace(Refusal):
    """The sport has no pace, only times. Facts: timed (the sport)."""


class GoalNotUsable(Refusal):
    """The goal's metric cannot be added up, or its days are over or too far away."""


class NoGoal(Refusal):
    """There is no goal. Facts: of_group."""


class ChallengeNotUsable(Refusal):
    """A challenge cannot be made like this. Facts: why ("target", "metric", "dates", "streak")."""


class NoChallenge(Refusal):
    """No challenge has this number, or none is open. Facts: number (or None), numbers (of the open ones)."""


class WhichChallenge(Refusal):
    """Several challenges are open, so the member has to choose one. Facts: challenges."""


class TooManyChallenges(Refusal):
    """The group has as many open challenges as allowed. Facts: most."""


class KeepsOutOfRivalries(Refusal):
    """One of the two people does not want rivalries, or does not share points. Facts: person."""


class NothingToDigest(Refusal):
    """No digest has been made for this group yet. Facts: group, next."""


class SettingNotUsable(Refusal):
    """A group's setting cannot have this value. Facts: setting (its name in `services.ground.group_settings`)."""


class NoSuchPerson(Refusal):
    """Nobody with that name is in the group. Facts: wanted, others (names)."""


class TwoPeopleMatch(Refusal):
    """The name fits several people of the group. Facts: wanted, people (memberships)."""


class OnlyOwner(Refusal):
    """Only the owner may do this. Facts: inviter (the owner), what."""


class GroupNameTaken(Refusal):
    """The member is in another group with that name. Facts: name."""


class TooManyNewGroups(Refusal):
    """The member has started as many groups as allowed in a day. Facts: most."""


class TwoGroupsMatch(Refusal):
    """Two of the member's groups have this name. Facts: wanted, numbers (their places in the list)."""


class GroupHasEnded(Refusal):
    """The group has no members any more. Facts: group."""


class Banned(Refusal):
    """The member is banned from this group, so no code works. Facts: group."""


class StillWaiting(Refusal):
    """The member has already asked to join, and no admin has answered yet. Facts: group."""


class DeclinedLately(Refusal):
    """An admin has declined the member's request within the last day. Facts: group."""


class RequestAnswered(Refusal):
    """The request to join is no longer open. Facts: person, answer."""


class NobodyWaits(Refusal):
    """No request to join is open. Facts: group."""


class NoSuchRequest(Refusal):
    """Nobody with that name waits to join. Facts: wanted, others (names)."""


class InviteNotUsable(Refusal):
    """The invite's time is too long or too short, or it is for too many people. Facts: most_days, most_uses."""


class NotOverYourself(Refusal):
    """A member cannot do this to themselves. Facts: what."""


class NotOverThem(Refusal):
    """An admin cannot do this to another admin, and nobody can do it to the owner. Facts: person, what."""


class RoleAlready(Refusal):
    """The person has this role already. Facts: person, role."""


class NotBanned(Refusal):
    """Nobody with that name is banned. Facts: wanted, others (names)."""


class NotInThatGroup(Refusal):
    """A button is about a group that the member is not in, or no longer in."""


class NothingToUndo(Refusal):
    """There is nothing to undo. Facts: minutes (for how long an act can be undone)."""


class NameNotUsable(Refusal):
    """Nothing readable is left of a member's name, or the name is reserved for members without a name."""


class ZoneNotKnown(Refusal):
    """There is no such time zone. Facts: wanted."""


class LanguageNotKnown(Refusal):
    """The bot does not write in this language. Facts: wanted, languages (names)."""


class NoSuchActivity(Refusal):
    """The member has no such activity. Facts: excluded (whether it was searched among those left out)."""


class EntryNotUsable(Refusal):
    """A session that was logged by hand is impossible. Facts: problem."""


class QuestionOver(Refusal):
    """The member answers a question that was asked too long ago. Facts: command."""


class ExportUnderWay(Refusal):
    """A copy of the member's data is being made already."""


class EnoughCopies(Refusal):
    """The member has asked for as many copies of their data as allowed in 24 hours. Facts: most, hours (until the next
    one may be made).
    """


class WrongEraseCode(Refusal):
    """The code for `delete me` is wrong or came too late. Nothing was erased."""


class TooManyEraseCodes(Refusal):
    """The member has sent five wrong codes for `delete me`. Facts: minutes (until the next code is checked)."""


class KeptPrivate(Refusal):
    """The person does not share this figure with the group. Facts: person (a member)."""


class WhoToCompare(Refusal):
    """A comparison needs exactly two people."""


class NothingStrange(Refusal):
    """No session of the member waits for an answer, or the one with this number does not seem impossible."""


class ScheduleNotUsable(Refusal):
    """The schedule is not possible. Facts: why (`Impossible`)."""


class EnoughSignInCodes(Refusal):
    """Too many sign-in codes were requested for this number. Facts: minutes (until the next one)."""


class ChatNotOpen(Refusal):
    """A code would not arrive: the member has not written to the bot for a day, or has said "stop"."""


class TooManyTokens(Refusal):
    """The member has too many personal tokens. Facts: most."""


class TooManyWebhooks(Refusal):
    """The member has too many webhooks. Facts: most."""


class EnoughWebhookRequests(Refusal):
    """The member has asked for too many tests and repetitions of webhooks. Facts: minutes."""


class TooManyFeeds(Refusal):
    """The member has too many addresses for calendars and feed readers. Facts: most."""


class NoSuchFeed(Refusal):
    """The member has no address with this number. Facts: number (may be None), count (of addresses)."""


class DigestSentAlready(Refusal):
    """There is a digest of these days already. Facts: group, dates."""


class NotByHand(Refusal):
    """An activity from a watch or a file cannot be changed; it can be excluded."""
