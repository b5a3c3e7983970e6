"""Adds the API to the app: routes, limits, documentation, and CORS for the origins that the operator has set."""

from collections.abc import Callable
from functools import cache
from typing import Any

from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Blueprint as FlaskBlueprint
from flask import Flask, Request, Response, current_app, render_template
from flask_cors import CORS
from flask_smorest import Api, Blueprint
from marshmallow import Schema
from webargs.flaskparser import FlaskParser

from api import limits, resources
from api.declaring import idempotency, problems
from api.declaring.call import Call
from api.declaring.endpoints import Endpoint, declared, endpoint_of
from api.declaring.envelopes import ProblemSchema, enveloped, schema_of
from api.declaring.problems import refuse
from api.declaring.serving import Inner, serve
from world import World

ROOT = "/api/v1"
WORLD = "world"  # the key of the app's extension that holds the world
TITLE = "Gruppetto"
VERSION = "1"
FAILS = (400, 401, 403, 404, 405, 409, 412, 413, 415, 422, 429, 503)
TOPICS = {
    "sign_in": "Signing in with a code from the chat",
    "access": "Tokens, sessions, and personal tokens for scripts",
    "me": "What belongs to oneself",
    "activities": "One's own activities",
    "groups": "Groups: starting, settings, leaving",
    "roster": "Who is in a group, invites and requests, roles",
    "sharing": "What a group sees of oneself",
    "play": "Boards and goals",
    "challenges": "Challenges of a group",
    "rivalry": "Rivalries, seasons and kudos",
    "away": "Being away",
    "digests": "Digests, when they come, and pages that show them",
    "webhooks": "Webhooks: events that are sent to programs of one's own",
    "feeds": "Addresses for calendar apps and feed readers",
}
EXPOSED = ["ETag", "Idempotency-Replayed", "Retry-After", "X-RateLimit-Limit", "X-RateLimit-Remaining", "Location"]
SECURITY = {"type": "http", "scheme": "bearer", "description": "An access token, or a personal token."}
KEY = {
    "in": "header",
    "name": idempotency.HEADER,
    "required": False,
    "schema": {"type": "string", "pattern": r"^[\x21-\x7e]{1,255}$"},
    "description": "The same key with the same request gives the same answer, for a day.",
}
IF_MATCH = {
    "in": "header",
    "name": "If-Match",
    "required": False,
    "schema": {"type": "string"},
    "description": "Change it only while it has this ETag.",
}


class _Parser(FlaskParser):
    """webargs' parser, but JSON that makes it fail (too deep, or a number of thousands of digits)
    is refused as not valid.
    """

    def load_json(self, req: Request, schema: Schema) -> Any:
        try:
            return super().load_json(req, schema)
        except (RecursionError, ValueError):
            refuse("not-valid", errors=[{"pointer": "json:", "detail": "This cannot be read."}])


class _Blueprint(Blueprint):  # type: ignore[misc]
    """flask-smorest's blueprint, with our parser."""

    ARGUMENTS_PARSER = _Parser()


class _Api(Api):  # type: ignore[misc]
    """flask-smorest's API, with our problems in place of its own errors."""

    ERROR_SCHEMA = ProblemSchema
    DEFAULT_ERROR_RESPONSE_NAME = None  # each possible status is declared

    def _register_error_handlers(self) -> None:
        """Do nothing: web/app.py has one error handler for all pages."""

    def _register_doc_blueprint(self) -> None:
        """Do nothing: we serve the documentation ourselves, because flask-smorest's pages load
        scripts from other servers.
        """


def mount(app: Flask, world: World) -> None:
    """Add everything below /api/v1 to the app."""
    app.extensions[WORLD] = world
    counts, guards = limits.open_limiter(app, world), limits.shut_limiter(app, world)
    for blueprint in _blueprints():
        if blueprint.name == "api_sign_in":
            guards.limit(limits.SIGN_IN, key_func=lambda: limits.network(world))(blueprint)
            guards.limit(limits.SIGN_IN_BY_ALL, key_func=lambda: "all")(blueprint)
        else:
            counts.limit(f"{world.settings.api_requests_a_minute}/minute")(blueprint)
        app.register_blueprint(blueprint)
    app.register_blueprint(_documents())
    if world.settings.origins:
        CORS(
            app,
            resources={f"{ROOT}/*": {"origins": world.settings.origins}},
            allow_headers=["Authorization", "Content-Type", idempotency.HEADER, "If-Match", "If-None-Match"],
            expose_headers=EXPOSED,
            max_age=600,
        )


