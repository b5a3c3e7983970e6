"""Records what a browser did: every request, and every error in its console."""

from playwright.sync_api import BrowserContext, ConsoleMessage, Request, Response

from tests.browser.people import Missed


class Watch:
    """Listens to a browser context. Its findings are sentences; none means that there was no problem."""

    def __init__(self, context: BrowserContext) -> None:
        self.requests = 0
        self.findings: list[str] = []
        context.on("request", self._request)
        context.on("response", self._response)
        context.on("console", self._console)
        context.on("weberror", lambda error: self.findings.append(f"A script failed: {error.error}"))

    def verdict(self) -> None:
        """Raise `Missed` with the findings."""
        if self.findings:
            raise Missed("The browser should have nothing to complain of. " + " ".join(dict.fromkeys(self.findings)))

    def _request(self, request: Request) -> None:
        self.requests += 1
        if not request.url.startswith("http://127.0.0.1:"):
            self.findings.append(f"A request left this computer: {request.method} {request.url}")

    def _response(self, response: Response) -> None:
        if response.status >= 400:
            self.findings.append(f"{response.request.method} {response.url} was answered with {response.status}.")

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.findings.append(f"The console said ({message.type}): {message.text}")
