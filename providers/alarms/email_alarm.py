"""Tells the operator by e-mail, through the SMTP server of SMTP_URL: smtp://user:password@host:587 or smtps://…:465."""

import smtplib
import ssl
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

from providers.alarm import AlarmFailed

PATIENCE = 8.0  # seconds
PORTS = {"smtp": 587, "smtps": 465}


class EmailAlarm:
    """Implements `Alarm` by e-mail. Over smtp:// the connection is encrypted if the server offers STARTTLS."""

    name = "e-mail"

    def __init__(self, server: str, address: str) -> None:
        self._server, self._address = urlsplit(server), address

    def ring(self, title: str, text: str) -> None:
        """Send the e-mail. See `Alarm.ring`."""
        mail = EmailMessage()
        mail["Subject"], mail["From"], mail["To"] = title, self._address, self._address
        mail.set_content(text)
        try:
            with self._connected() as line:
                line.send_message(mail)
        except (OSError, smtplib.SMTPException) as error:
            raise AlarmFailed(type(error).__name__) from None

    def _connected(self) -> smtplib.SMTP:
        host, kind = self._server.hostname or "", self._server.scheme
        port = self._server.port or PORTS[kind]
        if kind == "smtps":
            line: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=PATIENCE, context=ssl.create_default_context())
        else:
            line = smtplib.SMTP(host, port, timeout=PATIENCE)
            line.ehlo()
            if line.has_extn("starttls"):
                line.starttls(context=ssl.create_default_context())
        if self._server.username:
            line.login(unquote(self._server.username), unquote(self._server.password or ""))
        return line
