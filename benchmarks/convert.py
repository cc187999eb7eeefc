"""Convert a baked checkpoint for the contenders, each conversion in a process of its own.

    python -m benchmarks.convert [--model-dir model_cache]

Conversions are kept in build/benchmarks/REVISION/. A failed one leaves its reason there and is not tried again.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from agnews.model.checkpoint import read_checkpoint
from agnews.settings import Settings
from benchmarks.contenders import OTHERS, ROOT
from modeling.headlines import headlines

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BUILD = ROOT / "build" / "benchmarks"
CALIBRATION_TEXTS = 300
CALIBRATION_SEED = 1000
"""No benchmark measures headlines of this seed."""


def main() -> None:
    """Run the command line that the module's docstring describes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model-dir", type=Path, default=Settings().model_dir)
    parser.add_argument("--write", nargs=2, metavar=("KIND", "FOLDER"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.write:
        WRITERS[arguments.write[0]](arguments.model_dir, Path(arguments.write[1]))
        return
    for kind in WRITERS:
        print(kind, converted(kind, arguments.model_dir))


def converted(kind: str, model_dir: Path) -> Path | str:
    """Return the folder of the conversion, made if it does not exist yet, or why it failed."""
    revision = read_checkpoint(model_dir).revision.replace(":", "-")
    folder = BUILD / revision / kind
    reason = folder.with_suffix(".failed")
    if not folder.exists() and not reason.exists():
        _convert(kind, model_dir, folder)
    return reason.read_text(encoding="utf-8") if reason.exists() else folder


def _convert(kind: str, model_dir: Path, folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    python = sys.executable if kind == "transformers" else OTHERS
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        new = Path(scratch) / kind
        command = [python, "-m", "benchmarks.convert", "--model-dir", model_dir.resolve(), "--write", kind, new]
        environment = os.environ | {"PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1"}
        process = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)  # noqa: S603
        if process.returncode == 0:
            new.rename(folder)
        else:
            lines = process.stderr.strip().splitlines() or [f"exit status {process.returncode}"]
            folder.with_suffix(".failed").write_text(lines[-1], encoding="utf-8")


def write_transformers(model_dir: Path, folder: Path) -> None:
    """Write float32 weights and a tokenizer, as `save_pretrained` leaves them after fine-tuning."""
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    model = AutoModelForSequenceClassification.from_pretrained(model_dir, dtype=torch.float32)  # nosec B615 # local
    model.save_pretrained(folder)
    length = read_checkpoint(model_dir).max_length
    tokenizer = AutoTokenizer.from_pretrained(model_dir, model_max_length=length)  # nosec B615 # local
    tokenizer.save_pretrained(folder)


def write_optimum(model_dir: Path, folder: Path) -> None:
    """Write optimum's export, float32."""
    from optimum.onnxruntime import ORTModelForSequenceClassification
    from transformers import AutoTokenizer

    with tempfile.TemporaryDirectory() as plain:
        write_transformers(model_dir, Path(plain))
        ORTModelForSequenceClassification.from_pretrained(plain, export=True).save_pretrained(folder)
        tokenizer = AutoTokenizer.from_pretrained(plain)  # nosec B615 # local
        tokenizer.save_pretrained(folder)


def write_optimum_int8(model_dir: Path, folder: Path) -> None:
    """Write optimum's export after dynamic quantisation for AVX-512, as its documentation shows."""
    _write_optimum_quantised(model_dir, folder, is_static=False)


def write_optimum_static(model_dir: Path, folder: Path) -> None:
    """Write optimum's export after static quantisation for AVX-512, as its documentation shows."""
    _write_optimum_quantised(model_dir, folder, is_static=True)


def _write_optimum_quantised(model_dir: Path, folder: Path, is_static: bool) -> None:
    from onnxruntime.quantization import CalibrationMethod
    from optimum.onnxruntime import ORTQuantizer
    from optimum.onnxruntime.configuration import AutoQuantizationConfig, CalibrationConfig

    with tempfile.TemporaryDirectory() as plain:
        write_optimum(model_dir, Path(plain))
        quantizer = ORTQuantizer.from_pretrained(plain)
        configuration = AutoQuantizationConfig.avx512_vnni(is_static=is_static, per_channel=True)
        ranges = None
        if is_static:
            calibration = CalibrationConfig("headlines", "", "", CALIBRATION_TEXTS, CalibrationMethod.MinMax)
            ranges = quantizer.fit(
                [{name: row[0] for name, row in inputs.items()} for inputs in calibration_inputs(model_dir)],
                calibration,
                onnx_augmented_model_name=Path(plain) / "augmented.onnx",
                operators_to_quantize=configuration.operators_to_quantize,
            )
        quantizer.quantize(configuration, folder, calibration_tensors_range=ranges)
        for name in ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"):
            if (Path(plain) / name).exists():
                shutil.copyfile(Path(plain) / name, folder / name)


def calibration_inputs(model_dir: Path) -> "list[dict[str, NDArray[np.int64]]]":
    """Return token ids and attention mask, int64 [1, length], of generated headlines to calibrate on."""
    from benchmarks.contenders.scores import padded, tokenizer_of

    tokenizer = tokenizer_of(model_dir)
    pairs = (padded(tokenizer, [text]) for text in headlines(CALIBRATION_TEXTS, seed=CALIBRATION_SEED))
    return [{"input_ids": ids, "attention_mask": mask} for ids, mask in pairs]


def write_openvino(model_dir: Path, folder: Path) -> None:
    """Write OpenVINO's representation of optimum's export, weights in float16 as it does by default."""
    import openvino

    with tempfile.TemporaryDirectory() as plain:
        write_optimum(model_dir, Path(plain))
        openvino.save_model(openvino.convert_model(Path(plain) / "model.onnx"), folder / "model.xml")


def write_openvino_int8(model_dir: Path, folder: Path) -> None:
    """Write the same with weights and activations in int8, as NNCF's documentation shows for transformers."""
    import nncf
    import openvino

    with tempfile.TemporaryDirectory() as plain:
        write_optimum(model_dir, Path(plain))
        model = openvino.convert_model(Path(plain) / "model.onnx")
        calibration = nncf.Dataset(calibration_inputs(model_dir))
        quantised = nncf.quantize(
            model, calibration, model_type=nncf.ModelType.TRANSFORMER, subset_size=CALIBRATION_TEXTS
        )
        openvino.save_model(quantised, folder / "model.xml")


def write_ctranslate2(model_dir: Path, folder: Path) -> None:
    """Write CTranslate2's int8 encoder, and the classifier's layers, which it does not convert, as head.npz."""
    import numpy as np
    import torch
    from ctranslate2.converters import TransformersConverter
    from transformers import AutoModelForSequenceClassification, DistilBertModel

    model = AutoModelForSequenceClassification.from_pretrained(model_dir, dtype=torch.float32)  # nosec B615 # local
    with tempfile.TemporaryDirectory() as plain:
        write_transformers(model_dir, Path(plain))
        encoder = DistilBertModel.from_pretrained(plain)  # nosec B615 # local
        encoder.save_pretrained(plain)
        TransformersConverter(plain).convert(str(folder), quantization="int8")
    head = {name: value.numpy() for name, value in model.state_dict().items() if "classifier" in name}
    np.savez(folder / "head.npz", **head)


WRITERS: dict[str, Callable[[Path, Path], None]] = {
    "transformers": write_transformers,
    "optimum": write_optimum,
    "optimum-int8": write_optimum_int8,
    "optimum-static": write_optimum_static,
    "openvino": write_openvino,
    "openvino-int8": write_openvino_int8,
    "ctranslate2": write_ctranslate2,
}


if __name__ == "__main__":
    main()
