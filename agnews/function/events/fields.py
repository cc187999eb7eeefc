"""Checks of an event's fields, by which sources recognise their events."""

from collections.abc import Callable, Mapping

from agnews.api.values import Json

Fields = Mapping[str, Callable[[Json], bool]]
"""Fields that an object must have, with the check of their values. Dots lead into nested objects: `Sns.MessageId`."""


def lacking_fields(record: Json, fields: Fields) -> list[str]:
    """Return the fields that `record` lacks, or whose value does not pass its check."""
    return [path for path, check in fields.items() if not has_fields(record, {path: check})]


def has_fields(record: Json, fields: Fields) -> bool:
    """Return whether `record` is an object with these fields, each with a value that passes its check."""
    for path, check in fields.items():
        value = record
        for key in path.split("."):
            value = value.get(key) if isinstance(value, dict) else None
        if not check(value):
            return False
    return True


def is_present(value: Json) -> bool:
    """Return whether the field is there and not null."""
    return value is not None


def is_string(value: Json) -> bool:
    """Return whether the value is a string."""
    return isinstance(value, str)


def is_object(value: Json) -> bool:
    """Return whether the value is an object."""
    return isinstance(value, dict)


def is_id(value: Json) -> bool:
    """Return whether the value is an id as AWS assigns them: printable ASCII, so that every answer can repeat it."""
    return isinstance(value, str) and value != "" and value.isascii() and value.isprintable()


RECORD_FIELDS: Mapping[str, Fields] = {
    "sqs": {"messageId": is_id, "body": is_string, "attributes": is_object},
    "kinesis": {"kinesis.sequenceNumber": is_id, "kinesis.data": is_string, "eventID": is_id},
    "sns": {"Sns.MessageId": is_id, "Sns.Message": is_string},
}
"""What each of the `Records` of these services has."""
PIPED_FIELDS: Mapping[str, Fields] = {
    "sqs": {"messageId": is_id, "body": is_string},
    "kinesis": {"sequenceNumber": is_id, "data": is_string},
}
"""What EventBridge Pipes passes on of them, in a list."""
