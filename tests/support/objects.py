"""Objects of S3 in memory, for the runner of the bulk state machine."""

import csv
import io
import json
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Folder:
    """Objects of S3 in memory."""

    objects: dict[tuple[str, str], bytes] = field(default_factory=dict)

    def read(self, bucket: str, key: str) -> bytes:
        return self.objects[bucket, key]

    def write(self, bucket: str, key: str, content: bytes) -> None:
        self.objects[bucket, key] = content

    def lines(self, kind: str) -> list[Any]:
        (content,) = [body for (_, key), body in self.objects.items() if key.endswith(f"/{kind}_0.jsonl")]
        return [json.loads(line) for line in content.decode().splitlines()]


def table(rows: list[dict[str, str]]) -> Folder:
    """Return a folder with the rows as headlines.csv."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return Folder({("in", "headlines.csv"): text.getvalue().encode()})
