"""The HTTP routes as an OpenAPI 3.1 document."""

from collections.abc import Iterable, Mapping, Sequence

from agnews import __version__
from agnews.api.values import Json
from agnews.function.names import names_of
from agnews.settings import Settings

SCORE: Mapping[str, Json] = {"type": "number", "minimum": 0, "maximum": 1}
ID: Json = {"type": ["string", "number"]}
COUNT: Json = {"type": "integer", "minimum": 0}
STRING: Json = {"type": "string"}
PLAIN_TEXT = "One headline per line, blank lines are skipped; or the JSON of a request"


def document(settings: Settings, labels: Sequence[str]) -> dict[str, Json]:
    """Return the document for a checkpoint's labels, with the limits in `settings`."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "AG News Lambda",
            "version": __version__,
            "description": f"Classifies headlines into {len(labels)} topics, with calibrated scores.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": settings.base_path or "/"}],
        "paths": {
            "/classify": {"post": _classify()},
            "/health": {"get": _get("health", "Version, engine and checkpoint", "Health")},
            "/openapi.json": {"get": _get("openapi", "This document", "OpenApi")},
            "/": {"get": _page(), "post": _hugging_face()},
        },
        "components": {"schemas": _schemas(settings, labels)},
    }


def _statuses(description: str, schema: str) -> dict[str, Json]:
    return {
        "200": _json(description, schema),
        "400": _json("The body is not what its headers say: not JSON, not UTF-8 or not base64", "Error"),
        "413": _json("The request or the answer exceeds a limit", "Error"),
        "415": _json("The content type or charset is not supported", "Error"),
        "422": _json("The JSON is valid but cannot be classified", "Error"),
        "500": _json("The function failed; its log has the details", "Error"),
        "503": _json("The time ran out; try again", "Error"),
    }


def _classify() -> dict[str, Json]:
    statuses = _statuses("The prediction for one text, or the predictions for a list, in its order", "Answer")
    return {
        "operationId": "classify",
        "summary": "Classify one headline or a list of them",
        "parameters": [_option("top_k"), _option("min_score"), _option("explain")],
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": _ref("Request"), "examples": _examples()},
                "text/plain": {"schema": {"type": "string", "description": PLAIN_TEXT}},
            },
        },
        "responses": statuses,
    }


def _hugging_face() -> dict[str, Json]:
    statuses = _statuses("The labels and scores of each text, in order", "Scores")
    content: Json = {"application/json": {"schema": _ref("Inputs")}}
    summary = "Classify one headline or a list of them, as Hugging Face's clients ask"
    body: Json = {"required": True, "content": content}
    return {"operationId": "inputs", "summary": summary, "requestBody": body, "responses": statuses}


def _option(name: str) -> Json:
    description = "May also be in the JSON body, which takes precedence"
    return {"name": name, "in": "query", "description": description, "schema": _ref(f"Option_{name}")}


def _examples() -> dict[str, Json]:
    texts: Json = ["Striker scores twice", {"id": 7, "title": "Chipmaker doubles profit"}]
    return {
        "one": {"value": {"text": "Oil prices climb as OPEC trims output"}},
        "several": {"value": {"texts": texts, "top_k": 2}},
    }


def _get(operation: str, summary: str, schema: str) -> dict[str, Json]:
    return {"operationId": operation, "summary": summary, "responses": {"200": _json(summary, schema)}}


def _page() -> dict[str, Json]:
    html: Json = {"text/html": {"schema": {"type": "string"}}}
    response: Json = {"description": "The page", "content": html}
    return {"operationId": "page", "summary": "A page to try the classifier", "responses": {"200": response}}


def _json(description: str, schema: str) -> Json:
    return {"description": description, "content": {"application/json": {"schema": _ref(schema)}}}


def _ref(schema: str) -> Json:
    return {"$ref": f"#/components/schemas/{schema}"}


def _object(required: tuple[str, ...], **properties: Json) -> dict[str, Json]:
    return {"type": "object", "required": list(required), "properties": properties}


def _array(items: Json) -> Json:
    return {"type": "array", "items": items}


def _or_null(schema: Json, **annotations: Json) -> Json:
    return {"anyOf": [schema, {"type": "null"}], **annotations}


def _schemas(settings: Settings, labels: Sequence[str]) -> dict[str, Json]:
    options = _options(len(labels))
    return {
        **{f"Option_{name}": schema for name, schema in options.items()},
        **_requests(settings, options),
        "Label": _label(labels),
        "Inputs": _inputs(settings),
        "Scores": _array(_array(_object(("label", "score"), label=_ref("Label"), score={**SCORE}))),
        "Prediction": _prediction(),
        "Word": _word(),
        "ItemError": _object(("error",), id=ID, error=_ref("ErrorDetail")),
        "Predictions": _object(
            ("predictions", "count", "errors", "model"),
            predictions=_array({"anyOf": [_ref("Prediction"), _ref("ItemError")]}),
            count=COUNT,
            errors=COUNT,
            model=_ref("Model"),
        ),
        "Warm": _object(("warm", "model"), warm={"const": True}, model=_ref("Model")),
        "Answer": {"anyOf": [_ref("Prediction"), _ref("Predictions"), _ref("Warm")]},
        "Model": _model(),
        "Health": _health(),
        "OpenApi": _object(("openapi", "paths"), openapi=STRING, paths={"type": "object"}),
        "Error": _object(("error",), error=_ref("ErrorDetail")),
        "ErrorDetail": _object(("type", "message"), type=STRING, message=STRING),
    }


def _label(labels: Sequence[str]) -> Json:
    """Return the schema of a label, with names for the constants that generators of clients make of it."""
    return {"type": "string", "enum": [*labels], "x-enum-varnames": [name.upper() for name in names_of(labels)]}


def _options(label_count: int) -> dict[str, Json]:
    return {
        "top_k": {"type": "integer", "minimum": 1, "maximum": label_count, "default": 1},
        "min_score": {**SCORE, "default": 0},
        "explain": {"type": "boolean", "default": False},
    }


def _text(settings: Settings) -> Json:
    return {"type": "string", "minLength": 1, "maxLength": settings.max_chars}


def _inputs(settings: Settings) -> Json:
    texts: Json = {"type": "array", "items": _text(settings), "maxItems": settings.max_texts}
    top_k = _or_null(_ref("Option_top_k"))
    parameters: Json = {"type": "object", "properties": {"top_k": top_k}, "additionalProperties": False}
    return _object(("inputs",), inputs={"anyOf": [_text(settings), texts]}, parameters=_or_null(parameters))


def _requests(settings: Settings, option_names: Iterable[str]) -> dict[str, Json]:
    """Return the schemas of a request's body."""
    text = _text(settings)
    texts: Json = {"type": "array", "items": _item(), "maxItems": settings.max_texts}
    options = {name: _or_null(_ref(f"Option_{name}")) for name in option_names}
    extras: dict[str, Json] = {
        "description": {"type": ["string", "number", "null"], "description": "Appended to the text, unless a number"},
        "id": {"type": ["string", "number", "null"], "description": "Repeated in the prediction"},
    }
    return {
        "Request": {
            "anyOf": [_ref("TextRequest"), _ref("ListRequest"), text, texts],
            "description": "headline or title may replace text, headlines or inputs may replace texts; "
            "an object under options or parameters may hold the options. "
            '{"warmup": true} returns the model without an inference',
        },
        "TextRequest": {**_object(("text",), text={"anyOf": [text, texts]}, **extras, **options), **_without("texts")},
        "ListRequest": {**_object(("texts",), texts=texts, **options), **_without("text")},
    }


