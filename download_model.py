"""Verify model_cache/, or bake another checkpoint into it. Runs when an image is built, never in production.

    python download_model.py                                verify what is there
    python download_model.py --source OWNER/NAME@REVISION   bake a Hugging Face Hub checkpoint
    python download_model.py --source DIR                   bake a local one
    python download_model.py --source embedded --engine onnx --target build/model_cache
                                                            copy the one beside this file, for one engine

A failed or killed run leaves the target as it was.
"""

import os
import signal
import sys


def _end_at_once(_number: int, _frame: object) -> None:
    """End while the modules are imported, when nothing is written yet."""
    sys.stderr.write("interrupted before anything was done\n")
    os._exit(1)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, _end_at_once)

import argparse
import json
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from agnews.errors import AgNewsError, InputError, ModelError
from agnews.model.checkpoint import FILES, MANIFEST, TEMPERATURES, Checkpoint, read_checkpoint, verify
from agnews.settings import ENGINES, EngineName
from modeling import atomic_folder, config, hub_config
from modeling.errors import SourceError, packages_missing

EMBEDDED = Path(__file__).resolve().parent / "model_cache"
BAKING = ("max_length", "temperature", "headlines", "labels", "revision", "name")
"""Options that decide what is baked, not what is copied."""
LINE = "{:<20} {:>13,} bytes  sha256 {}…  {}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Return the exit status: 0 done or intact, 1 failed or damaged. argparse exits with 2 for a wrong command line."""
    parser = _parser()
    options = parser.parse_args(arguments)
    problem = _misuse(options)
    if problem:
        parser.error(problem)
    state = "as it was"
    if signal.getsignal(signal.SIGINT) is _end_at_once:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        sys.unraisablehook = _interrupt_later
    try:
        if options.source is not None:
            atomic_folder.check_target(options.target)
            _write(options)
            state = "written"
        return check(options.target)
    except AgNewsError as error:
        return _failed(f"error: {error}")
    except ImportError as error:
        return _failed(f"error: {packages_missing('baking', error)}")
    except OSError as error:
        return _failed(f"error: {error}; {options.target} is {state}")
    except KeyboardInterrupt:
        return _failed(f"interrupted; {options.target} is {state}")


def _failed(message: str) -> int:
    """Print the message and return the exit status."""
    print(message, file=sys.stderr)
    return 1


def _interrupt_later(ignored: "sys.UnraisableHookArgs") -> None:
    """Interrupt in a moment, if Ctrl-C came in a callback, whose exceptions Python ignores."""
    if not isinstance(ignored.exc_value, KeyboardInterrupt):
        sys.__unraisablehook__(ignored)
        return
    signal.signal(signal.SIGALRM, signal.default_int_handler)
    signal.setitimer(signal.ITIMER_REAL, 0.001)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--source", help="ID@REVISION or ID on the hub, a folder (./… or /… if in doubt), or embedded")
    add("--revision", help="branch, tag or commit of a hub ID; default main, which is resolved and printed")
    add("--engine", choices=(*ENGINES, "both"), help="what to bake for; default both")
    add("--target", type=Path, default=EMBEDDED, help="the folder to verify or write; default %(default)s")
    add("--max-length", type=int, metavar="TOKENS", help="cut texts to so many; default the source's own, else 128")
    add("--temperature", type=float, help="divide logits by it; default the source's own, else 1.0")
    add("--name", help="of a folder's checkpoint, for the manifest; default its own manifest's, else the folder's")
    add("--headlines", type=Path, metavar="FILE", help=".txt, .csv or .jsonl on which to compare the int8 model")
    add("--labels", type=config.labels_in, metavar="A,B,C", help="the outputs' names, in order; default config.json's")
    return parser


def _misuse(options: argparse.Namespace) -> str | None:
    """Return what is wrong with the command line as a whole, if anything is."""
    baking = [name for name in BAKING if getattr(options, name) is not None]
    given = [f"--{name.replace('_', '-')}" for name in baking + ["engine"] * bool(options.engine)]
    source = options.source
    if source == "":
        return "--source is empty; name a hub ID, a folder, or embedded"
    if source is None and given:
        return f"{given[0]} needs --source (for the checkpoint beside this script: --source embedded)"
    if source == "embedded" and baking:
        return f"--source embedded is copied as it is, without {given[0]}; to bake it anew: --source {EMBEDDED}"
    if source and options.name and not _is_folder(source):
        return "--name goes with a folder; a hub checkpoint has its own"
    if source and options.revision and (_is_folder(source) or "@" in source):
        return "--revision goes with a hub ID that has no @REVISION"
    lowest, highest = TEMPERATURES
    if options.temperature is not None and not lowest <= options.temperature <= highest:
        return f"--temperature must be a number from {lowest:g} to {highest:g}, found {options.temperature}"
    return None


