"""The reference engine: the plain fine-tuned DistilBERT in transformers and torch, float32 on CPU."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from agnews.errors import ModelError
from agnews.model.checkpoint import REMEDY, Checkpoint
from agnews.settings import EngineName

try:
    import torch
    from transformers import DistilBertForSequenceClassification
    from transformers.utils import logging
except ImportError as error:
    raise ModelError(
        f"the pipeline engine needs torch and transformers: pip install -e '.[pipeline]' ({error})"
    ) from error


class PipelineEngine:
    """What `transformers.pipeline("text-classification")` computes, down to 1e-5 of a score."""

    name: EngineName = "pipeline"
    most_tokens = 512
    """Longer calls would not end within the deadline's reserve at 1,024 MB (results/speed/cost.json)."""
    pads = True
    threads = 1

    def __init__(self, checkpoint: Checkpoint, workers: int) -> None:
        self._workers = workers
        logging.disable_progress_bar()  # it would be written into the function's log
        try:
            model = DistilBertForSequenceClassification.from_pretrained(
                checkpoint.folder, dtype=torch.float32, local_files_only=True, use_safetensors=True
            )
        except (OSError, ValueError, RuntimeError) as error:
            raise ModelError(f"transformers cannot load {checkpoint.folder} ({error}); {REMEDY}") from error
        self._model = model.eval()

    def logits(self, ids: Sequence[list[int]], _alone: bool, /) -> NDArray[np.float32]:
        """Float32 [len(ids), 4]; shorter texts are padded and masked."""
        torch.set_num_threads(self._workers)  # it counts for the thread that calls, whichever that is
        length = max(map(len, ids))
        padded = torch.tensor([row + [0] * (length - len(row)) for row in ids])
        mask = torch.tensor([[1] * len(row) + [0] * (length - len(row)) for row in ids])
        with torch.inference_mode():
            found: NDArray[np.float32] = self._model(input_ids=padded, attention_mask=mask).logits.numpy()
        return found
