"""Verifies model_cache/, or bakes another checkpoint into it. For building images; production never runs it.

    python download_model.py                                verify what is there
    python download_model.py --source OWNER/NAME@REVISION   bake a Hugging Face Hub checkpoint
    python download_model.py --source DIR                   bake a local one
    python download_model.py --source embedded --engine onnx --target build/model_cache
                                                            copy the one beside this file, for one engine

A failed or killed run leaves the target as it was.
"""

import argparse
import json
import math
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from agnews.errors import AgNewsError, InputError, ModelError
from agnews.model.checkpoint import FILES, MANIFEST, Checkpoint, read_checkpoint, verify
from agnews.settings import ENGINES, EngineName, Settings
from modeling import atomic_folder
from modeling.errors import SourceError

EMBEDDED = Path(__file__).resolve().parent / "model_cache"
BAKING = ("max_length", "temperature", "headlines", "revision", "name")
"""Options that decide what is baked, not what is copied."""
LINE = "{:<20} {:>13,} bytes  sha256 {}…  {}"


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status: 0 done or intact, 1 failed or damaged; argparse exits with 2 for a wrong command line."""
    parser = _parser()
    options = parser.parse_args(arguments)
    problem = _misuse(options)
    if problem:
        parser.error(problem)
    try:
        if options.source is None:
            return check(options.target)
        atomic_folder.check_target(options.target)
        _write(options)
    except AgNewsError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except ImportError as error:
        print(f"error: baking needs the training packages: pip install -e '.[train]' ({error})", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"error: {error}; {options.target} is as it was", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"interrupted; {options.target} is as it was", file=sys.stderr)
        return 1
    return check(options.target)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--source", help="ID@REVISION or ID on the hub, a folder (./… or /… if in doubt), or embedded")
    add("--revision", help="branch, tag or commit of a hub ID; default main, which is resolved and printed")
    add("--engine", choices=(*ENGINES, "both"), help="what to bake for; default both")
    add("--target", type=Path, default=EMBEDDED, help="the folder to verify or write; default %(default)s")
    add("--max-length", type=int, metavar="TOKENS", help="texts are cut there; default the source's own, else 128")
    add("--temperature", type=float, help="logits are divided by it; default the source's own, else 1.0")
    add("--name", help="what the manifest calls a folder's checkpoint; default its manifest's source, else its name")
    add("--headlines", type=Path, metavar="FILE", help=".txt, .csv or .jsonl to compare the int8 model on, too")
    return parser


def _misuse(options: argparse.Namespace) -> str | None:
    """What is wrong with the command line as a whole, if anything is."""
    baking = [name for name in BAKING if getattr(options, name) is not None]
    named = [f"--{name.replace('_', '-')}" for name in baking + ["engine"] * bool(options.engine)]
    source = options.source
    if source == "":
        return "--source is empty; name a hub ID, a folder, or embedded"
    if source is None and named:
        return f"{named[0]} needs --source (for the checkpoint beside this script: --source embedded)"
    if source == "embedded" and baking:
        return f"--source embedded is copied as it is, without {named[0]}; to bake it anew: --source {EMBEDDED}"
    if source and options.name and not _is_folder(source):
        return "--name goes with a folder; a hub checkpoint has its own"
    if source and options.revision and (_is_folder(source) or "@" in source):
        return "--revision goes with a hub ID that has no @REVISION"
    if options.temperature is not None and not 0 < options.temperature < math.inf:
        return f"--temperature must be a number above 0, found {options.temperature}"
    return None


def _is_folder(source: str) -> bool:
    return source.startswith((".", "/", "~")) or Path(source).is_dir()


def check(target: Path) -> int:
    """0 if every file of `target` is the one that was baked, else 1; prints which is not, and what to do."""
    atomic_folder.tidy(target)
    try:
        checkpoint = read_checkpoint(target)
        engines = checkpoint.engines()
        if not engines:
            raise ModelError(f"{target} has the files of no engine; bake it again with --source")
    except ModelError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(f"{checkpoint.source} at {checkpoint.revision}, in {target}")
    print(f"engines {' and '.join(engines)}, {checkpoint.max_length} tokens, temperature {checkpoint.temperature}")
    faults = [fault for name in checkpoint.files if (fault := _check_file(checkpoint, name))]
    for fault in faults:
        print(f"error: {fault}", file=sys.stderr)
    if not faults:
        print(f"all {len(checkpoint.files)} files are as they were baked")
    return 1 if faults else 0


def _check_file(checkpoint: Checkpoint, name: str) -> str | None:
    """Prints the file's line; what is wrong with it, if anything is."""
    facts = checkpoint.files[name]
    fault = None
    try:
        verify(checkpoint, [name])
    except ModelError as error:
        fault = str(error)
    print("  " + LINE.format(name, facts["bytes"], facts["sha256"][:12], "damaged" if fault else "intact"))
    return fault