def _without(name: str) -> dict[str, Json]:
    """Return a schema's condition that a property is absent. Generators of clients refuse `false` as its schema."""
    return {"not": {"required": [name]}}


def _item() -> Json:
    return {
        "description": "A string, or an object with headline, title or text, optionally description, and optionally "
        "id (a string or a number). An item that cannot be used gets an error in its place",
        "examples": ["Striker scores twice", {"title": "Chipmaker doubles profit", "id": 7}],
    }


def _prediction() -> Json:
    return _object(
        ("label", "score", "truncated"),
        id=ID,
        label=_or_null(_ref("Label"), description="null if the score is below min_score"),
        score={**SCORE},
        truncated={"type": "boolean", "description": "Whether the text was longer than the model reads"},
        unfamiliar={"type": "boolean", "description": "Only there, and true, if the text is unlike English"},
        abstained={"type": "boolean"},
        scores={"type": "object", "additionalProperties": {**SCORE}},
        explanation=_or_null(_array(_ref("Word")), description="null if time ran out"),
    )


def _word() -> Json:
    contribution: Json = {
        "type": "number",
        "minimum": -1,
        "maximum": 1,
        "description": "The score minus the score without the word",
    }
    return _object(
        ("word", "start", "end", "contribution"),
        word=STRING,
        start={"type": "integer", "minimum": 0, "description": "Position in Unicode characters"},
        end=COUNT,
        contribution=contribution,
    )


def _model() -> Json:
    engine: Json = {"type": "string", "enum": ["onnx", "pipeline"]}
    return _object(("source", "revision", "engine"), source=STRING, revision=STRING, engine=engine)


def _health() -> Json:
    return _object(
        ("status", "version", "engine", "model"),
        status={"const": "ok"},
        version=STRING,
        engine=STRING,
        model=_ref("Model"),
    )
