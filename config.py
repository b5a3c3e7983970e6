"""Settings: every environment variable, typed, read once."""

import os
import re
from functools import cached_property
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from urllib.parse import urlsplit

from dotenv import load_dotenv
from pydantic import Field, HttpUrl, SecretStr, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from redis.connection import parse_url
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

ROOT = Path(__file__).parent
KEY = re.compile(r"[A-Za-z0-9_-]{1,16}:[A-Za-z0-9+/]{43}=")
NEW_KEY = 'echo "k1:$(openssl rand -base64 32)"'
POSTGRES = {"postgres", "postgresql", "postgresql+psycopg2"}  # the only driver that is installed
WRITTEN = "in the password, / @ : # and % are written %2F %40 %3A %23 and %25"


def read_env_file() -> None:
    """Read `.env` beside this file into the environment; variables that are set already stay as they are.

    Flask's command line does this by itself; all other processes call this function. If ENV_FILE is set, the file that
    it names is read instead; if ENV_FILE is empty, no file is read.
    """
    name = os.environ.get("ENV_FILE", ".env")
    if name:
        load_dotenv(ROOT / name, override=False)


def problems_of(error: ValidationError) -> dict[str, str]:
    """Return the names of the settings that are missing or wrong, each with what is wrong; values are left out."""
    found: dict[str, str] = {}
    for each in error.errors(include_input=False, include_url=False, include_context=False):
        words = each["msg"].removeprefix("Value error, ")
        # A check of several settings together names them in its message.
        names = [str(each["loc"][0]).upper()] if each["loc"] else re.findall(r"\b[A-Z]+(?:_[A-Z]+)+\b", words)
        found |= {name: found.get(name, words) for name in names}
    return dict(sorted(found.items()))


