"""Files in S3 for a bulk run: where they are, and whether their first lines can be what is asked for."""

import io
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from agnews.api.request import Json, read_item
from agnews.cli.bulk.aws import told
from agnews.cli.files.columns import Names, find_columns
from agnews.cli.files.rows import read_lines, records
from agnews.errors import InputError
from agnews.settings import Settings

HEAD_BYTES = 64 * 1024
"""What is read of a file before it is started."""
BOM = b"\xef\xbb\xbf"
URI = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(.*))?", re.DOTALL)


@dataclass(frozen=True)
class Place:
    """An object in S3, or the beginning that several have in common."""

    bucket: str
    key: str

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key}"


def place(uri: str, what: str) -> Place:
    """The place that an S3 URI names. Raises InputError, naming `what` it is for, for anything else."""
    match = URI.fullmatch(uri)
    if match is None:
        raise InputError(f"the {what} is {uri!r}; expected s3://BUCKET/… with a bucket's name in small letters")
    return Place(match[1], match[2] or "")


def input_place(uri: str) -> tuple[Place, str]:
    """Where the file is, and its format as the state machine names it: csv or jsonl."""
    found = place(uri, "input")
    for suffix, form in ((".csv", "csv"), (".jsonl", "jsonl")):
        if found.key.lower().endswith(suffix) and found.key != suffix:
            return found, form
    raise InputError(f"the input is {uri}; expected a file whose name ends in .csv or .jsonl")


def output_place(uri: str) -> Place:
    """The folder for results, without the slash at its end."""
    found = place(uri, "output")
    prefix = found.key.strip("/")
    if not prefix:
        raise InputError(f"the output is {uri}; name a folder in the bucket, such as s3://{found.bucket}/topics/")
    return Place(found.bucket, prefix)


def check_bucket(s3: Any, output: Place) -> None:
    """Raises InputError if there is no bucket of that name. Who may not look learns it from the run."""
    from botocore.exceptions import ClientError

    try:
        s3.head_bucket(Bucket=output.bucket)
    except ClientError as error:
        if error.response["Error"]["Code"] == "404":
            raise InputError(f"there is no bucket {output.bucket!r} for the output") from error


def columns_of(s3: Any, source: Place, form: str, names: Names) -> dict[str, Json]:
    """The options text_column, description_column and id_column, as the file's first lines have them.

    Raises:
        InputError: there is no such file, or it has no such column, or its first line is not of its format.
    """
    head, whole = read_head(s3, source)
    if head.startswith(BOM):
        raise InputError(f"{source} begins with a byte order mark, which would become part of a name; save it without")
    return CHECKS[form](str(source), head, whole, names)


def read_head(s3: Any, source: Place) -> tuple[bytes, bool]:
    """The file's first bytes, and whether they are all."""
    missing = f"there is no {source}; `aws s3 ls s3://{source.bucket}/` lists what there is"
    known = {
        "NoSuchBucket": f"there is no bucket {source.bucket!r}",
        "NoSuchKey": missing,
        "404": missing,
        "InvalidRange": f"{source} is empty",
    }
    with told(known, f"read {source}"):
        found = s3.get_object(Bucket=source.bucket, Key=source.key, Range=f"bytes=0-{HEAD_BYTES - 1}")
        head = bytes(found["Body"].read())
    size = int(found.get("ContentRange", f"/{len(head)}").rpartition("/")[2])
    if not head.strip():
        raise InputError(f"{source} is empty")
    return head, size <= len(head)


def csv_columns(name: str, head: bytes, _: bool, names: Names) -> dict[str, Json]:
    """The columns by the names that the header gives them: the function compares upper and lower case."""
    header, first = next(records(read_lines(io.BytesIO(head))))
    if first.error is not None:
        raise InputError(f"{name} has no header ({first.error}); its first row must name the columns")
    places = find_columns(name, header, names)
    return {f"{key}_column": header[where] for key, where in places.items()}


def json_columns(name: str, head: bytes, whole: bool, names: Names) -> dict[str, Json]:
    """The columns as they were named, if the first line has a text there."""
    line, end, _ = head.lstrip().partition(b"\n")
    columns = names.columns()
    if end or whole:
        try:
            value = json.loads(line.decode())
        except ValueError as error:
            raise InputError(f"{name}: its first line is not JSON; expected a string or an object a line") from error
        problem = read_item(value, Settings(), columns).error
        if problem is not None:
            raise InputError(f"{name}: its first line cannot be answered: {problem}")
    wanted = {"text_column": names.text, "description_column": names.description, "id_column": names.id}
    return {key: value for key, value in wanted.items() if value is not None}


CHECKS: dict[str, Callable[[str, bytes, bool, Names], dict[str, Json]]] = {"csv": csv_columns, "jsonl": json_columns}
