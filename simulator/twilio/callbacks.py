"""The signed webhooks and status callbacks that the pretend Twilio sends, from a few threads."""

from collections import Counter, deque
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from threading import Condition
from urllib.parse import urlencode
from uuid import uuid4

import urllib3
from twilio.request_validator import SIGNATURE_HEADER, SIGNATURE_SETTINGS_HEADER, RequestValidator
from werkzeug.datastructures import MultiDict

from simulator.twilio.rules import WHY
from simulator.twilio.values import LOST, PretendMessage

NO_ANSWER = 0
SAID_BY_WHATSAPP = {"delivered", "read", "undelivered", "failed"}
Job = Callable[[], object]


class Courier:
    """Posts signed forms, once, and counts the answers."""

    def __init__(self) -> None:
        self.answers: Counter[int] = Counter()
        self._http = urllib3.PoolManager(maxsize=16, retries=False)

    def post(self, url: str, form: Mapping[str, str], signature: Mapping[str, str], seconds: float) -> int:
        """Post a form and return the HTTP status of the answer, or NO_ANSWER. The part of the address after #
        is not sent.
        """
        headers = {
            "User-Agent": "TwilioProxy/1.1",
            "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
            "I-Twilio-Idempotency-Token": str(uuid4()),
            **signature,
        }
        body = urlencode(pairs_of(form))
        try:
            answer = self._http.request(
                "POST", url.partition("#")[0], body=body, headers=headers, timeout=seconds, redirect=False
            )
            status = answer.status
        except urllib3.exceptions.HTTPError:
            status = NO_ANSWER
        self.answers[status] += 1
        return status


def pairs_of(form: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the fields of a form in their order. A MultiDict may contain a field several times."""
    return list(form.items(multi=True) if isinstance(form, MultiDict) else form.items())


def receipt(message: PretendMessage, status: str, account_sid: str) -> dict[str, str]:
    """Return a status callback, with Twilio's keys in Twilio's order."""
    form = {"EventType": status.upper()} if status in SAID_BY_WHATSAPP else {}
    form |= {"SmsSid": message.sid, "SmsStatus": status, "MessageStatus": status}
    if status in LOST:
        form["ErrorCode"] = str(message.error_code)
        form["ChannelStatusMessage"] = WHY.get(message.error_code or 0, "undeliverable")
    form["ChannelToAddress"] = message.to.removeprefix("whatsapp:")[:-4] + "XXXX"
    form |= {"To": message.to, "ChannelPrefix": "whatsapp", "MessageSid": message.sid, "AccountSid": account_sid}
    if status not in SAID_BY_WHATSAPP:
        form["StructuredMessage"] = "true" if message.content_sid else "false"
    return form | {
        "From": message.from_,
        "ApiVersion": "2010-04-01",
        "ChannelInstallSid": f"XE{account_sid[2:]}",
    }


def signature(url: str, form: Mapping[str, str], auth_token: str, shared_key: str | None) -> dict[str, str]:
    """Return the signature header as Twilio computes it: SHA-1 with the auth token, or SHA-256 with a shared key."""
    url = url.partition("#")[0]
    if shared_key is None:
        return {SIGNATURE_HEADER: RequestValidator(auth_token).compute_signature(url, form)}
    return {
        SIGNATURE_HEADER: RequestValidator(shared_key).compute_signature(url, form, "HMAC_SHA256"),
        SIGNATURE_SETTINGS_HEADER: "key=webhooks_sharedkey_pretend,algorithm=HMAC_SHA256",
    }


class Lanes:
    """Runs jobs on a few threads. Jobs of the same lane run one after the other, in their order."""

    def __init__(self, threads: int = 8) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="pretend-twilio")
        self._lanes: dict[str, deque[Job]] = {}
        self._pending = 0
        self._failure: BaseException | None = None
        self._changed = Condition()

    def put(self, lane: str, job: Job) -> None:
        """Queue a job behind the others of its lane."""
        with self._changed:
            self._pending += 1
            if lane in self._lanes:
                self._lanes[lane].append(job)
                return
            self._lanes[lane] = deque([job])
        self._pool.submit(self._run, lane)

    def settle(self, seconds: float) -> None:
        """Wait until nothing is queued or running. Raises what a job raised, or TimeoutError."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._pending == 0, seconds):
                raise TimeoutError(f"{self._pending} deliveries are still pending after {seconds} s")
            failure, self._failure = self._failure, None
        if failure is not None:
            raise failure

    def close(self) -> None:
        """Finish what is running and stop the threads."""
        self._pool.shutdown(cancel_futures=True)

    def _run(self, lane: str) -> None:
        job: Job | None = self._lanes[lane][0]
        while job is not None:
            try:
                job()
            except Exception as failure:  # noqa: BLE001 - told to whoever waits in settle()
                self._failure = failure
            job = self._next(lane)

    def _next(self, lane: str) -> Job | None:
        with self._changed:
            self._pending -= 1
            self._changed.notify_all()
            jobs = self._lanes[lane]
            jobs.popleft()
            if jobs:
                return jobs[0]
            del self._lanes[lane]
            return None
