"""The World: everything that our rules depend on from outside. Each process builds it once and passes it on; code that
uses it does not import it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from redis import Redis
from sqlalchemy.orm import Session, sessionmaker

from config import Settings
from models.base import make_sessions, open_engine
from models.vault import Vault
from providers.alarm import Alarm
from providers.alarms.email_alarm import EmailAlarm
from providers.alarms.webhook_alarm import WebhookAlarm
from providers.backup_store import BackupStore, FolderStore
from providers.cards.quickchart import QuickChartServer
from providers.cards.resvg import Resvg
from providers.charts import Charts, FallbackCharts
from providers.clock import Clock, PretendClock, read_system_clock
from providers.doorbell import open_doorbell
from providers.errors import SourceUnavailable
from providers.files.activity_files import ActivityReader
from providers.files.reading_process import read_apart
from providers.garmin import activity_rows
from providers.garmin.garmin_connect import GarminConnect
from providers.garmin.garmin_personal import GarminPersonal
from providers.garmin.garmin_source import Garmin, GarminByKey, GarminSource
from providers.group_transport import GroupTransport, RosterFanOut
from providers.messenger import Messenger
from providers.meta.meta_groups import MetaGroups
from providers.recordings import Recording, read_recording
from providers.sources import Source
from providers.twilio.twilio import Twilio
from providers.webhook_sender import WebhookSender
from providers.webhooks.standard_sender import StandardSender
from providers.webhooks.targets import TargetRules


@dataclass(frozen=True)
class World:
    """Settings, secrets, database, doorbell, clock, and the providers."""

    settings: Settings
    vault: Vault
    sessions: sessionmaker[Session]
    redis: Redis
    now: Clock
    messenger: Messenger
    garmin: Garmin
    garmin_by_key: GarminByKey
    charts: Charts
    group_transport: GroupTransport
    read_activity: ActivityReader
    webhooks: WebhookSender
    alarms: tuple[Alarm, ...] = ()
    further_sources: tuple[Source, ...] = ()

    @property
    def sources(self) -> dict[str, Source]:
        """The sources where members can have accounts, by name, in the order of the link page:
        Garmin, and the further ones.
        """
        garmin = GarminSource(
            self.garmin,
            self.garmin_by_key,
            ways=self.settings.link_methods,
            recommended=self.settings.garmin_recommended,
            keeps_passwords=self.settings.garmin_keep_password,
            rate=self.settings.garmin_rate,
        )
        return {each.name: each for each in (garmin, *self.further_sources)}

    def source(self, name: str) -> Source:
        """Return the source with this name. Raises SourceUnavailable if this process does not have it."""
        source = self.sources.get(name)
        if source is None:
            raise SourceUnavailable("this process has no such source")
        return source

    @property
    def backups(self) -> BackupStore | None:
        """Where backups are kept; None if BACKUP_TO is not set."""
        place, chosen = self.settings.backup_to, self.settings
        if not place.startswith("s3://"):
            return FolderStore(Path(place)) if place else None
        from providers.s3.s3_store import S3Store  # loaded only where it is needed

        bucket, _, prefix = place.removeprefix("s3://").partition("/")
        secret = chosen.backup_s3_secret.get_secret_value()
        where = {"endpoint": chosen.backup_s3_endpoint, "region": chosen.backup_s3_region}
        return S3Store(bucket, prefix, **where, key_id=chosen.backup_s3_key_id, secret=secret)

    @property
    def labels(self) -> str:
        """The sources' names for people, joined by "or", for texts that may mean any of them."""
        return " or ".join(each.label for each in self.sources.values())

    def label_of(self, name: str) -> str:
        """Return the name of this source for people."""
        source = self.sources.get(name)
        return source.label if source else name.capitalize()

    @staticmethod
    def read_again(told: Mapping[str, Any]) -> Recording | None:
        """Read a recording from its stored data: the output of `write_recording`, or a row of Garmin's list."""
        return read_recording(told) if "source" in told else activity_rows.read_row(told)

    @classmethod
    def from_env(cls) -> "World":
        """Build the world that the environment describes."""
        return cls.from_settings(Settings.from_env())

    @classmethod
    def from_settings(cls, settings: Settings, clock: Clock | None = None) -> "World":
        """Build the world that these settings describe, with another `clock` if one is given. Nothing connects before
        it is used.
        """
        redis = open_doorbell(settings.redis, settings.redis_pool)
        now = clock or (PretendClock(redis) if settings.pretend_clock else read_system_clock)
        vault = Vault.from_text(settings.data_keys.get_secret_value(), *settings.secrets)
        return cls(
            settings=settings,
            vault=vault,
            sessions=make_sessions(open_engine(settings.database_url, pool=settings.database_pool), vault, now),
            redis=redis,
            now=now,
            messenger=_messenger(settings),
            garmin=GarminConnect(settings.garmin_base_url),
            garmin_by_key=GarminPersonal(settings.garmin_personal_api_base_url, now=now),
            charts=_charts(settings),
            group_transport=_group_transport(settings),
            read_activity=read_apart,
            webhooks=_webhooks(settings),
            alarms=_alarms(settings),
        )


_in_use: list[World] = []


def current() -> World:
    """Return the world of this process, for RQ's jobs, to which it cannot be passed. It is built at the first call."""
    if not _in_use:
        _in_use.append(World.from_env())
    return _in_use[0]


def use(world: World) -> None:
    """Make this the world of this process from now on."""
    _in_use[:] = [world]


def _messenger(settings: Settings) -> Messenger:
    return Twilio(
        account_sid=settings.twilio_account_sid,
        auth_token=settings.twilio_auth_token.get_secret_value(),
        sender=settings.twilio_whatsapp_from,
        callback_url=f"{settings.base_url}/webhooks/twilio/status",
        secrets=settings.secrets,
        second_token=settings.second_auth_token,
        shared_keys=settings.shared_keys,
        base_url=settings.twilio_api_base_url,
    )


def _alarms(settings: Settings) -> tuple[Alarm, ...]:
    webhook, smtp = settings.operator_webhook.get_secret_value(), settings.smtp_url.get_secret_value()
    by_mail = [EmailAlarm(smtp, settings.operator_email)] if settings.operator_email and smtp else []
    return (*by_mail, *([WebhookAlarm(webhook)] if webhook else []))


def _webhooks(settings: Settings) -> WebhookSender:
    return StandardSender(TargetRules(settings.own_networks, urlsplit(settings.base_url).hostname or ""))


def _charts(settings: Settings) -> Charts:
    local = Resvg()
    if settings.chart_provider == "quickchart":
        return FallbackCharts(QuickChartServer(settings.quickchart_host, settings.quickchart_scheme), local)
    return local


def _group_transport(settings: Settings) -> GroupTransport:
    if settings.group_transport == "meta":
        token = settings.meta_access_token.get_secret_value()
        return MetaGroups(settings.meta_graph_url, settings.meta_phone_number_id, token)
    return RosterFanOut()
