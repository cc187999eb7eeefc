"""Files in S3 for a bulk run: their addresses, and the first bytes of the input."""

import re
from dataclasses import dataclass
from typing import Any

from agnews.cli.bulk.aws import translated_errors
from agnews.errors import InputError

HEAD_BYTES = 64 * 1024
"""How much of a file is read before the run starts."""
LIST_BUCKETS = "`aws s3 ls` lists yours"
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
        raise InputError(
            f"the {role} is {uri!r}; expected s3://BUCKET/…; a bucket's name has 3 to 63 lower-case letters, "
            "digits, dots and hyphens"
        )
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
            raise InputError(f"there is no bucket {output.bucket!r} for the output; {LIST_BUCKETS}") from error


def read_head(s3: Any, source: S3Location) -> tuple[bytes, bool]:
    """Return the file's first bytes, and whether they are the whole file."""
    missing = f"there is no {source}; `aws s3 ls s3://{source.bucket}/` lists what is there"
    messages = {
        "NoSuchBucket": f"there is no bucket {source.bucket!r}; {LIST_BUCKETS}",
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
