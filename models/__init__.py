"""The database's tables. Importing this module imports every table, so that Alembic finds them all."""

from models.absences import Absence
from models.access import ApiSession, Confirmation, Ended, KeptAnswer, PersonalToken, RefreshToken, Scope, SignInCode
from models.acts import Act
from models.audit import AuditEvent
from models.base import Base
from models.breakers import Breaker
from models.challenges import Challenge, Goal, Participant
from models.courtesy import Feedback, Kudos
from models.digests import DigestRun, RunStatus
from models.erasures import Erased, Erasure
from models.exports import Export
from models.feeds import Feed, FeedKind
from models.files import SentFile
from models.garmin import Activity, Day, DoubtAnswer, GarminAccount, GarminMethod, GarminStatus
from models.group_posts import GroupPost, PostState
from models.groups import Answer, Ban, BanAddress, Group, Invite, JoinRequest, Membership, Role
from models.hashes import HashKey
from models.limits import CountedEvent, Spent
from models.links import AttemptStep, LinkAttempt, LinkPurpose, OneTimeLink
from models.media import Content, Media, ShownMember
from models.messages import InboundMessage, MessageEvent, MessageKind, MessageState, OutboundMessage
from models.operator import OperatorCode, OperatorLink, OperatorSession
from models.people import Identity, IdentityKind, Member, Units
from models.records import RecordSet
from models.scoring import FormulaRun
from models.shares import Share
from models.signs import Sign
from models.webhooks import WebhookAttempt, WebhookEndpoint, WebhookEvent, WebhookMessage, WebhookState, WhyOff

__all__ = [
    "Absence",
    "Act",
    "Activity",
    "Answer",
    "ApiSession",
    "AttemptStep",
    "AuditEvent",
    "Ban",
    "BanAddress",
    "Base",
    "Breaker",
    "Challenge",
    "Confirmation",
    "Content",
    "CountedEvent",
    "Day",
    "DigestRun",
    "DoubtAnswer",
    "Ended",
    "Erased",
    "Erasure",
    "Export",
    "Feed",
    "FeedKind",
    "Feedback",
    "FormulaRun",
    "GarminAccount",
    "GarminMethod",
    "GarminStatus",
    "Goal",
    "Group",
    "GroupPost",
    "HashKey",
    "Identity",
    "IdentityKind",
    "InboundMessage",
    "Invite",
    "JoinRequest",
    "KeptAnswer",
    "Kudos",
    "LinkAttempt",
    "LinkPurpose",
    "Media",
    "Member",
    "Membership",
    "MessageEvent",
    "MessageKind",
    "MessageState",
    "OneTimeLink",
    "OperatorCode",
    "OperatorLink",
    "OperatorSession",
    "OutboundMessage",
    "Participant",
    "PersonalToken",
    "PostState",
    "RecordSet",
    "RefreshToken",
    "Role",
    "RunStatus",
    "Scope",
    "SentFile",
    "Share",
    "ShownMember",
    "Sign",
    "SignInCode",
    "Spent",
    "Units",
    "WebhookAttempt",
    "WebhookEndpoint",
    "WebhookEvent",
    "WebhookMessage",
    "WebhookState",
    "WhyOff",
]