@cache
def specification() -> dict[str, Any]:
    """Return the OpenAPI 3.1 specification, made from the declarations. It is the same for every deployment."""
    api = _Api(
        Flask("specification"),
        spec_kwargs={
            "title": TITLE,
            "version": VERSION,
            "openapi_version": "3.1.0",
            "marshmallow_plugin": MarshmallowPlugin(schema_name_resolver=_named),
            "info": {"description": "The same as in the chat, for programs. See docs/api.md."},
        },
    )
    api.spec.components.security_scheme("bearer", SECURITY)
    for blueprint in _blueprints():
        api.register_blueprint(blueprint)
    made: dict[str, Any] = api.spec.to_dict()
    return made


@cache
def _blueprints() -> tuple[Any, ...]:
    """Return all routes. They are made once for all apps of this process; each app knows its world."""
    assert resources.__all__  # noqa: S101 - importing it has declared everything
    made = {
        topic: _Blueprint(f"api_{topic}", __name__, url_prefix=ROOT, description=described)
        for topic, described in TOPICS.items()
    }
    for each in declared:
        _add(made[each.topic], each)
    return tuple(made.values())


def _add(blueprint: Any, endpoint: Endpoint) -> None:
    """Add the route of one endpoint, with its documentation."""
    inner, show = _documented(blueprint, endpoint), None
    if endpoint.guarded_by is not None:
        show = _documented(blueprint, endpoint_of(endpoint.guarded_by))
    view = _view(endpoint, inner, show)
    blueprint.route(endpoint.path, methods=[endpoint.method], endpoint=endpoint.name)(view)


def _view(endpoint: Endpoint, inner: Inner, show: Inner | None) -> Callable[..., Response]:
    def view(**path: Any) -> Response:
        return serve(current_app.extensions[WORLD], endpoint, inner, show, path)

    view.__name__, view.__doc__ = endpoint.name, endpoint.handler.__doc__
    view._apidoc = inner._apidoc  # type: ignore[attr-defined]  # noqa: SLF001 - where flask-smorest looks for it
    return view


def _documented(blueprint: Any, endpoint: Endpoint) -> Any:
    """Return the handler in a form in which flask-smorest reads its arguments from the request and documents it."""

    def handled(*arguments: Any, **path: Any) -> Any:
        call: Call = arguments[0]
        call.require_precondition()
        result = endpoint(*arguments, **path)
        if isinstance(result, Response):
            return result
        return Response(status=endpoint.status) if endpoint.gives is None else enveloped(endpoint, result)

    handled.__name__, handled.__doc__ = endpoint.name, endpoint.handler.__doc__
    made: Any = handled
    if endpoint.body is not None:
        made = blueprint.arguments(endpoint.body, unknown=None)(made)
    if endpoint.query is not None:
        made = blueprint.arguments(endpoint.query, location="query", unknown=None)(made)
    made = blueprint.response(endpoint.status, schema_of(endpoint))(made)
    for status in FAILS:
        made = blueprint.alt_response(status, schema=ProblemSchema, content_type=problems.TYPE)(made)
    made = blueprint.doc(**_manual(endpoint))(made)
    headers = ([KEY] if endpoint.method == "POST" else []) + ([IF_MATCH] if endpoint.guarded_by else [])
    # Added to the parameters of the query: those given to `doc` would replace them.
    made._apidoc.setdefault("arguments", {}).setdefault("parameters", []).extend(headers)  # noqa: SLF001
    return made


def _manual(endpoint: Endpoint) -> dict[str, Any]:
    """Return the documentation that flask-smorest cannot derive."""
    told: dict[str, Any] = {"operationId": endpoint.name, "security": [{"bearer": []}] if endpoint.scope else []}
    if endpoint.scope:
        told["x-scope"] = endpoint.scope.value
    if endpoint.takes_file:
        # `format` is the way of OpenAPI 3.0, by which generators of clients still know a file
        schema = {"type": "string", "format": "binary", "contentMediaType": "application/octet-stream"}
        told["requestBody"] = {"required": True, "content": {"application/octet-stream": {"schema": schema}}}
    return told


@cache
def _documents() -> FlaskBlueprint:
    """Return the routes of the specification and of a page that shows it. The page needs no
    script and no other server.
    """
    routes = FlaskBlueprint("api_documents", __name__, url_prefix=ROOT)

    @routes.get("/openapi.json")
    def openapi() -> dict[str, Any]:
        return specification()

    @routes.get("/docs")
    def page() -> str:
        return render_template("api.html", spec=specification(), problems=problems.OWN | problems.all_refusals())

    return routes


def _named(schema: Any) -> str:
    """Return the name of a schema in the specification."""
    kind = schema if isinstance(schema, type) else type(schema)
    return kind.__name__.removesuffix("Schema")
