"""Clients of AWS services for the command line, and AWS's refusals as errors that name the remedy."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from agnews.errors import AgNewsError, InputError


def client(service: str, region: str | None = None) -> Any:
    """A boto3 client with the user's own credentials and region.

    Raises:
        AgNewsError: boto3 is not installed, or there is no region or no such profile.
    """
    try:
        import boto3  # slow to import, and not installed where nobody calls AWS
        from botocore.exceptions import BotoCoreError
    except ImportError as error:
        raise AgNewsError(f"this needs boto3: pip install -e '.[aws]' ({error})") from error
    try:
        # The AWS CLI, Lambda and all other SDKs read AWS_REGION first; boto3 reads AWS_DEFAULT_REGION alone.
        return boto3.Session().client(service, region_name=region or os.environ.get("AWS_REGION"))
    except (BotoCoreError, ValueError) as error:
        raise AgNewsError(f"{error}; set AWS_PROFILE or AWS_REGION, or run aws configure") from error


@contextmanager
def told(known: dict[str, str], doing: str) -> Iterator[None]:
    """Turns AWS's errors within the block into ours: codes in `known` into these messages, others into AWS's own.

    Raises:
        InputError: AWS refused with a code in `known`.
        AgNewsError: AWS refused for another reason, or could not be asked.
    """
    from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

    try:
        yield
    except ClientError as error:
        found = error.response.get("Error", {})
        code = str(found.get("Code", ""))
        if code in known:
            raise InputError(known[code]) from error
        raise AgNewsError(f"AWS refused to {doing}: {code}: {found.get('Message', '')}".rstrip(": ")) from error
    except NoCredentialsError as error:
        raise AgNewsError(
            "there are no AWS credentials; run aws configure or aws sso login, or set AWS_PROFILE"
        ) from error
    except BotoCoreError as error:
        raise AgNewsError(f"could not {doing}: {error}") from error
