"""The least work that gives an answer: bare imports, the session, one tokenised text and one run. No checks, no lists.

A handler, and a program that prints the label's number: python -m benchmarks.contenders.floor TEXT
"""

import gc
import os
import sys
from pathlib import Path
from typing import Any

os.environ |= {"OPENBLAS_NUM_THREADS": "1", "ORT_DISABLE_TELEMETRY": "1"}  # before the imports, as in agnews
gc.disable()

import onnxruntime
from tokenizers import Tokenizer
from tokenizers.models import WordPiece

FOLDER = Path(os.environ["AGNEWS_MODEL_DIR"])
TOKENIZER = Tokenizer.from_file(str(FOLDER / "tokenizer_rules.json"))
UNKNOWN = "[UNK]"
TOKENIZER.model = WordPiece.from_file(str(FOLDER / "vocab.txt"), unk_token=UNKNOWN)
OPTIONS = onnxruntime.SessionOptions()
OPTIONS.intra_op_num_threads = int(os.environ["BENCHMARK_THREADS"])
OPTIONS.inter_op_num_threads = 1
OPTIONS.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
SESSION = onnxruntime.InferenceSession(str(FOLDER / "model.onnx"), OPTIONS, providers=["CPUExecutionProvider"])


def classify(text: str) -> int:
    """Return the number of the text's label."""
    logits = SESSION.run(None, {"input_ids": [TOKENIZER.encode(text).ids]})[0]
    return int(logits.argmax())


def lambda_handler(event: dict[str, Any], context: object) -> Any:  # noqa: ARG001 (Lambda's signature)
    """Return {"label"} of one text, as its number."""
    return {"label": classify(event["text"])}


if __name__ == "__main__":
    sys.stdout.write(f"{classify(sys.argv[1])}\n")
