"""Training rows from the hub: the real huggingface_hub against a server on this machine, parquet by pyarrow."""

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.support.requirement import ROOT, require_module

# ruff: noqa: E402  (what follows imports what may be missing)
require_module("huggingface_hub", "pyarrow")

import pyarrow as pa
from pyarrow import parquet

from agnews.labels import LABELS
from modeling import data
from modeling.errors import SourceError
from tests.support.hub_server import Hub, Repository, serving

ID = "news/topics"
COMMIT = "c" * 40
TRAIN, TEST = "data/train-00000-of-00001.parquet", "data/test-00000-of-00001.parquet"
READ = """
import json, sys
from modeling import data
from modeling.errors import exit_on_error
with exit_on_error():
    part = data.read(sys.argv[1])
rows = [[row.label, row.views] for row in part.training + part.validation]
print(json.dumps({"rows": rows, "notes": part.notes}))
"""

BOTH = """
import json, sys
from modeling import calibrate, train
for module, arguments in zip((train, calibrate), json.loads(sys.argv[1])):
    sys.argv = [module.__name__, *arguments]
    module.main()
"""
"""Two command lines in one process: importing torch and transformers takes longer than either."""

Run = Callable[..., subprocess.CompletedProcess[str]]


def write(path: Path, rows: Sequence[tuple[str | None, int]], names: Sequence[str] | None = LABELS) -> None:
    """A split as the `datasets` library saves it, which names the labels in the file's metadata."""
    path.parent.mkdir(exist_ok=True)
    texts, labels = zip(*rows, strict=True)
    table = pa.table({"text": pa.array(texts, pa.string()), "label": pa.array(labels, pa.int64())})
    if names is not None:
        label = {"names": list(names), "_type": "ClassLabel"}
        facts = {"info": {"features": {"text": {"dtype": "string", "_type": "Value"}, "label": label}}}
        table = table.replace_schema_metadata({"huggingface": json.dumps(facts)})
    parquet.write_table(table, path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The data set's repository."""
    folder = tmp_path / "repository"
    folder.mkdir()
    (folder / "README.md").write_text("# AG News")
    write(
        folder / TRAIN, [("Rebels #39; block roads", 0), ("Cup final\\tonight", 1), ("Seen, before!", 2), ("Comet", 3)]
    )
    write(folder / TEST, [("seen before", 2), ("Oil", 2)])
    return folder


@pytest.fixture
def hub(folder: Path) -> Iterator[Hub]:
    with serving({f"datasets/{ID}": Repository(folder, COMMIT, ("main", "refs/pr/2"))}) as hub:
        yield hub


@pytest.fixture
def run(hub: Hub, tmp_path: Path) -> Run:
    """Runs Python against the hub, with a hub cache of the test's own."""

    def run(*arguments: str | Path, **extra: str) -> subprocess.CompletedProcess[str]:
        settings = {"HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "hf"), "OMP_NUM_THREADS": "1"}
        command = [sys.executable, *map(str, arguments)]
        return subprocess.run(
            command, cwd=ROOT, env=os.environ | settings | extra, capture_output=True, text=True, timeout=300
        )

    return run


def read(run: Run, source: str, **extra: str) -> Any:
    process = run("-c", READ, source, **extra)
    assert process.returncode == 0, process.stderr
    return json.loads(process.stdout)


def message(run: Run, source: str, **extra: str) -> str:
    """What an end with status 1 says: one line, no traceback."""
    process = run("-c", READ, source, **extra)
    assert process.returncode == 1
    (line,) = [line for line in process.stderr.splitlines() if line.startswith("error: ")]
    assert "Traceback" not in process.stderr
    return line


def test_rows_are_cleaned_full_texts_without_those_of_the_test_split(run: Run) -> None:
    answer = read(run, ID)
    assert answer["rows"] == [
        [0, {"full": "Rebels' block roads"}],
        [1, {"full": "Cup final tonight"}],
        [3, {"full": "Comet"}],
    ]
    assert answer["notes"] == [
        f"{ID} at {COMMIT}: 4 rows, 1 left out as also in its test split; "
        "full texts only, the hub's data set does not keep titles apart"
    ]


def test_only_the_two_splits_are_downloaded_at_the_resolved_commit(run: Run, hub: Hub) -> None:
    read(run, f"{ID}@refs/pr/2")
    got = [line.split()[1] for line in hub.requests if line.startswith('"HEAD') and "/resolve/" in line]
    assert got == [f"/datasets/{ID}/resolve/{COMMIT}/{name}" for name in (TEST, TRAIN)]


def test_a_data_set_once_cached_is_read_without_a_network(run: Run, hub: Hub) -> None:
    online = read(run, ID)
    requests = len(hub.requests)
    assert read(run, f"{ID}@{COMMIT}", HF_HUB_OFFLINE="1") == online
    assert len(hub.requests) == requests


def test_a_split_in_several_files_is_read_in_their_order(run: Run, folder: Path) -> None:
    write(folder / "data/train-00001-of-00002.parquet", [("Later", 1)])
    assert [views["full"] for _, views in read(run, ID)["rows"]][-1] == "Later"


def test_labels_without_names_are_taken_in_ag_news_order(run: Run, folder: Path) -> None:
    write(folder / TRAIN, [("Comet", 3)], names=None)
    assert read(run, ID)["rows"] == [[3, {"full": "Comet"}]]


def other_columns(folder: Path) -> None:
    parquet.write_table(pa.table({"title": ["Comet"], "class": ["3"]}), folder / TRAIN)


def labels_as_text(folder: Path) -> None:
    parquet.write_table(pa.table({"text": ["Comet"], "label": ["3"]}), folder / TRAIN)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (other_columns, "has the columns title (string), class (string); expected text (string) and label (int64)"),
        (labels_as_text, "has the columns text (string), label (string)"),
        (lambda folder: write(folder / TRAIN, [("Comet", 3), ("Oil", 4)]), "row 2 has label 4; expected a text and"),
        (lambda folder: write(folder / TRAIN, [("Comet", -1)]), "row 1 has label -1"),
        (lambda folder: write(folder / TRAIN, [(None, 1)]), "row 1 has no text"),
        (lambda folder: write(folder / TRAIN, [("Comet", 3)], LABELS[::-1]), "names its labels ['Sci/Tech', 'Bus"),
        (lambda folder: (folder / TRAIN).write_text("label,text\n"), "cannot be read as parquet"),
        (lambda folder: (folder / TEST).unlink(), "has no data/test-*.parquet (it holds README.md, data/train-00000"),
    ],
)
def test_another_data_set_is_refused(run: Run, folder: Path, change: Callable[[Path], None], reason: str) -> None:
    change(folder)
    line = message(run, ID)
    assert reason in line
    assert line.endswith("or give a folder with AG News' train*.csv instead")


