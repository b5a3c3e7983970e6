"""How an endpoint of the API is declared. Its route, permission, documentation and tests
follow from the declaration.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from marshmallow import Schema

from api.declaring.call import Call
from models import Scope

Handler = Callable[..., Any]
ID = "int(max=9007199254740991)"  # the largest integer that is exact in every JSON reader


@dataclass(frozen=True)
class Endpoint:
    """One method of one address.

    `scope` is the permission that a token needs, None if no token is needed. `gives` is the schema of the result, or
    with `many` of each item in a list. `guarded_by` is the handler that shows what this one changes, for If-Match.
    """

    topic: str
    method: str
    path: str
    handler: Handler
    scope: Scope | None
    query: type[Schema] | None = None
    body: type[Schema] | None = None
    gives: type[Schema] | None = None
    many: bool = False
    status: int = 200
    guarded_by: Handler | None = None
    takes_file: bool = False

    @property
    def name(self) -> str:
        """The name of the operation."""
        return self.handler.__name__

    @property
    def is_for_sign_in(self) -> bool:
        """Whether it is refused while requests cannot be counted."""
        return self.topic == "sign_in"

    def __call__(self, call: Call, *arguments: Any, **path: Any) -> Any:
        """Call the handler."""
        return self.handler(call, *arguments, **path)


declared: list[Endpoint] = []


def endpoint(method: str, path: str, *, scope: Scope | None, **more: Any) -> Callable[[Handler], Handler]:
    """Return a decorator that declares a function as the handler of this method and path. The path
    begins after /api/v1.

    The function gets the `Call`, then what was read from the query or the body, then the parts of the path by name.
    `<id:name>` in a path stands for one of our ids.
    """

    def declare(handler: Handler) -> Handler:
        topic = handler.__module__.rsplit(".", 1)[-1]
        made = Endpoint(topic, method, path.replace("<id:", f"<{ID}:"), handler, scope, **more)
        if any(each.name == made.name for each in declared):
            raise ValueError(f"two endpoints are called {made.name}")
        declared.append(made)
        return handler

    return declare


def endpoint_of(handler: Handler) -> Endpoint:
    """Return the endpoint that was declared with this function."""
    return next(each for each in declared if each.handler is handler)
