"""Files in S3 for a bulk run: their addresses, and a check of their first lines before the run starts."""

import io
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from agnews.api.request import Json, read_item
from agnews.cli.bulk.aws import translated_errors
from agnews.cli.files.columns import ColumnNames, find_columns
from agnews.cli.files.json_rows import key_finder, value_row
from agnews.cli.files.lines import UTF_8_BOM, Line, read_lines
from agnews.cli.files.records import csv_records
from agnews.errors import InputError
from agnews.settings import Settings

HEAD_BYTES = 64 * 1024
"""How much of a file is read before the run starts."""
URI = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(.*))?", re.DOTALL)


@dataclass(frozen=True)
class S3Location:
    """An object in S3, or the prefix of several."""

    bucket: str
    key: str

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key}"


def parse_uri(uri: str, role: str) -> S3Location:
    """Return the location that an S3 URI names. Raises InputError, naming its `role`, for anything else."""
    match = URI.fullmatch(uri)
    if match is None:
        raise InputError(f"the {role} is {uri!r}; expected s3://BUCKET/… with the bucket's name in lower case")
    return S3Location(match[1], match[2] or "")


def input_location(uri: str) -> tuple[S3Location, str]:
    """Return the location of the input file, and its format in the state machine's terms: csv or jsonl."""
    location = parse_uri(uri, "input")
    for suffix, file_format in ((".csv", "csv"), (".jsonl", "jsonl")):
        if location.key.lower().endswith(suffix) and location.key != suffix:
            return location, file_format
    raise InputError(f"the input is {uri}; expected a file whose name ends in .csv or .jsonl")


def output_location(uri: str) -> S3Location:
    """Return the location of the folder for results, without a slash at its end."""
    location = parse_uri(uri, "output")
    prefix = location.key.strip("/")
    if not prefix:
        raise InputError(f"the output is {uri}; name a folder in the bucket, such as s3://{location.bucket}/topics/")
    return S3Location(location.bucket, prefix)


def check_bucket(s3: Any, output: S3Location) -> None:
    """Raise InputError if the bucket does not exist. Missing permissions are left for the run to report."""
    from botocore.exceptions import ClientError

    try:
        s3.head_bucket(Bucket=output.bucket)
    except ClientError as error:
        if error.response["Error"]["Code"] == "404":
            raise InputError(f"there is no bucket {output.bucket!r} for the output") from error


def column_options(s3: Any, source: S3Location, file_format: str, names: ColumnNames) -> dict[str, Json]:
    """Return the options text_column, description_column and id_column, after checking them on the first lines.

    Raises:
        InputError: there is no such file or column, or the first line is not in the file's format.
    """
    head, complete = read_head(s3, source)
    if head.startswith(UTF_8_BOM):
        raise InputError(f"{source} begins with a byte order mark, which would become part of a name; save it without")
    return CHECKS[file_format](str(source), head, complete, names)


def read_head(s3: Any, source: S3Location) -> tuple[bytes, bool]:
    """Return the file's first bytes, and whether they are the whole file."""
    missing = f"there is no {source}; `aws s3 ls s3://{source.bucket}/` lists what is there"
    messages = {
        "NoSuchBucket": f"there is no bucket {source.bucket!r}",
        "NoSuchKey": missing,
        "404": missing,
        "InvalidRange": f"{source} is empty",
    }
    with translated_errors(messages, f"read {source}"):
        response = s3.get_object(Bucket=source.bucket, Key=source.key, Range=f"bytes=0-{HEAD_BYTES - 1}")
        head = bytes(response["Body"].read())
    size = int(response.get("ContentRange", f"/{len(head)}").rpartition("/")[2])
    if not head.strip():
        raise InputError(f"{source} is empty")
    return head, size <= len(head)


def csv_columns(name: str, head: bytes, _: bool, names: ColumnNames) -> dict[str, Json]:
    """Return the columns exactly as the header writes them: the function's comparison is case-sensitive."""
    header, first = next(csv_records(read_lines(io.BufferedReader(io.BytesIO(head)))))
    if first.error is not None:
        raise InputError(f"{name} has no header ({first.error}); its first row must name the columns")
    indices = find_columns(name, header, names)
    return {f"{key}_column": header[index] for key, index in indices.items()}


def json_columns(name: str, head: bytes, complete: bool, names: ColumnNames) -> dict[str, Json]:
    """Return the columns that were named, after checking that the first line has a text there."""
    line, line_end, _ = head.lstrip().partition(b"\n")
    if line_end or complete:
        try:
            value = json.loads(line.decode())
        except ValueError as error:
            raise InputError(f"{name}: the first line is not JSON; expected a string or an object per line") from error
        row = value_row(Line(1, "", 0, None), value, names, key_finder(names))
        problem = row.error or read_item(row.value, Settings()).error
        if problem is not None:
            raise InputError(f"{name}: the first line cannot be answered: {problem}")
    columns = {"text_column": names.text, "description_column": names.description, "id_column": names.id}
    return {key: column for key, column in columns.items() if column is not None}


CHECKS: dict[str, Callable[[str, bytes, bool, ColumnNames], dict[str, Json]]] = {
    "csv": csv_columns,
    "jsonl": json_columns,
}
