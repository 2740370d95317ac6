"""Write `golden/sampling.jsonl`: what transformers' own logits processors leave of a distribution, in float64.

The processors and their order come from `GenerationMixin`, as `generate` composes them when it samples.
"""

import json

import torch
from transformers import DogeForCausalLM, GenerationConfig
from transformers.utils import logging

from make_checkpoints import HERE
from texts import Noise

KEYS = ("repetition_penalty", "temperature", "top_k", "top_p", "min_p")
# Size of the vocabulary, scale of the logits, number of ids seen, and the settings; what is not named is off.
CASES = [
    (60, 3.0, 0, {}),
    (200, 2.0, 12, {}),
    *((50, 3.0, 0, {"temperature": value}) for value in (0.05, 0.3, 0.7, 1.0, 1.6, 8.0)),
    *((40, 3.0, 0, {"top_k": value}) for value in (1, 2, 5, 39, 40, 500)),
    *((60, 3.0, 0, {"top_p": value}) for value in (1e-9, 0.1, 0.5, 0.9, 0.999, 1.0)),
    (200, 1.0, 0, {"top_p": 0.8}),
    *((60, 3.0, 0, {"min_p": value}) for value in (0.0, 1e-4, 0.05, 0.3, 1.0)),
    *((30, 2.0, 9, {"repetition_penalty": value}) for value in (0.5, 0.9, 1.1, 1.5, 4.0)),
    (30, -2.0, 30, {"repetition_penalty": 1.3}),
    (100, 3.0, 0, {"top_k": 10, "top_p": 0.7}),
    (100, 3.0, 0, {"top_k": 10, "min_p": 0.1}),
    (100, 3.0, 0, {"top_p": 0.8, "min_p": 0.08}),
    (100, 3.0, 0, {"temperature": 2.0, "min_p": 0.1}),
    (100, 3.0, 0, {"temperature": 0.5, "top_p": 0.9}),
    (100, 3.0, 0, {"temperature": 1.7, "top_k": 25}),
    (100, 3.0, 20, {"repetition_penalty": 1.2, "top_k": 8}),
    (100, 3.0, 20, {"repetition_penalty": 1.2, "temperature": 0.6, "top_p": 0.85}),
    (150, 4.0, 60, {"repetition_penalty": 1.1, "temperature": 0.7, "top_k": 20, "top_p": 0.9}),
    (150, 4.0, 60, {"repetition_penalty": 0.8, "temperature": 1.3, "top_k": 40, "top_p": 0.95, "min_p": 0.02}),
    (150, 4.0, 60, {"repetition_penalty": 1.9, "temperature": 0.9, "top_k": 3, "top_p": 0.99, "min_p": 0.5}),
    (150, -4.0, 100, {"repetition_penalty": 1.4, "temperature": 1.1, "top_k": 1, "top_p": 0.01, "min_p": 1.0}),
]
# How far the numbers that decide must be from each cut, so that float32 decides the same.
CLEAR = 1e-4


def logits_for(size, scale, noise):
    """Logits that float32 holds exactly, all different; with a negative scale all below zero."""
    values = [(noise.below(1 << 16) + noise.below(1 << 16) + noise.below(1 << 16)) / (3 << 15) - 1 for _ in range(size)]
    logits = torch.tensor([2 * abs(scale) * value for value in values], dtype=torch.float32)
    return (logits - logits.max() - 1 if scale < 0 else logits).tolist()


def processors_for(model, settings):
    """The processors that `generate` would use, in its order."""
    config = GenerationConfig(do_sample=True, **settings)
    return model._get_logits_processor(config, input_ids_seq_length=1, device="cpu", model_kwargs={})


def is_clear(model, logits, seen, settings):
    """Whether the same entries are left when the logits move a little."""
    scores = torch.tensor([logits], dtype=torch.float64)
    shift = CLEAR * torch.linspace(-1, 1, len(logits), dtype=torch.float64)[torch.randperm(len(logits))]
    left = [process(model, scores + sign * shift, seen, settings).isfinite() for sign in (-1, 0, 1)]
    return torch.equal(left[0], left[1]) and torch.equal(left[1], left[2])


def process(model, scores, seen, settings):
    """The scores after all processors."""
    return processors_for(model, settings)(torch.tensor([seen], dtype=torch.long), scores)


def line(model, case, noise):
    """One line of the file; logits near a cut are drawn again."""
    size, scale, count, settings = case
    while True:
        logits, seen = logits_for(size, scale, noise), [noise.below(size) for _ in range(count)]
        if len(set(logits)) == size and is_clear(model, logits, seen, settings):
            break
    scores = process(model, torch.tensor([logits], dtype=torch.float64), seen, settings)
    left = scores.softmax(-1)[0]
    pairs = [[index, float(f"{left[index].item():.13g}")] for index in scores[0].isfinite().nonzero()[:, 0].tolist()]
    content = {"logits": logits, "seen": seen} | {key: settings.get(key) for key in KEYS} | {"probabilities": pairs}
    return json.dumps(content, separators=(",", ":")) + "\n"


def main():
    """Write the file."""
    torch.set_num_threads(1)
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    torch.manual_seed(5)
    model = DogeForCausalLM.from_pretrained(HERE / "checkpoints" / "causal")
    noise = Noise(11)
    lines = [line(model, case, noise) for case in CASES]
    (HERE / "golden" / "sampling.jsonl").write_text("".join(lines), encoding="ascii")
    print(f"golden/sampling.jsonl: {len(lines)} cases")


if __name__ == "__main__":
    main()
