"""The HTTP routes as an OpenAPI 3.1 document."""

from agnews import __version__
from agnews.api.request import Json
from agnews.labels import LABELS
from agnews.settings import Settings


def document(settings: Settings) -> dict[str, Json]:
    """The document, with the limits of `settings`."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "AG News Lambda",
            "version": __version__,
            "description": "The topic of a headline: World, Sports, Business or Sci/Tech, with a calibrated score.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": {
            "/classify": {"post": _classify()},
            "/health": {"get": _get("health", "Which version, engine and checkpoint answer", "Health")},
            "/openapi.json": {"get": _get("openapi", "This document", "OpenApi")},
            "/": {"get": _page()},
        },
        "components": {"schemas": _schemas(settings)},
    }


def _classify() -> dict[str, Json]:
    statuses: dict[str, Json] = {
        "200": _json("The prediction of one text, or the predictions of a list in its order", "Answer"),
        "400": _json("The body is not what its headers say", "Error"),
        "413": _json("Larger than a limit", "Error"),
        "415": _json("A content type or charset that is not read", "Error"),
        "422": _json("Well-formed, and unusable", "Error"),
        "500": _json("The function failed", "Error"),
        "503": _json("The function's time ran out", "Error"),
    }
    return {
        "operationId": "classify",
        "summary": "Classify one headline or a list of them",
        "parameters": [_option("top_k"), _option("min_score"), _option("explain")],
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": _ref("Request"), "examples": _examples()},
                "text/plain": {
                    "schema": {"type": "string", "description": "One headline a line; blank lines are skipped"}
                },
            },
        },
        "responses": statuses,
    }


def _option(name: str) -> Json:
    told = "Here, or beside the texts in JSON, which comes first"
    return {"name": name, "in": "query", "description": told, "schema": _ref(f"Option_{name}")}


def _examples() -> dict[str, Json]:
    one: Json = {"value": {"text": "Oil prices climb as OPEC trims output"}}
    several: Json = {
        "value": {"texts": ["Striker scores twice", {"id": 7, "title": "Chipmaker doubles profit"}], "top_k": 4}
    }
    return {"one": one, "several": several}


def _get(operation: str, summary: str, schema: str) -> dict[str, Json]:
    return {"operationId": operation, "summary": summary, "responses": {"200": _json(summary, schema)}}


def _page() -> dict[str, Json]:
    html: Json = {"text/html": {"schema": {"type": "string"}}}
    response: Json = {"description": "The page", "content": html}
    return {"operationId": "page", "summary": "A page to try it on", "responses": {"200": response}}


def _json(description: str, schema: str) -> Json:
    return {"description": description, "content": {"application/json": {"schema": _ref(schema)}}}


def _ref(schema: str) -> Json:
    return {"$ref": f"#/components/schemas/{schema}"}


def _object(required: tuple[str, ...], **properties: Json) -> Json:
    return {"type": "object", "required": list(required), "properties": properties}


def without(key: str) -> dict[str, Json]:
    """A property that must not be there, for `_object`."""
    return {key: False}


def _array(items: Json) -> Json:
    return {"type": "array", "items": items}


def _schemas(settings: Settings) -> dict[str, Json]:
    label: Json = {"type": "string", "enum": [str(label) for label in LABELS]}
    score: Json = {"type": "number", "minimum": 0, "maximum": 1}
    text: Json = {"type": "string", "minLength": 1, "maxLength": settings.max_chars}
    identifier: Json = {"type": ["string", "number"]}
    described: dict[str, Json] = {
        "description": {"type": ["string", "null"], "description": "Joined to the text"},
        "id": {"type": ["string", "number", "null"], "description": "Echoed"},
    }
    word = _object(
        ("word", "start", "end", "contribution"),
        word={"type": "string"},
        start={"type": "integer", "minimum": 0, "description": "Unicode characters before the word"},
        end={"type": "integer", "minimum": 0},
        contribution={"type": "number", "minimum": -1, "maximum": 1, "description": "The score less that without it"},
    )
    error = _object(("type", "message"), type={"type": "string"}, message={"type": "string"})
    prediction = _object(
        ("label", "score", "truncated"),
        id=identifier,
        label={"anyOf": [label, {"type": "null"}], "description": "null where the score is below min_score"},
        score=score,
        truncated={"type": "boolean", "description": "Whether the end of the text was not read"},
        abstained={"type": "boolean"},
        scores={"type": "object", "additionalProperties": score},
        explanation={"anyOf": [_array(word), {"type": "null"}], "description": "null where time ran out"},
    )
    options: dict[str, Json] = {
        "top_k": {"type": "integer", "minimum": 1, "maximum": len(LABELS), "default": 1},
        "min_score": {**score, "default": 0},  # type: ignore[dict-item]
        "explain": {"type": "boolean", "default": False},
    }
    item: Json = {
        "description": "A string, or an object with text, headline or title, perhaps description, perhaps id (a string "
        "or a number). Anything else gets an error in its place, and the others are answered",
        "examples": ["Striker scores twice", {"title": "Chipmaker doubles profit", "id": 7}],
    }
    texts: Json = {"type": "array", "items": item, "maxItems": settings.max_texts}
    referred: dict[str, Json] = {name: {"anyOf": [_ref(f"Option_{name}"), {"type": "null"}]} for name in options}
    return {
        **{f"Option_{name}": schema for name, schema in options.items()},
        "Request": {
            "anyOf": [
                _object(("text",), text={"anyOf": [text, texts]}, **described, **referred, **without("texts")),
                _object(("texts",), texts=texts, **referred, **without("text")),
                text,
                texts,
            ],
            "description": 'headline and title stand for text, headlines and inputs for texts; {"warmup": true}, too',
        },
        "Prediction": prediction,
        "ItemError": _object(("error",), id=identifier, error=error),
        "Predictions": _object(
            ("predictions", "count", "errors", "model"),
            predictions=_array({"anyOf": [_ref("Prediction"), _ref("ItemError")]}),
            count={"type": "integer", "minimum": 0},
            errors={"type": "integer", "minimum": 0},
            model=_ref("Model"),
        ),
        "Warm": _object(("warm", "model"), warm={"const": True}, model=_ref("Model")),
        "Answer": {"anyOf": [_ref("Prediction"), _ref("Predictions"), _ref("Warm")]},
        "Model": _object(
            ("source", "revision", "engine"),
            source={"type": "string"},
            revision={"type": "string"},
            engine={"type": "string", "enum": ["onnx", "pipeline"]},
        ),
        "Health": _object(
            ("status", "version", "engine", "model"),
            status={"const": "ok"},
            version={"type": "string"},
            engine={"type": "string"},
            model=_ref("Model"),
        ),
        "OpenApi": _object(("openapi", "paths"), openapi={"type": "string"}, paths={"type": "object"}),
        "Error": _object(("error",), error=error),
    }
