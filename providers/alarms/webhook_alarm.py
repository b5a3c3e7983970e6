"""Tells the operator by a webhook: JSON with the field `text`, which Slack and Mattermost read, and
`content` for Discord.
"""

import requests

from providers.alarm import AlarmFailed

PATIENCE = 8.0  # seconds


class WebhookAlarm:
    """Implements `Alarm` by a webhook. It follows no redirect, because the text is only for that host."""

    name = "webhook"

    def __init__(self, address: str) -> None:
        self._address = address

    def ring(self, title: str, text: str) -> None:
        """Post the text. See `Alarm.ring`."""
        said = f"{title}\n{text}"
        try:
            answer = requests.post(
                self._address, json={"text": said, "content": said}, timeout=PATIENCE, allow_redirects=False
            )
        except requests.RequestException as error:
            raise AlarmFailed(type(error).__name__) from None
        if not 200 <= answer.status_code < 300:
            raise AlarmFailed(f"status {answer.status_code}")
