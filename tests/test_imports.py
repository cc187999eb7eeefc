"""Imports go one way, and heavy packages are imported only in known places."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.requirement import ROOT

ROOMS: dict[str, set[str]] = {
    "ground": set(),
    "agnews.model": {"ground"},
    "agnews.api": {"ground", "agnews.model"},
    "agnews": {"agnews.api"},
    "agnews.function": {"ground", "agnews.model", "agnews.api", "agnews"},
    "agnews.cli": {"ground", "agnews.model", "agnews.api", "agnews", "agnews.cli.local"},
    "agnews.cli.local": {"ground", "agnews.model", "agnews.api", "agnews.function", "handler"},
    "agnews.__main__": {"agnews.cli"},
    "handler": {"ground", "agnews.model", "agnews.api", "agnews.function"},
}
"""Each room, and the other rooms that its modules may import. `agnews` is only agnews/__init__.py."""
NOT_IN_IMAGE = {"agnews.cli", "agnews.cli.local", "agnews.__main__"}
GROUND = {"agnews.errors", "agnews.labels", "agnews.settings"}
"""The modules of the room `ground`. All other rooms are folders, or modules with the room's name."""

HEAVY = {"boto3", "botocore", "huggingface_hub", "onnx", "pyarrow", "safetensors", "torch", "transformers"}
HEAVY_IMPORTS: dict[str, set[str]] = {
    "agnews.model.engines.pipeline": {"torch", "transformers"},
    "agnews.function.queue": {"botocore"},
    "agnews.cli.bulk.aws": {"boto3", "botocore"},
    "agnews.cli.bulk.cost": {"botocore"},
    "agnews.cli.files.tables": {"pyarrow"},
    "agnews.cli.bulk.s3": {"botocore"},
}
"""The modules that may import heavy packages, and which."""

SET_AT_IMPORT = {"OPENBLAS_NUM_THREADS", "ORT_DISABLE_TELEMETRY"}
ENVIRONMENT = {name: value for name, value in os.environ.items() if name not in SET_AT_IMPORT}
"""The environment without the variables that importing agnews has set in this process."""

MODULES = sorted([*(ROOT / "agnews").rglob("*.py"), ROOT / "handler.py"])


def imported(path: Path, at_once: bool = False) -> set[str]:
    """Return the names of the modules that a file imports: anywhere in it, or `at_once`, when it is imported."""
    names = set()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in tree.body if at_once else ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} has a relative import; this table reads absolute ones"
            assert node.module
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


KNOWN = {name_of(path) for path in MODULES}


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_imports_no_training_code_and_only_its_heavy_packages(path: Path) -> None:
    roots = {name.partition(".")[0] for name in imported(path)}
    assert roots & (HEAVY | {"modeling", "benchmarks"}) <= HEAVY_IMPORTS.get(name_of(path), set())


def room_of(module: str) -> str | None:
    """Return the room of a module: itself or the nearest folder above it that is a room. None if there is none."""
    if module in GROUND:
        return "ground"
    if module in ROOMS:
        return module
    folder = module.rpartition(".")[0]
    return room_of(folder) if folder not in {"agnews", ""} else None


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_imports_only_from_its_room_and_those_below(path: Path) -> None:
    room = room_of(name_of(path))
    assert room is not None
    others = {room_of(name) for name in imported(path) & KNOWN} - {room}
    assert others <= ROOMS[room]


def test_a_bake_in_the_image_build_imports_no_command_line() -> None:
    names = imported(ROOT / "download_model.py")
    modules: dict[str, set[str]] = {}
    while new := {name for name in names if name.startswith("modeling.")} - modules.keys():
        for name in new:
            path = ROOT / f"{name.replace('.', '/')}.py"
            modules[name] = imported(path, at_once=True) if path.exists() else set()
            names = names | modules[name]
    assert "modeling.bake" in modules
    assert [name for name, others in modules.items() if any("agnews.cli" in other for other in others)] == []


def test_importing_the_handler_writes_nothing_below_home(tmp_path: Path) -> None:
    home = {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path), "CI": ""}
    done = subprocess.run(
        [sys.executable, "-c", "import handler"], cwd=ROOT, env=ENVIRONMENT | home, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert list(tmp_path.rglob("*")) == []


def evaluate(modules: str, expression: str) -> Any:
    """Return the value of `expression` in a new process that has imported `modules`."""
    command = [sys.executable, "-c", f"import {modules}; print(json.dumps({expression}))"]
    done = subprocess.run(command, cwd=ROOT, env=ENVIRONMENT, check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def test_importing_agnews_loads_no_other_module() -> None:
    assert evaluate(
        "sys; before = {*sys.modules}; import agnews; added = [*{*sys.modules} - before]; import json", "added"
    ) == ["agnews"]


def test_importing_the_handler_does_not_load_the_python_interface() -> None:
    assert "agnews.api.python" not in evaluate("handler, json, sys", "sorted(sys.modules)")


def test_importing_the_handler_loads_no_torch_and_no_command_line() -> None:
    loaded = evaluate("handler, json, sys", "sorted(sys.modules)")
    roots = {name.partition(".")[0] for name in loaded}
    assert "numpy.typing" not in loaded
    assert "onnxruntime" in roots
    assert not roots & (HEAVY | {"rich", "argparse", "http", "modeling", "random"})


def test_what_every_start_loads_declares_no_dataclasses() -> None:
    # Each is made by compiling code: some milliseconds of every start. Named tuples are not.
    loaded = evaluate(
        "handler, agnews.function.web.routes, json, sys",
        "[str(vars(module).get('__file__')) for module in list(sys.modules.values())]",
    )
    ours = [path for path in MODULES if str(path) in loaded]
    assert ROOT / "handler.py" in ours
    assert [name_of(path) for path in ours if "dataclasses" in imported(path)] == []


def test_what_was_loaded_is_left_alone_by_the_garbage_collector() -> None:
    frozen, enabled = evaluate("gc, handler, json", "[gc.get_freeze_count(), gc.isenabled()]")
    assert enabled
    assert frozen > 10_000


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="threads are counted in Linux's /proc")
@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="on one CPU it starts none")
def test_numpy_starts_no_threads_of_its_own() -> None:
    # OpenBLAS's would spin while the model loads.
    assert evaluate("agnews.model.classifier, json, os", "len(os.listdir('/proc/self/task'))") == 1
