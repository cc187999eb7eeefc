"""What each path and method answers."""

import gzip
from collections.abc import Callable, Mapping
from typing import NamedTuple

from agnews import __version__
from agnews.api.answer import model_facts
from agnews.api.request import Json
from agnews.function.web.body import event_of
from agnews.function.web.errors import HttpError, error_reply
from agnews.function.web.message import HttpReply, HttpRequest, json_reply
from agnews.model.classifier import Classifier
from agnews.settings import Settings

GZIP_FROM_BYTES = 1024
"""Below it compressing saves less than a packet."""
NO_SNIFFING = {"x-content-type-options": "nosniff"}


class Service(NamedTuple):
    """What answers: `classify` turns a direct request's event into its answer."""

    classify: Callable[[Json], Mapping[str, object]]
    classifier: Classifier
    settings: Settings


def classify(request: HttpRequest, service: Service) -> HttpReply:
    """The direct request in the body, answered."""
    return json_reply(200, service.classify(event_of(request)))


def health(request: HttpRequest, service: Service) -> HttpReply:
    """Which version, engine and checkpoint answer; no inference."""
    facts = model_facts(service.classifier)
    return json_reply(200, {"status": "ok", "version": __version__, "engine": facts["engine"], "model": facts})


def openapi(request: HttpRequest, service: Service) -> HttpReply:
    """The description of these routes."""
    from agnews.function.web.openapi import document

    return json_reply(200, document(service.settings))


def page(request: HttpRequest, service: Service) -> HttpReply:
    """The page to look at."""
    from agnews.function.web.page import HEADERS, PAGE

    return HttpReply(200, PAGE, HEADERS)


Answer = Callable[[HttpRequest, Service], HttpReply]

ROUTES: Mapping[str, Mapping[str, Answer]] = {
    "/": {"GET": page},
    "/classify": {"POST": classify},
    "/health": {"GET": health},
    "/openapi.json": {"GET": openapi},
}


def reply(request: HttpRequest, service: Service) -> HttpReply:
    """The reply, an error's too: nothing is raised."""
    try:
        found = _routed(request, service)
    except Exception as error:  # whatever it was, the caller gets a status and JSON
        found = error_reply(error)
    return finished(found, request, service.settings)


def finished(found: HttpReply, request: HttpRequest, settings: Settings) -> HttpReply:
    """The reply with the headers that every one has, without a body for HEAD, and compressed where that is wanted."""
    headers = {**NO_SNIFFING, **cors(request, settings), **found.headers}
    found = found._replace(headers=headers)
    if request.method == "HEAD":
        return found._replace(body=b"", headers=headers | {"content-length": str(len(found.body))})
    return compressed(found, request.headers.get("accept-encoding", ""))


def _routed(request: HttpRequest, service: Service) -> HttpReply:
    methods = ROUTES.get(request.path.rstrip("/") or "/")
    if methods is None:
        raise HttpError(404, f"there is no {request.path[:80]!r}; there are {', '.join(ROUTES)}")
    allowed = allow(methods)
    if request.method == "OPTIONS":
        return HttpReply(204, headers={"allow": allowed})
    answer = methods.get("GET" if request.method == "HEAD" else request.method)
    if answer is None:
        raise HttpError(405, f"{request.path} takes {allowed}, not {request.method[:20]}", {"allow": allowed})
    return answer(request, service)


def allow(methods: Mapping[str, Answer]) -> str:
    """The methods of a path, with those that come along."""
    return ", ".join([*methods, *(["HEAD"] if "GET" in methods else []), "OPTIONS"])


def cors(request: HttpRequest, settings: Settings) -> dict[str, str]:
    """The headers that let pages of the origins in AGNEWS_CORS_ORIGINS call."""
    origin = request.headers.get("origin")
    if not settings.cors_origins:
        return {}
    everybody = "*" in settings.cors_origins
    if origin is None or not (everybody or origin in settings.cors_origins):
        return {"vary": "origin"}
    allowed = {"access-control-allow-origin": "*" if everybody else origin, "vary": "origin"}
    if request.method != "OPTIONS":
        return allowed
    return allowed | {
        "access-control-allow-methods": "GET, HEAD, POST, OPTIONS",
        "access-control-allow-headers": "content-type, authorization, x-api-key",
        "access-control-max-age": "86400",
    }


def compressed(found: HttpReply, accepted: str) -> HttpReply:
    """The reply in gzip where that was asked for and pays."""
    if len(found.body) < GZIP_FROM_BYTES:
        return found
    vary = ", ".join(filter(None, [found.headers.get("vary"), "accept-encoding"]))
    headers = {**found.headers, "vary": vary}
    if not takes_gzip(accepted):
        return found._replace(headers=headers)
    body = gzip.compress(found.body, compresslevel=5, mtime=0)
    return found._replace(body=body, headers=headers | {"content-encoding": "gzip"})


def takes_gzip(accepted: str) -> bool:
    """Whether an accept-encoding header names gzip, or everything, with a quality above 0 (RFC 9110, 12.5.3)."""
    qualities = {}
    for part in accepted.lower().split(","):
        name, _, parameter = part.partition(";")
        qualities[name.strip()] = parameter.strip().removeprefix("q=").strip() or "1"
    quality = qualities.get("gzip", qualities.get("*", "0"))
    try:
        return float(quality) > 0
    except ValueError:
        return False
