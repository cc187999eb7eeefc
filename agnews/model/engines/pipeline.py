"""The reference engine: the fine-tuned checkpoint in transformers and torch, float32 on CPU."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from agnews.errors import ModelError
from agnews.model.checkpoint import MANIFEST, REPAIR_HINT, Checkpoint
from agnews.settings import EngineName

try:
    import torch
    from transformers import AutoModelForSequenceClassification
    from transformers.utils import logging
except ImportError as error:
    raise ModelError(
        f"the pipeline engine needs torch and transformers: pip install torch transformers ({error})"
    ) from error


class PipelineEngine:
    """Computes the same scores as `transformers.pipeline("text-classification")`, to 1e-5."""

    name: EngineName = "pipeline"
    max_tokens = 512
    """At 1,024 MB, longer calls would take more than the deadline's reserve (results/speed/cost.json)."""
    pads = True
    threads = 1

    def __init__(self, checkpoint: Checkpoint, workers: int) -> None:
        self._workers = workers
        logging.disable_progress_bar()  # it would end up in the function's log
        try:
            model = AutoModelForSequenceClassification.from_pretrained(  # nosec B615 # local
                checkpoint.folder, dtype=torch.float32, local_files_only=True, use_safetensors=True
            )
        except (OSError, ValueError, RuntimeError) as error:
            raise ModelError(f"transformers cannot load {checkpoint.folder} ({error}); {REPAIR_HINT}") from error
        if model.config.num_labels != len(checkpoint.labels):
            raise ModelError(
                f"{checkpoint.path('config.json')} has {model.config.num_labels} labels and {MANIFEST} "
                f"{len(checkpoint.labels)}; bake the checkpoint again"
            )
        self._model = model.eval()

    def logits(self, ids: Sequence[list[int]], _alone: bool, /) -> NDArray[np.float32]:
        """Return logits, float32 [len(ids), labels]; shorter texts are padded and masked."""
        torch.set_num_threads(self._workers)  # the setting belongs to the calling thread, which varies
        length = max(map(len, ids))
        padded = torch.tensor([row + [0] * (length - len(row)) for row in ids])
        mask = torch.tensor([[1] * len(row) + [0] * (length - len(row)) for row in ids])
        with torch.inference_mode():
            logits: NDArray[np.float32] = self._model(input_ids=padded, attention_mask=mask).logits.numpy()
        return logits