def _write(options: argparse.Namespace) -> None:
    """Bakes or copies what --source names. Raises AgNewsError, ImportError or OSError, nothing being written then."""
    engines: tuple[EngineName, ...] = ENGINES if options.engine in {None, "both"} else (options.engine,)
    if options.source == "embedded":
        _keeps_engines(EMBEDDED, options.target, engines)
        copy(EMBEDDED, options.target, engines)
    elif _is_folder(options.source):
        folder = Path(options.source).expanduser()
        _keeps_engines(folder, options.target, engines)
        _bake(folder, None, engines, options)
    else:
        _download(engines, options)


def _keeps_engines(source: Path, target: Path, engines: Sequence[EngineName]) -> None:
    """Returns unless `target` is `source` itself and would lose an engine's files, which no other place may have."""
    if source.resolve() != target.resolve():
        return
    lost = [engine for engine in read_checkpoint(source).engines() if engine not in engines]
    if lost:
        raise InputError(f"{target} would lose its files of the {lost[0]} engine; choose another --target")


def copy(source: Path, target: Path, engines: Sequence[EngineName]) -> None:
    """Writes to `target` what the engines need of the baked folder `source`, verified. Needs no package but agnews.

    Raises:
        ModelError: `source` is damaged, or was not baked for one of the engines.
    """
    atomic_folder.tidy(source)
    checkpoint = read_checkpoint(source)
    names = list(dict.fromkeys(name for engine in engines for name in FILES[engine]))
    with atomic_folder.staging(target) as new:
        verify(checkpoint, names)
        for name in names:
            shutil.copyfile(checkpoint.path(name), new / name)
        facts = json.loads(checkpoint.path(MANIFEST).read_text(encoding="utf-8"))
        facts["files"] = {name: checkpoint.files[name] for name in names}
        (new / MANIFEST).write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
        verify(read_checkpoint(new), names)


def _download(engines: tuple[EngineName, ...], options: argparse.Namespace) -> None:
    from modeling import hub  # huggingface_hub: half a second, and not installed where images run

    model_id, _, revision = options.source.partition("@")
    listing = hub.resolve(model_id, options.revision or revision or "main")
    asked = options.revision or revision
    pinned = "" if asked == listing.commit else f" (to pin it: --source {model_id}@{listing.commit})"
    print(f"{model_id} at {asked or 'main'} is commit {listing.commit}{pinned}", flush=True)
    with tempfile.TemporaryDirectory(prefix="agnews-") as folder:
        _bake(hub.fetch(listing, Path(folder)), (model_id, listing.commit), engines, options)


def _bake(
    folder: Path, origin: tuple[str, str] | None, engines: tuple[EngineName, ...], options: argparse.Namespace
) -> None:
    from modeling.bake import Choices, Origin, bake, origin_of  # torch and transformers: seconds

    if not folder.is_dir():
        raise SourceError(f"there is no folder {folder}; check the spelling")
    texts = () if options.headlines is None else _headlines(options.headlines)
    choices = Choices(engines, options.max_length, options.temperature, texts)
    known = origin_of(folder, options.name) if origin is None else Origin(*origin)
    print(f"baking {known.source} for {' and '.join(engines)} …", flush=True)
    manifest = bake(folder, options.target, known, choices)
    for kind, facts in (manifest["parity"] or {}).items():
        print(f"int8 gives torch's label to {facts['equal_labels']:.2%} of {facts['texts']:,} {kind} headlines")


def _headlines(path: Path) -> tuple[str, ...]:
    """The texts of a file, rows without one left out. Raises InputError if there are none."""
    from agnews.api.request import read_item
    from agnews.cli.files.columns import ColumnNames
    from agnews.cli.files.rows import open_source

    with open_source(path, ColumnNames()) as source:
        items = [read_item(row.value, Settings(), source.columns) for row in source.rows if row.error is None]
    texts = tuple(item.text for item in items if item.text is not None)
    if not texts:
        raise InputError(f"{path} has no headlines; give one per line, or a column 'headline', 'title' or 'text'")
    return texts


if __name__ == "__main__":
    sys.exit(main())
