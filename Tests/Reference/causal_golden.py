"""Ask transformers for the float64 hidden states and log-probabilities of language models, and write `golden/<checkpoint>.jsonl`.

README.md says what the fields mean. The script also runs unpatched float32 transformers on the same texts, and stops when the
two disagree by more than rounding explains.
"""

import copy
import json
import shutil
import sys

import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from transformers import AutoTokenizer, DogeForCausalLM, DogeModel
from transformers.utils import logging

from float64_doge import load, observed
from make_causal_checkpoints import CHECKPOINTS, HERE, OLDER, older_name
from model_golden import NEAR, cut, unlike_tokens
from texts import SAMPLES

LOGPROBS = 40
TOP = 5


def texts_for(tokenizer):
    """About ten texts of 1 to 160 tokens; the longer ones pass every window and trained length of the small models."""
    every, mixed = " ".join(SAMPLES.values()), "\r\n".join(reversed(SAMPLES.values()))
    return [
        "",
        "dog",
        "The dog sleeps under the old tree.",
        cut(tokenizer, SAMPLES["russian"], 25),
        "Hi<|end_of_text|><|start_header_id|>user<|end_header_id|>\n\nWho is it?<|end_of_text|>",
        cut(tokenizer, SAMPLES["code"], 64),
        unlike_tokens(tokenizer, 65, 65),
        cut(tokenizer, mixed, 97),
        unlike_tokens(tokenizer, 128, 128),
        cut(tokenizer, every, 160),
    ]


def kind_of(name):
    """The class that a checkpoint is for."""
    return CHECKPOINTS[name].get("kind", DogeForCausalLM)


@torch.no_grad()
def states(model, ids):
    """Output of the last norm, and logits or None, for every position of one pass."""
    if isinstance(model, DogeModel):
        return model(torch.tensor([ids])).last_hidden_state[0], None
    hidden = {}
    hook = model.model.norm.register_forward_hook(lambda module, inputs, output: hidden.update(all=output[0]))
    logits = model(torch.tensor([ids])).logits[0]
    hook.remove()
    return hidden["all"], logits


def rounded(values, digits):
    """A tensor as a list of rounded numbers."""
    return [round(value, digits) for value in values.tolist()]


def margin_fields(margins):
    """The margins as fields of a golden file."""
    return {
        "expert_margin": margins.expert,
        "window_margin": margins.window if margins.tied_queries == 0 else 0.0,
        "window_margin_untied": margins.window_untied,
        "window_ties": margins.tied_queries,
    }


def is_near(margins):
    """Whether rounding in float32 may decide something."""
    return margins.tied_queries > 0 or min(margins.expert or 1, margins.window_untied or 1) < NEAR


def content(text, ids, hidden, logits, margins):
    """The fields of one line."""
    fields = {"text": text, "ids": ids, "hidden_last": rounded(hidden[-1], 9), "hidden_mean": rounded(hidden.mean(0), 9)}
    if logits is not None:
        chosen = logits[:-1].log_softmax(-1).gather(-1, torch.tensor(ids[1:], dtype=torch.long)[:, None])[:, 0]
        best = logits[-1].topk(TOP)
        fields["logprob"] = round(chosen.sum().item(), 12)
        fields["logprobs"] = rounded(chosen[:LOGPROBS], 12)
        fields["last_logits_top"] = [list(pair) for pair in zip(best.indices.tolist(), rounded(best.values, 12))]
    return fields | margin_fields(margins)


def float32_difference(single, ids, hidden, logits):
    """How far unpatched float32 transformers is from the float64 answer. Each call gets a fresh copy of the model."""
    other_hidden, other_logits = states(copy.deepcopy(single), ids)
    difference = (other_hidden.double() - hidden).abs().max().item()
    return difference if logits is None else max(difference, (other_logits.double() - logits).abs().max().item())


def write(name):
    """Write the golden file of one checkpoint, and return a line of figures about it."""
    folder = HERE / "checkpoints" / name
    tokenizer, through_transformers = Tokenizer.from_file(str(folder / "tokenizer.json")), AutoTokenizer.from_pretrained(folder)
    model, single = load(folder, torch.float64, kind_of(name)), load(folder, torch.float32, kind_of(name))
    worst, near, lengths, sizes = 0.0, 0, [], []
    with open(HERE / "golden" / f"{name}.jsonl", "w", encoding="ascii") as file:
        for text in texts_for(tokenizer):
            ids = tokenizer.encode(text).ids
            if not ids:
                continue
            assert through_transformers(text).input_ids == ids, f"{name}: AutoTokenizer differs in {text!r}"
            with observed(model) as margins:
                hidden, logits = states(model, ids)
            assert hidden.dtype == torch.float64
            difference = float32_difference(single, ids, hidden, logits)
            if is_near(margins):
                near += 1
            else:
                worst = max(worst, difference)
            lengths.append(len(ids))
            sizes.append((hidden if logits is None else logits).std().item())
            file.write(json.dumps(content(text, ids, hidden, logits, margins), separators=(",", ":")) + "\n")
            if "--verbose" in sys.argv:
                print(f"  {len(ids):4} tokens, {difference:.1e}, {vars(margins)}")
    assert worst < 6e-5, f"{name}: float32 differs by {worst} from float64"
    return (f"golden/{name}.jsonl: {len(lengths)} texts of {min(lengths)} to {max(lengths)} tokens, deviation "
            f"{sum(sizes) / len(sizes):.2f}, float32 differs by at most {worst:.1e}, {near} texts near a decision")


def write_older(name):
    """The golden file of a checkpoint with older names: its twin's, once the tensors are seen to be equal."""
    source, residual_weight = OLDER[name]
    twin = load_file(HERE / "checkpoints" / source / "model.safetensors")
    tensors = load_file(HERE / "checkpoints" / name / "model.safetensors")
    assert len(twin) == len(tensors)
    assert all(torch.equal(tensor, tensors[older_name(today, residual_weight)]) for today, tensor in twin.items())
    shutil.copyfile(HERE / "golden" / f"{source}.jsonl", HERE / "golden" / f"{name}.jsonl")
    return f"golden/{name}.jsonl: as {source}"


def main():
    """Write the golden files of all checkpoints, or of those named on the command line."""
    torch.set_num_threads(1)
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    for name in [word for word in sys.argv[1:] if not word.startswith("-")] or [*CHECKPOINTS, *OLDER]:
        print(write_older(name) if name in OLDER else write(name), flush=True)


if __name__ == "__main__":
    main()