def _is_folder(source: str) -> bool:
    return source.startswith((".", "/", "~")) or Path(source).is_dir()


def check(target: Path) -> int:
    """Return 0 if every file of `target` is as it was baked, else 1. Prints which is not, and what to do."""
    atomic_folder.tidy(target)
    try:
        checkpoint = read_checkpoint(target)
        engines = checkpoint.engines()
        if not engines:
            raise ModelError(f"{target} has the files of no engine; bake it again with --source")
    except ModelError as error:
        return _failed(f"error: {error}")
    print(f"{checkpoint.source} at {checkpoint.revision}, in {target}")
    print(f"engines {' and '.join(engines)}, {checkpoint.max_length} tokens, temperature {checkpoint.temperature}")
    faults = [fault for name in checkpoint.files if (fault := _check_file(checkpoint, name))]
    for fault in faults:
        print(f"error: {fault}", file=sys.stderr)
    if not faults:
        print(f"all {len(checkpoint.files)} files are as they were baked")
    return 1 if faults else 0


def _check_file(checkpoint: Checkpoint, name: str) -> str | None:
    """Print the file's line and return what is wrong with it, if anything is."""
    facts = checkpoint.files[name]
    fault = None
    try:
        verify(checkpoint, [name])
    except ModelError as error:
        fault = str(error)
    print("  " + LINE.format(name, facts["bytes"], facts["sha256"][:12], "damaged" if fault else "intact"))
    return fault


def _write(options: argparse.Namespace) -> None:
    """Bake or copy what --source names. Raises AgNewsError, ImportError or OSError; then nothing is written."""
    engines: tuple[EngineName, ...] = ENGINES if options.engine in {None, "both"} else (options.engine,)
    if options.source == "embedded":
        _check_engines(EMBEDDED, options.target, engines)
        copy(EMBEDDED, options.target, engines)
    elif _is_folder(options.source):
        folder = Path(options.source).expanduser()
        if not folder.is_dir():
            raise SourceError(f"there is no folder {folder}; check the spelling")
        _check_engines(folder, options.target, engines)
        config.judge_folder(folder, engines, options.labels)
        _bake(folder, None, engines, options)
    else:
        _download(engines, options)


def _check_engines(source: Path, target: Path, engines: Sequence[EngineName]) -> None:
    """Return unless `target` is `source` itself and would lose an engine's files. Raises InputError."""
    if source.resolve() != target.resolve():
        return
    lost = [engine for engine in read_checkpoint(source).engines() if engine not in engines]
    if lost:
        raise InputError(f"{target} would lose its files of the {lost[0]} engine; choose another --target")


def copy(source: Path, target: Path, engines: Sequence[EngineName]) -> None:
    """Copy what the engines need from the baked folder `source` to `target`, verified. Imports only agnews.

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
    model_id, _, revision = options.source.partition("@")
    revision = options.revision or revision or "main"
    fault = hub_config.judge_hub(model_id, revision, engines, options.labels)
    try:
        from modeling import hub  # huggingface_hub: half a second, and not installed where images run
    except ImportError as error:
        raise (SourceError(fault) if fault else error) from None
    listing = hub.resolve(model_id, revision)
    advice = "" if revision == listing.commit else f" (to pin it: --source {model_id}@{listing.commit})"
    print(f"{model_id} at {revision} is commit {listing.commit}{advice}", flush=True)
    with tempfile.TemporaryDirectory(prefix="agnews-") as folder:
        _bake(hub.fetch(listing, Path(folder)), (model_id, listing.commit), engines, options)


def _bake(
    folder: Path, origin: tuple[str, str] | None, engines: tuple[EngineName, ...], options: argparse.Namespace
) -> None:
    from modeling.run_folder import note_if_uncalibrated, read_headlines  # not needed where nothing is baked

    texts = () if options.headlines is None else read_headlines(options.headlines)
    from modeling.bake import Choices, Origin, bake, origin_of  # torch and transformers: seconds

    choices = Choices(engines, options.max_length, options.temperature, texts, options.labels)
    named = origin_of(folder, options.name) if origin is None else Origin(*origin)
    print(f"baking {named.source} for {' and '.join(engines)} …", flush=True)
    manifest = bake(folder, options.target, named, choices)
    print(f"{len(manifest['labels'])} labels: {', '.join(manifest['labels'])}")
    for kind, facts in (manifest["parity"] or {}).items():
        print(f"int8 gives torch's label to {facts['equal_labels']:.2%} of {facts['texts']:,} {kind} headlines")
    note = note_if_uncalibrated(folder)
    if note and options.temperature is None:
        print(note)


if __name__ == "__main__":
    sys.exit(main())
