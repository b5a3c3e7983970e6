"""The product's connections to its servers, which can be disturbed."""

from contextlib import ExitStack
from urllib.parse import urlsplit

from simulator.proxy import Proxy
from simulator.services import Services


class Network:
    """Proxies in front of Postgres, Redis and the pretend Twilio. The bench itself does not use them; nor does the
    product if the network is `straight`, because a proxy costs time.
    """

    def __init__(self, *, straight: bool = False) -> None:
        self.straight = straight
        self._proxies = ExitStack()
        self.postgres: Proxy
        self.redis: Proxy
        self.twilio: Proxy

    def between(self, at: Services) -> Services:
        """Return the addresses of the two servers for the product."""
        if self.straight:
            return at
        self.postgres, database_url = self._before(at.database_url)
        self.redis, redis_url = self._before(at.redis_url)
        return Services(database_url, redis_url)

    def before_twilio(self, url: str) -> str:
        """Return the address of the pretend Twilio for the product."""
        if self.straight:
            return url
        self.twilio, through = self._before(url)
        return through

    def close(self) -> None:
        """End the proxies."""
        self._proxies.close()

    def _before(self, url: str) -> tuple[Proxy, str]:
        parts = urlsplit(url)
        if parts.hostname is None or parts.port is None:
            raise ValueError("an address without host and port cannot have a proxy before it")
        proxy = self._proxies.enter_context(Proxy(parts.hostname, parts.port))
        who, at, _ = parts.netloc.rpartition("@")
        return proxy, parts._replace(netloc=f"{who}{at}127.0.0.1:{proxy.port}").geturl()
