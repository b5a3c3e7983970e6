"""The lines of the product to its servers, with a lever on each."""

from contextlib import ExitStack
from urllib.parse import urlsplit

from simulator.proxy import Proxy
from simulator.services import Services


class Network:
    """Proxies before Postgres, Redis and the pretend Twilio. The bench itself goes round them; so does the product
    where the network is `straight`, for a proxy costs time.
    """

    def __init__(self, *, straight: bool = False) -> None:
        self.straight = straight
        self._proxies = ExitStack()
        self.postgres: Proxy
        self.redis: Proxy
        self.twilio: Proxy

    def between(self, at: Services) -> Services:
        """Where the product finds the two servers."""
        if self.straight:
            return at
        self.postgres, database_url = self._before(at.database_url)
        self.redis, redis_url = self._before(at.redis_url)
        return Services(database_url, redis_url)

    def before_twilio(self, url: str) -> str:
        """Where the product finds the pretend Twilio."""
        if self.straight:
            return url
        self.twilio, through = self._before(url)
        return through

    def close(self) -> None:
        """Take the proxies away."""
        self._proxies.close()

    def _before(self, url: str) -> tuple[Proxy, str]:
        parts = urlsplit(url)
        if parts.hostname is None or parts.port is None:
            raise ValueError("an address without host and port cannot have a proxy before it")
        proxy = self._proxies.enter_context(Proxy(parts.hostname, parts.port))
        who, at, _ = parts.netloc.rpartition("@")
        return proxy, parts._replace(netloc=f"{who}{at}127.0.0.1:{proxy.port}").geturl()
