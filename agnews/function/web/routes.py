"""The HTTP routes: which function replies to a path and method."""

import gzip
from collections.abc import Callable, Mapping
from typing import NamedTuple

from agnews import __version__
from agnews.api.answer import model_facts
from agnews.api.values import Json
from agnews.function.web.body import read_event
from agnews.function.web.errors import HttpError, error_reply
from agnews.function.web.message import HttpReply, HttpRequest, json_reply, without_prefix
from agnews.model.classifier import Classifier
from agnews.settings import Settings

GZIP_FROM_BYTES = 1024
"""Below this size, compression saves less than a network packet."""
NO_SNIFFING = {"x-content-type-options": "nosniff"}


class Service(NamedTuple):
    """What the routes need. `classify` returns the answer to the event of a direct request."""

    classify: Callable[[Json], Mapping[str, object]]
    classifier: Classifier
    settings: Settings


def classify_reply(request: HttpRequest, service: Service) -> HttpReply:
    """Return the answer to the event in the body."""
    return json_reply(200, service.classify(read_event(request)))


def hugging_face_reply(request: HttpRequest, service: Service) -> HttpReply:
    """Return the labels and scores for the inputs in the body, in Hugging Face's form."""
    from agnews.function.web.hugging_face import answer_of, event_of

    event = event_of(read_event(request), len(service.classifier.labels))
    return json_reply(200, answer_of(service.classify(event)))


def health_reply(request: HttpRequest, service: Service) -> HttpReply:
    """Return the version, engine and checkpoint, without an inference."""
    facts = model_facts(service.classifier)
    return json_reply(200, {"status": "ok", "version": __version__, "engine": facts["engine"], "model": facts})


def openapi_reply(request: HttpRequest, service: Service) -> HttpReply:
    """Return the OpenAPI document."""
    from agnews.function.web.openapi import document

    return json_reply(200, document(service.settings, service.classifier.labels))


def page_reply(request: HttpRequest, service: Service) -> HttpReply:
    """Return the page."""
    from agnews.function.web.page import page_for

    page = page_for(service.classifier.labels)
    return HttpReply(200, page.body, page.headers)


Route = Callable[[HttpRequest, Service], HttpReply]

ROUTES: Mapping[str, Mapping[str, Route]] = {
    "/": {"GET": page_reply, "POST": hugging_face_reply},
    "/classify": {"POST": classify_reply},
    "/health": {"GET": health_reply},
    "/openapi.json": {"GET": openapi_reply},
}


def reply_to(request: HttpRequest, service: Service) -> HttpReply:
    """Return the reply to any request. Errors become replies, too; nothing is raised."""
    try:
        reply = _route(request, service)
    except Exception as error:  # whatever it is, the caller gets a status and JSON
        reply = error_reply(error)
    return finish(reply, request, service.settings)


def finish(reply: HttpReply, request: HttpRequest, settings: Settings) -> HttpReply:
    """Return the reply with the common headers, without a body for HEAD, and compressed if the client accepts it."""
    headers = {**NO_SNIFFING, **cors_headers(request, settings), **reply.headers}
    reply = reply._replace(headers=headers)
    if request.method == "HEAD":
        return reply._replace(body=b"", headers=headers | {"content-length": str(len(reply.body))})
    return compress(reply, request.headers.get("accept-encoding", ""))


def _route(request: HttpRequest, service: Service) -> HttpReply:
    path = without_prefix(request.path, service.settings.base_path)
    methods = ROUTES.get(path.rstrip("/") or "/")
    if methods is None:
        raise HttpError(404, f"there is no path {request.path[:80]!r}; the paths are {', '.join(ROUTES)}")
    allowed = allowed_methods(methods)
    if request.method == "OPTIONS":
        return HttpReply(204, headers={"allow": allowed})
    route = methods.get("GET" if request.method == "HEAD" else request.method)
    if route is None:
        raise HttpError(405, f"{request.path} allows {allowed}, not {request.method[:20]}", {"allow": allowed})
    return route(request, service)


def allowed_methods(methods: Mapping[str, Route]) -> str:
    """Return a path's methods for the `allow` header, with HEAD for GET, and OPTIONS."""
    return ", ".join([*methods, *(["HEAD"] if "GET" in methods else []), "OPTIONS"])


def cors_headers(request: HttpRequest, settings: Settings) -> dict[str, str]:
    """Return the headers that allow calls from pages of the origins in AGNEWS_CORS_ORIGINS."""
    origin = request.headers.get("origin")
    if not settings.cors_origins:
        return {}
    any_origin = "*" in settings.cors_origins
    if origin is None or not (any_origin or origin in settings.cors_origins):
        return {"vary": "origin"}
    allowed = {"access-control-allow-origin": "*" if any_origin else origin, "vary": "origin"}
    if request.method != "OPTIONS":
        return allowed
    return allowed | {
        "access-control-allow-methods": "GET, HEAD, POST, OPTIONS",
        "access-control-allow-headers": "content-type, authorization, x-api-key",
        "access-control-max-age": "86400",
    }


def compress(reply: HttpReply, accept_encoding: str) -> HttpReply:
    """Return the reply in gzip if the client accepts it and the reply is large enough."""
    if len(reply.body) < GZIP_FROM_BYTES:
        return reply
    vary = ", ".join(filter(None, [reply.headers.get("vary"), "accept-encoding"]))
    headers = {**reply.headers, "vary": vary}
    if not accepts_gzip(accept_encoding):
        return reply._replace(headers=headers)
    body = gzip.compress(reply.body, compresslevel=5, mtime=0)
    return reply._replace(body=body, headers=headers | {"content-encoding": "gzip"})


def accepts_gzip(accept_encoding: str) -> bool:
    """Return whether the header lists gzip, or `*`, with a quality above 0 (RFC 9110, 12.5.3)."""
    qualities = {}
    for part in accept_encoding.lower().split(","):
        name, _, parameter = part.partition(";")
        qualities[name.strip()] = parameter.strip().removeprefix("q=").strip() or "1"
    quality = qualities.get("gzip", qualities.get("*", "0"))
    try:
        return float(quality) > 0
    except ValueError:
        return False
