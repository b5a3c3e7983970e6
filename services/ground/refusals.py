"""What a person can put right. Each class has a text of its name in templates/<language>/chat/refusals."""

import re
from typing import Any


class Refusal(Exception):
    """Raised by services and handlers; becomes an answer, never an error in the log. Its facts fill its text."""

    def __init__(self, **facts: Any) -> None:
        super().__init__(type(self).__name__)
        self.facts = facts

    @classmethod
    def template(cls) -> str:
        """The text's name: `NotInAGroup` is said as refusals/not_in_a_group."""
        return "refusals/" + re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()


class NotInAGroup(Refusal):
    """The command is about a group, and the member belongs to none."""


class OnlyAdmins(Refusal):
    """Only the owner and admins may do this. Facts: admins (names), what."""


class CodeNotActive(Refusal):
    """The invite code is wrong, expired or used up."""


class TooManyGuesses(Refusal):
    """Five wrong invite codes. Facts: minutes."""


class AskedOften(Refusal):
    """Asked to be let into one group so many times in a day. Facts: group, most."""


class AlreadyInGroup(Refusal):
    """Facts: group."""


class NoSuchGroup(Refusal):
    """Not one of the member's groups. Facts: groups (names), wanted."""


class GroupNameNotUsable(Refusal):
    """Nothing readable is left of the name."""


class SoundsOfficial(Refusal):
    """A name or a text that claims to speak for the bot, a company or an admin.

    Facts: found (the words that claim it), rest (what is left without them, or ""), again (the command, or None).
    """


class NameLikeAnother(Refusal):
    """Somebody in a group of the member's has this name, or one that looks like it. Facts: name, group."""


class NotDoubted(Refusal):
    """It is no question whose number this person's is. Facts: person."""


class MayNotVouch(Refusal):
    """Others are asked whether it is still the same person. Facts: others (names)."""


class CameTooLate(Refusal):
    """They came into the group after they were last heard, so its word proves nothing. Facts: person, group."""


class MayBeAnother(Refusal):
    """Somebody is to be let in whose number may be somebody else's by now. Facts: person."""


class OwnerCannotLeave(Refusal):
    """An owner with others in the group. Facts: group."""


class TooManyGroups(Refusal):
    """Facts: most."""


class NotLinked(Refusal):
    """No Garmin account yet."""


class WrongLinkCode(Refusal):
    """No sign-in waits for this code from this chat, or no longer. Nothing was connected."""


class TooManyLinkCodes(Refusal):
    """Five wrong codes of the link page. Facts: minutes."""


class NotLinkedLately(Refusal):
    """No Garmin account was connected within a day, or another one than the button speaks of."""


class LinkNeedsRenewing(Refusal):
    """Garmin no longer accepts what we hold."""


class SyncedJustNow(Refusal):
    """Asked again within fifteen minutes. Facts: minutes (until next), last (instant)."""


class PeriodNotStarted(Refusal):
    """Facts: starts (date)."""


class AwayNotUsable(Refusal):
    """Days that lie too far off, or are over. Facts: earliest, latest (dates)."""


class NotAway(Refusal):
    """Back from nowhere: no absence is running or to come."""


class DaysNotUsable(Refusal):
    """Days that no calendar has, or that lie the wrong way round. Facts: why (`Impossible`, or None)."""


class KudosToOneself(Refusal):
    """Kind words are for the others."""


class EnoughKudos(Refusal):
    """So many kind words in a day become noise. Facts: most."""


class EnoughFeedback(Refusal):
    """So many messages to the operator in a day. Facts: most."""


class EnoughFiles(Refusal):
    """So many activity files in a day. Facts: most."""


class NoPace(Refusal):
    """A pace in a sport that is only timed. Facts: timed (the sport)."""


class GoalNotUsable(Refusal):
    """A goal that cannot be added up, or whose days are over or too far off."""


class NoGoal(Refusal):
    """There is no goal. Facts: of_group."""


class ChallengeNotUsable(Refusal):
    """Facts: why ("target", "metric", "dates", "streak")."""


class NoChallenge(Refusal):
    """No challenge has this number, or none is open. Facts: number (or None), numbers (of the open ones)."""


class WhichChallenge(Refusal):
    """Several are open. Facts: challenges."""