@pytest.mark.parametrize(
    ("source", "changes", "messages"),
    [
        ("no/such", {}, ["knows no data set 'no/such'", "check the spelling", "begin the name of a folder with ./"]),
        (f"{ID}@v9", {}, [f"{ID} has no revision 'v9'", "name a commit, branch or tag"]),
        (ID, {"gated": True}, ["is gated", "HF_TOKEN", "or give a folder with AG News' train*.csv instead"]),
        (ID, {"status": 500}, ["HTTP 500", "or give a folder with AG News' train*.csv instead"]),
        (ID, {"lost": {TEST}}, [f"{TEST} of {ID}", "HTTP 404", "or give a folder"]),
        (ID, {"altered": {TRAIN}}, [f"{TRAIN} of {ID}", "hash", "run again"]),
    ],
)
def test_each_refusal_of_the_hub_names_its_remedy(
    run: Run, hub: Hub, source: str, changes: dict[str, object], messages: list[str]
) -> None:
    for name, value in changes.items():
        setattr(hub.repositories[f"datasets/{ID}"], name, value)
    line = message(run, source)
    assert [part for part in messages if part not in line] == []


def test_no_network_names_the_connection_and_the_folder(run: Run) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # bound, but nobody listens
        line = message(run, ID, HF_ENDPOINT=f"http://127.0.0.1:{closed.getsockname()[1]}")
    assert "check the connection or the proxy, or give a folder with AG News' train*.csv instead" in line


def test_offline_without_a_cached_copy_is_explained(run: Run) -> None:
    assert "HF_HUB_OFFLINE is set; unset it, or give a folder" in message(run, ID, HF_HUB_OFFLINE="1")


@pytest.mark.parametrize("source", ["ag_news", "./gone", "/gone/away", "a/b/c", "news/topics@"])
def test_what_is_neither_a_folder_nor_an_id_is_refused_without_the_hub(source: str) -> None:
    with pytest.raises(SourceError, match=re.escape(f"{source!r} is neither a file, a folder nor a hub data set's ID")):
        data.read(source)


def test_a_folder_is_preferred_to_a_data_set_of_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path(ID).mkdir(parents=True)
    (Path(ID) / "train.csv").write_text('"4","Comet","Seen"\n')
    (Path(ID) / "dev.csv").write_text('"1","Talks","Held"\n')
    part = data.read(ID)
    assert [row.views["title"] for row in part.training] == ["Comet"]
    assert part.notes[0] == f"{Path(ID) / 'train.csv'}: 1 rows, 0 left out as also in test or dev"


def test_a_model_is_trained_and_calibrated_on_the_hubs_full_texts(run: Run, folder: Path, tmp_path: Path) -> None:
    require_module("torch", "transformers")
    from tests.support.tiny_checkpoint import write_safetensors  # imports torch

    write(folder / TRAIN, [(f"Headline {n} of topic {n % 4}", n % 4) for n in range(320)])
    start = write_safetensors(tmp_path / "start")
    kept = ["--run", str(tmp_path / "run")]
    training = [ID, *kept, "--start", str(start), "--steps", "2", "--batch", "8"]
    done = run("-c", BOTH, json.dumps([training, [f"{ID}@{COMMIT}", *kept]]))
    assert done.returncode == 0, done.stderr
    assert f"{ID} at {COMMIT}: 320 rows, 0 left out" in done.stdout
    log = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    (*_, validated) = [entry for entry in log if entry["event"] == "validated"]
    assert validated["figures"][ID]["accuracy"].keys() == {"full"}
    metrics = json.loads((tmp_path / "run" / "best" / "metrics.json").read_text())
    assert metrics["validation"][f"{ID}@{COMMIT}"].keys() == {"full"}
    assert metrics["validation"][f"{ID}@{COMMIT}"]["full"]["rows"] == 32
