"""What Twilio's error codes mean for a message, as data: https://www.twilio.com/docs/api/errors.

Twilio advises against logic that depends on codes, and adds new ones without notice. A message with an unknown code is
not sent again, and the operator is told.
"""

from providers.messenger import RefusalMeaning

MEANINGS: dict[RefusalMeaning, tuple[int, ...]] = {
    RefusalMeaning.AGAIN_SOON: (
        20429,  # too many requests
        30001,  # queue overflow
        30410,  # provider timed out
        63009, 63010, 63012,  # WhatsApp's own trouble
        63017, 63023,  # rate of the account; generic channel error
        63019, 63037,  # media could not be fetched, or uploaded
    ),
    RefusalMeaning.AGAIN_LATER: (
        63018,  # rate or daily limit of the sender
        63032,  # this person is in an experiment of Meta's
        63038,  # daily limit of the account
    ),
    RefusalMeaning.WINDOW_CLOSED: (63016,),
    RefusalMeaning.NO_MORE: (
        21610,  # they told Twilio to stop
        63014,  # they blocked or opted out
    ),
    RefusalMeaning.UNREACHABLE: (
        21211, 21614,  # not a number that can be reached
        63003, 63024,  # no WhatsApp there, or an old one
        63033,
        63049,  # Meta chose not to deliver marketing; to +1 it never does
    ),
    RefusalMeaning.TEMPLATE_HELD: (
        63027,  # not there in this language
        63040, 63041, 63042,  # rejected, paused, disabled
    ),
    RefusalMeaning.CONTENT_MISSING: (
        20404,  # not found: what it means when a content is requested
        21655,  # the ContentSid is of a deleted content, or of another account
    ),
    RefusalMeaning.STOP: (
        30002,  # account suspended
        63013, 63026,  # policy violation; sender flagged as spam
        63015,  # the sandbox was never joined
    ),
    RefusalMeaning.SENDER: (
        21212, 21603, 21606,  # our number is invalid, or does not belong to this account
        63007,  # no WhatsApp sender of this account has that number
    ),
    RefusalMeaning.OURS: (
        21408, 21602, 21604, 21608, 21617, 21620, 21623, 21654, 21656, 21703, 21704, 21705,
        21712, 30036, 35111, 35114, 35115, 35118, 35126, 63001, 63002, 63005, 63006, 63008, 63011, 63020, 63021,
        63022, 63025, 63028, 63029, 63030, 63031, 63034, 63036,
    ),
}  # fmt: skip
# These codes say that an address is not a phone number. WhatsApp's ids (`whatsapp:US.1349…`) are not phone numbers, but
# in 2026 Twilio answered 21211 to some of them; the person with that id may well be reachable.
ABOUT_NUMBERS = (21211, 21614)
_BY_CODE = {code: meaning for meaning, codes in MEANINGS.items() for code in codes}


def find_meaning(code: int | None, to: str = "") -> RefusalMeaning:
    """Return what this code means for a message to that address; an unknown one counts as our own fault."""
    if code in ABOUT_NUMBERS and to and not to.startswith("whatsapp:+"):
        return RefusalMeaning.OURS
    return _BY_CODE.get(code or 0, RefusalMeaning.OURS)
