"""Clients of AWS services, and AWS's errors as ours, with what to do about them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from agnews.errors import AgNewsError, InputError


def client(service: str, region: str | None = None) -> Any:
    """Return a boto3 client with the user's own credentials, and their region unless one is given.

    Raises:
        AgNewsError: boto3 is not installed, or there is no region or no such profile.
    """
    try:
        import boto3  # slow to import, and not installed where nobody calls AWS
        from botocore.exceptions import BotoCoreError
    except ImportError as error:
        raise AgNewsError(f"this needs boto3: pip install boto3 ({error})") from error
    try:
        # The AWS CLI, Lambda and all other SDKs read AWS_REGION first; boto3 reads AWS_DEFAULT_REGION alone.
        return boto3.Session().client(service, region_name=region or os.environ.get("AWS_REGION"))
    except (BotoCoreError, ValueError) as error:
        raise AgNewsError(f"{error}; set AWS_PROFILE or AWS_REGION, or run aws configure") from error


@contextmanager
def translated_errors(messages: dict[str, str], action: str) -> Iterator[None]:
    """Raise AWS's errors in the block as ours: with our message for codes in `messages`, else with AWS's own.

    Raises:
        InputError: AWS refused with a code in `messages`.
        AgNewsError: AWS refused `action` for another reason, or could not be reached.
    """
    from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

    try:
        yield
    except ClientError as error:
        details = error.response.get("Error", {})
        code = str(details.get("Code", ""))
        if code in messages:
            raise InputError(messages[code]) from error
        raise AgNewsError(f"AWS refused to {action}: {code}: {details.get('Message', '')}".rstrip(": ")) from error
    except NoCredentialsError as error:
        raise AgNewsError(
            "there are no AWS credentials; run aws configure or aws sso login, or set AWS_PROFILE"
        ) from error
    except BotoCoreError as error:
        raise AgNewsError(f"could not {action}: {error}") from error
