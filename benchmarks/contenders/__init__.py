"""Handlers that answer the same headlines with the same weights, each in its own process, as in Lambda."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
OTHERS = ROOT / ".venv-bench" / "bin" / "python"
"""The interpreter with the other libraries (make .venv-bench/ready)."""
BATCHES = (8, 32, 128)
"""Texts of similar length."""
TOKENS = (256, 1024, 4096)
"""Tokens of texts of one length."""


@dataclass(frozen=True)
class Contender:
    """One handler and what it needs."""

    name: str
    title: str
    """Its name in plots."""
    handler: str
    python: Path
    model: str | None = None
    """The conversion of the checkpoint that it reads; None means the baked folder itself."""
    batches: tuple[int, ...] = ()
    """Batch sizes to try on a list, in the handler's own unit; without any, the handler decides itself."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """Environment variables."""
    ours: bool = False


HERE = Path(sys.executable)
TUTORIAL = Contender(
    "tutorial", "transformers pipeline()", "benchmarks.contenders.tutorial.lambda_handler", HERE, "transformers"
)
ONNX = Contender("agnews-onnx", "ours, onnx", "handler.lambda_handler", HERE, ours=True)
PIPELINE = Contender(
    "agnews-pipeline",
    "ours, pipeline",
    "handler.lambda_handler",
    HERE,
    settings={"AGNEWS_ENGINE": "pipeline"},
    ours=True,
)


def _other(
    name: str, title: str, module: str, python: Path = OTHERS, model: str = "", batches: tuple[int, ...] = BATCHES
) -> Contender:
    """Return a handler of another library; `model` is its conversion where that has another name."""
    return Contender(name, title, f"benchmarks.contenders.{module}.lambda_handler", python, model or name, batches)


OPENVINO_INT8 = _other("openvino-int8", "OpenVINO, int8", "openvino_ir", batches=TOKENS)
CONTENDERS: tuple[Contender, ...] = (
    TUTORIAL,
    _other("batched", "transformers, sorted batches", "batched", HERE, "transformers"),
    _other("optimum", "optimum, float32", "optimum_ort"),
    _other("optimum-int8", "optimum, dynamic int8", "optimum_ort"),
    _other("optimum-static", "optimum, static int8", "optimum_ort"),
    _other("openvino", "OpenVINO, float", "openvino_ir", batches=TOKENS),
    OPENVINO_INT8,
    _other("ctranslate2", "CTranslate2, int8", "ctranslate2_int8"),
    ONNX,
    PIPELINE,
)
READ_AHEAD = Contender(
    "read-ahead", "ours, libraries read ahead", "benchmarks.contenders.read_ahead.lambda_handler", HERE, ours=True
)
FLOOR = Contender("floor", "floor", "benchmarks.contenders.floor.lambda_handler", HERE)