class TooManyChallenges(Refusal):
    """Facts: most."""


class KeepsOutOfRivalries(Refusal):
    """One of two is not to be held against others, or shares no points. Facts: person."""


class NothingToDigest(Refusal):
    """No digest has been made for this group yet. Facts: group, next."""


class SettingNotUsable(Refusal):
    """A value that a group's setting cannot have. Facts: setting (its name in `services.ground.settings`)."""


class NoSuchPerson(Refusal):
    """Nobody of that name is in the group. Facts: wanted, others (names)."""


class TwoPeopleMatch(Refusal):
    """A name that fits several people of the group. Facts: wanted, people (memberships)."""


class OnlyOwner(Refusal):
    """Only the owner may do this. Facts: inviter (the owner), what."""


class GroupNameTaken(Refusal):
    """The member is in another group of that name. Facts: name."""


class TooManyNewGroups(Refusal):
    """So many groups started within a day. Facts: most."""


class TwoGroupsMatch(Refusal):
    """Two of one's groups have this name. Facts: wanted, numbers (their places in the list)."""


class GroupHasEnded(Refusal):
    """Nobody is in the group any more. Facts: group."""


class Banned(Refusal):
    """No code lets the member into this group. Facts: group."""


class StillWaiting(Refusal):
    """The member has asked already, and no admin has answered. Facts: group."""


class DeclinedLately(Refusal):
    """An admin said no within a day. Facts: group."""


class RequestAnswered(Refusal):
    """The request to join is no longer open. Facts: person, answer."""


class NobodyWaits(Refusal):
    """No request to join is open. Facts: group."""


class NoSuchRequest(Refusal):
    """Nobody of that name waits. Facts: wanted, others (names)."""


class InviteNotUsable(Refusal):
    """Too long, too short, or for too many. Facts: most_days, most_uses."""


class NotOverYourself(Refusal):
    """What one cannot do to oneself. Facts: what."""


class NotOverThem(Refusal):
    """What an admin cannot do to another admin, nor anybody to the owner. Facts: person, what."""


class RoleAlready(Refusal):
    """They are what they were to become. Facts: person, role."""


class NotBanned(Refusal):
    """Nobody of that name is banned. Facts: wanted, others (names)."""


class NotInThatGroup(Refusal):
    """A sign, as buttons say it, of a group that the member is not, or no longer, in."""


class NothingToUndo(Refusal):
    """Facts: minutes (how long acts can be taken back)."""


class NameNotUsable(Refusal):
    """Nothing readable is left of a member's name, or it is kept for nameless rows."""


class ZoneNotKnown(Refusal):
    """Facts: wanted."""


class LanguageNotKnown(Refusal):
    """Facts: wanted, languages (names)."""


class NoSuchActivity(Refusal):
    """Facts: excluded (whether it was to be among those left out)."""


class EntryNotUsable(Refusal):
    """A session that nobody can have had. Facts: problem."""


class QuestionOver(Refusal):
    """An answer to a question that was asked too long ago. Facts: command."""


class ExportUnderWay(Refusal):
    """A copy is being made already."""


class EnoughCopies(Refusal):
    """So many copies of one's data within 24 hours. Facts: most, hours (until the next one may be made)."""


class WrongEraseCode(Refusal):
    """Not the code that was asked for, or too late. Nothing was erased."""


class TooManyEraseCodes(Refusal):
    """Five wrong codes for `delete me`. Facts: minutes (until the next one is looked at)."""


class KeptPrivate(Refusal):
    """What is asked for is not shared with the group. Facts: person (a member)."""


class WhoToCompare(Refusal):
    """A comparison of one, or of more than two."""


class NothingStrange(Refusal):
    """No session of the member's waits for their word, or none by that number seems strange."""


class ScheduleNotUsable(Refusal):
    """A digest cannot come like that. Facts: why (`Impossible`)."""


class EnoughSignInCodes(Refusal):
    """So many codes to sign in with were asked for, for one number. Facts: minutes (until the next one)."""


class TooManyTokens(Refusal):
    """So many personal tokens at a time. Facts: most."""


class NotByHand(Refusal):
    """An activity that a watch or a file told of cannot be changed; it can be left out."""