class Settings(BaseSettings):
    """What an operator chooses. Each field is an environment variable of the same name in capitals."""

    model_config = SettingsConfigDict(
        env_file=None, env_ignore_empty=True, extra="ignore", frozen=True, hide_input_in_errors=True
    )

    database_url: str = Field(
        repr=False, description="Postgres, as Heroku gives it: postgres://user:password@host/name"
    )
    redis_url: str = Field(repr=False, description="Redis or Valkey: redis://host:6379/0, or rediss:// with TLS")
    redis_self_signed: bool = Field(False, description="Accept a certificate that Redis signed itself (Heroku: 1)")
    database_pool: int = Field(
        3,
        ge=2,
        le=100,
        description="How many connections to Postgres each web process and each job of a worker may use",
    )
    redis_pool: int = Field(
        2, ge=2, le=100, description="How many connections to Redis each web process, the clock and each job may use"
    )
    public_base_url: HttpUrl = Field(description="The web process's address: https://bot.example.org")
    secret_key: SecretStr = Field(min_length=32, description="Signs forms and receipts: 32 characters or more")
    secret_key_second: SecretStr | None = Field(
        None,
        min_length=32,
        description="Accepted besides SECRET_KEY during its change: first the new key, afterwards the old one",
    )
    data_keys: SecretStr = Field(description="Encrypts tokens and messages: name:base64[,older:base64]")

    twilio_account_sid: str = Field(pattern=r"^AC[0-9a-f]{32}$", description="From Twilio's console")
    twilio_auth_token: SecretStr = Field(description="From Twilio's console; also signs webhooks")
    twilio_auth_token_second: SecretStr | None = Field(
        None, description="Webhooks signed with this token are accepted too: the old token, during a change"
    )
    twilio_shared_keys: SecretStr | None = Field(
        None, description="Secrets of Twilio's SharedKeys, if webhooks are signed with those: one[,another]"
    )
    twilio_whatsapp_from: str = Field(
        pattern=r"^whatsapp:\+[1-9]\d{6,14}$", description="The bot's number: whatsapp:+14155238886"
    )
    twilio_api_base_url: str | None = Field(None, description="Another address for Twilio's API (the simulator)")
    garmin_base_url: str | None = Field(None, description="Another address for Garmin (the simulator)")
    garmin_personal_api_base_url: str | None = Field(None, description="Another address for Garmin's Personal API")
    garmin_link_methods: str = Field(
        "personal_key,password",
        pattern=r"^(personal_key|password)(,(personal_key|password))?$",
        description="The ways to connect Garmin that the link page offers, in this order",
    )
    garmin_recommended: str = Field(
        "",
        pattern="^(personal_key|password)?$",
        description="The way that the link page calls recommended: personal_key or password; empty means neither",
    )
    garmin_keep_password: bool = Field(
        True,
        description="Let members ask that their Garmin password be kept, encrypted (0 forbids it)",
    )

    chart_provider: str = Field("local", pattern="^(local|quickchart)$", description="Who draws the pictures")
    quickchart_host: str = Field("quickchart:3400", description="Host of a QuickChart server, with its port")
    quickchart_scheme: str = Field("http", pattern="^https?$", description="http or https")

    group_transport: str = Field(
        "roster",
        pattern="^(roster|meta)$",
        description="meta: digests are also posted into WhatsApp groups; roster: only sent to each member",
    )
    meta_phone_number_id: str = Field("", pattern=r"^\d{0,20}$", description="The number's id in Meta's app dashboard")
    meta_access_token: SecretStr = Field(SecretStr(""), description="A system user's token that may send messages")
    meta_graph_url: str = Field("https://graph.facebook.com/v23.0", description="Where Meta's API is, with its version")

    lease_seconds: int = Field(60, ge=15, description="Seconds after which a worker that is sending is taken for dead")
    look_seconds: int = Field(60, ge=1, description="Seconds between two searches for a message in doubt")
    linger_seconds: float = Field(
        1.0, ge=0, le=30, description="Seconds that a delivery job waits for more replies before it ends"
    )
    tick_seconds: int = Field(
        60, ge=1, le=600, description="Seconds between two ticks, which look for work that is due"
    )
    people_a_day: int = Field(250, ge=1, description="How many people may get a template in 24 hours: WhatsApp's tier")
    messages_a_day: int = Field(20_000, ge=1, description="How many messages may be sent in 24 hours; limits the cost")
    group_messages_a_day: int = Field(
        2_000, ge=1, description="How many messages about one group may be sent in 24 hours"
    )
    lines_a_minute: int = Field(20, ge=1, description="How many lines of one person are answered in a minute")
    lines_a_day: int = Field(200, ge=1, description="How many lines of one person are answered in a day")
    files_a_day: int = Field(50, ge=1, description="How many activity files of one person are read in a day")
    garmin_rate: float = Field(
        1.0, gt=0, le=1000, description="How many requests a second all workers together send to Garmin"
    )
    send_rate: int = Field(
        20, ge=1, le=80, description="How many messages a second may be sent; Twilio allows 80 for a sender"
    )

    web_concurrency: int = Field(2, ge=1, le=64, description="How many processes serve web requests")
    web_threads: int = Field(4, ge=1, le=64, description="How many requests each web process works on at a time")
    workers: int = Field(3, ge=1, le=64, description="How many jobs the worker process does at a time")
    port: int = Field(8000, ge=1, le=65_535, description="The port on which the web process listens; the host sets it")
    request_seconds: float = Field(15.0, ge=1, le=120, description="Seconds a client may take to send a whole request")
    trusted_hops: int = Field(
        0, ge=0, le=5, description="How many proxies stand in front of the web process (Heroku: 1)"
    )
    health_token: SecretStr = Field(
        SecretStr(""),
        description="Opens /health to a request with Authorization: Bearer <this token>. If empty, /health answers 404",
    )
    metrics_token: SecretStr = Field(
        SecretStr(""),
        description="Opens /metrics to a Prometheus that sends it: Authorization: Bearer …. Without one it is closed",
    )
    api_requests_a_minute: int = Field(
        120, ge=1, le=100_000, description="Requests to the API in a minute that one session or token may make"
    )
    api_origins: str = Field(
        "",
        description="Sites whose pages may use the API in a browser: https://app.example.org[,another]. None if empty",
    )
    webhooks: bool = Field(True, description="Let members have events sent to their own programs (0 forbids it)")
    webhook_networks: str = Field(
        "",
        description="Networks of yours where webhooks may be, also over http: 192.168.1.0/24[,another]. None if empty",
    )
    log_format: str = Field("json", pattern="^(json|console)$", description="json for machines, console for people")
    operator_whatsapp: str = Field(
        "",
        pattern=r"^(whatsapp:\+[1-9]\d{6,14})?$",
        description="Whom WhatsApp messages tell of troubles: whatsapp:+32470000000, the operator's own number",
    )
    operator_email: str = Field(
        "", pattern=r"^([^@\s]+@[^@\s]+)?$", description="Whom e-mails tell of troubles; they need SMTP_URL"
    )
    smtp_url: SecretStr = Field(
        SecretStr(""), description="Who sends those e-mails: smtp://user:password@host:587, or smtps:// with TLS"
    )
    operator_webhook: SecretStr = Field(
        SecretStr(""), description="Where troubles are posted as JSON: an address of Slack, Mattermost or Discord"
    )
    operator_token: SecretStr = Field(
        SecretStr(""),
        description="Opens /operator, with OPERATOR_TOTP or OPERATOR_WHATSAPP. If empty, /operator answers 404",
    )
    operator_totp: SecretStr = Field(
        SecretStr(""), description="The secret of your authenticator app, as `flask operator totp` draws it"
    )
    free_messages_a_month: int = Field(
        1_000, ge=0, description="How many messages within 24 hours of a person's line cost nothing in a month"
    )
    backup_to: str = Field(
        "",
        description="Where backups are kept: a folder (/backups) or a bucket (s3://bucket/folder). None if empty",
    )
    backup_key: SecretStr = Field(
        SecretStr(""),
        description="Encrypts backups: name:base64[,older:base64]. Keep a copy apart from the backups and this host",
    )
    backup_s3_endpoint: str = Field(
        "", description="The address of the service that has the bucket, if it is not Amazon: https://s3.example.org"
    )
    backup_s3_region: str = Field("", description="The bucket's region, as its service calls it: eu-central-1")
    backup_s3_key_id: str = Field("", description="The id of the access key for the bucket")
    backup_s3_secret: SecretStr = Field(SecretStr(""), description="The secret of that access key")
    backup_keep_days: int = Field(
        30, ge=1, le=3650, description="Backups older than so many days are deleted; the newest is always kept"
    )
    backup_keep_count: int = Field(60, ge=1, le=10_000, description="How many backups are kept at most")
    backup_within_hours: int = Field(
        26, ge=1, le=1000, description="/readyz names `backup` if the newest backup is older than so many hours"
    )
    restore_drill_url: SecretStr = Field(
        SecretStr(""),
        description="An empty database for `flask restore-drill`, where it may not create one: postgres://…",
    )
    postgres_client: str = Field(
        "", description="The folder with pg_dump and pg_restore; if empty, those on the PATH or of our package are used"
    )
    sentry_dsn: SecretStr = Field(SecretStr(""), description="Where errors are reported: a DSN of Sentry")
    sentry_environment: str = Field("production", max_length=40, description="What Sentry calls this deployment")
    pretend_clock: bool = Field(False, description="For the demo only: a clock that the page of phones can move")

    @classmethod
    def from_env(cls) -> "Settings":
        """Read the settings from the environment and `.env`. Raises pydantic's ValidationError if one is wrong."""
        read_env_file()
        return cls()

    @field_validator("database_url")
    @classmethod
    def _a_postgres(cls, value: str) -> str:
        try:
            is_ours = make_url(value).drivername in POSTGRES
        except (ArgumentError, ValueError):
            is_ours = False
        if not is_ours:
            raise ValueError(f"DATABASE_URL wants postgres://user:password@host/name; {WRITTEN}")
        return value

    @field_validator("redis_url")
    @classmethod
    def _a_redis(cls, value: str) -> str:
        try:
            parse_url(value)  # type: ignore[no-untyped-call]
        except ValueError:
            raise ValueError(f"REDIS_URL wants redis://host:6379/0, or rediss:// with TLS; {WRITTEN}") from None
        return value

    @field_validator("twilio_api_base_url", "garmin_base_url", "garmin_personal_api_base_url", "meta_graph_url")
    @classmethod
    def _an_address(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is not None and not re.match(r"https?://[^/\s]", value):
            raise ValueError(f"{str(info.field_name).upper()} wants an address that begins with https:// or http://")
        return value

    @field_validator("public_base_url")
    @classmethod
    def _only_an_address(cls, value: HttpUrl) -> HttpUrl:
        if value.query is not None or value.fragment is not None:
            raise ValueError("PUBLIC_BASE_URL wants no ? and no #: those belong to the webhook's address at Twilio")
        return value

    @field_validator("data_keys", "backup_key")
    @classmethod
    def _readable_keys(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        name = str(info.field_name).upper()
        parts = [part.strip() for part in value.get_secret_value().split(",") if part.strip()]
        if not parts and name == "BACKUP_KEY":
            return value
        if not parts or not all(KEY.fullmatch(part) for part in parts):
            raise ValueError(f"{name} wants name:base64[,older:base64], keys of 32 bytes, as from {NEW_KEY}")
        if len({part.split(":")[0] for part in parts}) < len(parts):
            raise ValueError(f"{name} names one key twice")
        return value

    @field_validator("backup_to")
    @classmethod
    def _a_place(cls, value: str) -> str:
        if value and not (value.startswith("/") or re.fullmatch(r"s3://[a-z0-9][a-z0-9.-]+(/[\w./-]*)?", value)):
            raise ValueError("BACKUP_TO wants a folder that begins with / or a bucket as in s3://bucket/folder")
        return value

    @field_validator("backup_s3_endpoint")
    @classmethod
    def _an_endpoint(cls, value: str) -> str:
        if value and not re.fullmatch(r"https?://[^/\s@]+/?", value):
            raise ValueError("BACKUP_S3_ENDPOINT wants an address such as https://s3.example.org, without a password")
        return value

    @field_validator("api_origins")
    @classmethod
    def _only_origins(cls, value: str) -> str:
        for each in filter(None, map(str.strip, value.split(","))):
            if not re.fullmatch(r"https?://[A-Za-z0-9.-]+(:\d{1,5})?", each):
                raise ValueError("API_ORIGINS wants https://app.example.org[,another]: no path, and no *")
        return value

    @field_validator("webhook_networks")
    @classmethod
    def _only_networks(cls, value: str) -> str:
        try:
            [ip_network(each.strip()) for each in value.split(",") if each.strip()]
        except ValueError:
            raise ValueError("WEBHOOK_NETWORKS wants networks such as 192.168.1.0/24[,another]") from None
        return value

    @field_validator("operator_totp")
    @classmethod
    def _a_totp_secret(cls, value: SecretStr) -> SecretStr:
        given = value.get_secret_value()
        if given and not re.fullmatch(r"[A-Z2-7]{32,128}", given):
            raise ValueError("OPERATOR_TOTP wants 32 letters A to Z and digits 2 to 7, as from `flask operator totp`")
        return value

    @field_validator("operator_token")
    @classmethod
    def _as_good_as_a_key(cls, value: SecretStr) -> SecretStr:
        if 0 < len(value.get_secret_value()) < 32:
            raise ValueError("OPERATOR_TOKEN wants 32 characters or more, as from openssl rand -hex 32")
        return value

    @field_validator("health_token", "metrics_token")
    @classmethod
    def _long_enough(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        if 0 < len(value.get_secret_value()) < 16:
            raise ValueError(f"{str(info.field_name).upper()} wants 16 characters or more")
        return value

    @field_validator("smtp_url", "operator_webhook", "sentry_dsn")
    @classmethod
    def _a_secret_address(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        schemes = "smtps?" if info.field_name == "smtp_url" else "https?"
        given = value.get_secret_value()
        if given and not re.match(rf"{schemes}://[^/\s]+", given):
            wanted = "smtp:// or smtps://" if info.field_name == "smtp_url" else "https:// or http://"
            raise ValueError(f"{str(info.field_name).upper()} wants an address that begins with {wanted}")
        return value

    @model_validator(mode="after")
    def _mail_is_whole(self) -> "Settings":
        if self.operator_email and not self.smtp_url.get_secret_value():
            raise ValueError("OPERATOR_EMAIL wants SMTP_URL")
        return self

    @model_validator(mode="after")
    def _sign_in_is_whole(self) -> "Settings":
        if self.operator_totp.get_secret_value() and not self.operator_token.get_secret_value():
            raise ValueError("OPERATOR_TOTP wants OPERATOR_TOKEN too")
        return self

    @model_validator(mode="after")
    def _backup_is_whole(self) -> "Settings":
        if self.backup_to and not self.backup_key.get_secret_value():
            raise ValueError("BACKUP_TO wants BACKUP_KEY: backups are always encrypted")
        if bool(self.backup_s3_key_id) != bool(self.backup_s3_secret.get_secret_value()):
            raise ValueError("BACKUP_S3_KEY_ID and BACKUP_S3_SECRET belong together")
        return self

    @model_validator(mode="after")
    def _meta_is_whole(self) -> "Settings":
        if self.group_transport == "meta" and not (
            self.meta_phone_number_id and self.meta_access_token.get_secret_value()
        ):
            raise ValueError("GROUP_TRANSPORT=meta wants META_PHONE_NUMBER_ID and META_ACCESS_TOKEN")
        return self

    @cached_property
    def base_url(self) -> str:
        """`public_base_url` without a slash at its end."""
        return str(self.public_base_url).rstrip("/")

    @property
    def webhook_address(self) -> str:
        """The address for incoming messages that is set at Twilio. Twilio does not send the part after the #: it makes
        Twilio try again if it gets no answer.
        """
        return f"{self.base_url}/webhooks/twilio/inbound#rc=3&rp=5xx,ct,rt"

    @property
    def redis(self) -> str:
        """`redis_url`, with certificate checks turned off where `redis_self_signed` asks for that."""
        relaxed = self.redis_self_signed and self.redis_url.startswith("rediss://")
        return (
            f"{self.redis_url}{'&' if '?' in self.redis_url else '?'}ssl_cert_reqs=none" if relaxed else self.redis_url
        )

    @property
    def secrets(self) -> list[str]:
        """SECRET_KEY, which signs, and SECRET_KEY_SECOND if it is set, which is only accepted."""
        return [each.get_secret_value() for each in (self.secret_key, self.secret_key_second) if each]

    @property
    def second_auth_token(self) -> str | None:
        """The token besides TWILIO_AUTH_TOKEN that may sign webhooks, or None."""
        second = self.twilio_auth_token_second
        return second.get_secret_value() if second else None

    @property
    def shared_keys(self) -> list[str]:
        """The secrets of Twilio's SharedKeys; an empty list if none are set."""
        text = self.twilio_shared_keys.get_secret_value() if self.twilio_shared_keys else ""
        return [part.strip() for part in text.split(",") if part.strip()]

    @property
    def origins(self) -> list[str]:
        """The sites whose pages may use the API in a browser."""
        return [each.strip() for each in self.api_origins.split(",") if each.strip()]

    @property
    def own_networks(self) -> list[IPv4Network | IPv6Network]:
        """The networks that are not public and where webhooks may be all the same."""
        return [ip_network(each.strip()) for each in self.webhook_networks.split(",") if each.strip()]

    @property
    def link_methods(self) -> list[str]:
        """The ways to connect Garmin, in the order of the link page."""
        return self.garmin_link_methods.split(",")

    @property
    def has_operator_page(self) -> bool:
        """Whether /operator is open: there is a token, and a second way to show who one is."""
        second = self.operator_totp.get_secret_value() or self.operator_whatsapp
        return bool(self.operator_token.get_secret_value() and second)

    @property
    def is_https(self) -> bool:
        """Whether browsers reach us over https: cookies and headers depend on it."""
        return urlsplit(self.base_url).scheme == "https"

    @property
    def bot_phone(self) -> str:
        """The bot's number in digits only, as a wa.me link needs it."""
        return self.twilio_whatsapp_from.removeprefix("whatsapp:+")
