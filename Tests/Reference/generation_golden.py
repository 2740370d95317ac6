"""Let transformers continue prompts greedily in float64 with its cache; write `golden/generation/<checkpoint>.jsonl` and
`golden/choices.jsonl`.

README.md says what the fields mean. The end of a text is ignored. For dense models and those that route token by token the
cached steps are compared with one full pass, and two prompts with `generate` of unpatched float32 transformers.
"""

import copy
import json
import sys

import torch
from tokenizers import Tokenizer
from transformers import DogeForCausalLM, DynamicCache, GenerationConfig
from transformers.utils import logging

from causal_golden import is_near, kind_of, margin_fields
from float64_doge import load, observed
from make_causal_checkpoints import CHECKPOINTS, HERE
from model_golden import cut, unlike_tokens
from texts import SAMPLES

STEPS = 64
# Which prompts to compare with `generate`; the last one passes every trained length.
GENERATED = (1, -1)
CHOICES = {
    "The dog sleeps": [" under the tree", " in", " near the river", "."],
    "Rex is running": [" at", " in the house", ", 12"],
    "": ["dog", "The", " under"],
    SAMPLES["german"][:160]: [" Hunde", " schläft im Zwinger", "!", " der"],
    SAMPLES["english"]: [" dogs", " tomorrow", " I'd say", " 42 m"],
}


def prompts_for(tokenizer):
    """Prompts of 1 to 90 tokens."""
    every = " ".join(SAMPLES.values())
    return [
        "",
        "dog",
        "The dog sleeps",
        "12. Rex is running in the house at ",
        cut(tokenizer, SAMPLES["french"], 23),
        cut(tokenizer, SAMPLES["code"], 40),
        unlike_tokens(tokenizer, 62, 62),
        cut(tokenizer, every, 90),
    ]


class Decoder:
    """One record: a prompt pass, then one token at a time, with transformers' own cache."""

    def __init__(self, model, ids):
        self.model = model
        self.cache = DynamicCache(config=model.config)
        self.feed(ids)

    @torch.no_grad()
    def feed(self, ids):
        """The logits after these tokens."""
        self.logits = self.model(torch.tensor([ids]), past_key_values=self.cache, use_cache=True).logits[0, -1]
        return self.logits


def greedy(model, ids):
    """The greedy continuation, by how much each token won, and its log-probabilities."""
    decoder, tokens, gaps, logprobs = Decoder(model, ids), [], [], []
    for step in range(STEPS):
        best = decoder.logits.topk(2)
        tokens.append(best.indices[0].item())
        gaps.append((best.values[0] - best.values[1]).item())
        logprobs.append(decoder.logits.log_softmax(-1)[tokens[-1]].item())
        if step + 1 < STEPS:
            decoder.feed(tokens[-1:])
    return tokens, gaps, logprobs


@torch.no_grad()
def full_pass(model, ids, tokens):
    """The log-probabilities of the continuation in one pass."""
    logits = model(torch.tensor([ids + tokens[:-1]])).logits[0, len(ids) - 1:]
    return logits.log_softmax(-1).gather(-1, torch.tensor(tokens)[:, None])[:, 0]


def one_pass_agrees(config, length):
    """Whether a cached step must equal a full pass: not where routing mixes tokens, nor where later angles differ."""
    rope = config.rope_parameters
    limit = {"dynamic": config.max_position_embeddings, "longrope": rope.get("original_max_position_embeddings")}
    mixes = config.is_moe and getattr(config, "router_layout", "transformers") != "per_token"
    return not mixes and length <= (limit.get(rope["rope_type"]) or length)


def compare_with_generate(single, ids, tokens, gaps):
    """Unpatched float32 transformers must choose the same tokens up to the first close call."""
    sure = next((step for step, gap in enumerate(gaps) if gap < 1e-3), STEPS)
    if sure == 0:
        return
    model = copy.deepcopy(single)
    model.generation_config = GenerationConfig(do_sample=False, max_new_tokens=sure, bos_token_id=0)
    answer = model.generate(torch.tensor([ids]), attention_mask=torch.ones(1, len(ids), dtype=torch.long))
    assert answer[0, len(ids):].tolist() == tokens[:sure], f"generate differs: {answer[0, len(ids):].tolist()} {tokens}"


def write(name):
    """Write the golden file of one checkpoint, and return a line of figures about it."""
    folder = HERE / "checkpoints" / name
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    model, single = load(folder, torch.float64, DogeForCausalLM), load(folder, torch.float32, DogeForCausalLM)
    near, count, closest, variety, compared = 0, 0, [], [], 0
    with open(HERE / "golden" / "generation" / f"{name}.jsonl", "w", encoding="ascii") as file:
        prompts = prompts_for(tokenizer)
        generated = [prompts[index] for index in GENERATED]
        for text in prompts:
            ids = tokenizer.encode(text).ids
            if not ids:
                continue
            with observed(model) as margins:
                tokens, gaps, logprobs = greedy(model, ids)
                fields = margin_fields(margins)
                if one_pass_agrees(model.config, len(ids) + STEPS - 1):
                    difference = (full_pass(model, ids, tokens) - torch.tensor(logprobs, dtype=torch.float64)).abs().max()
                    assert difference < 1e-9, f"{name}: cached steps differ by {difference} from one pass for {text!r}"
                    compared += 1
            if text in generated and not is_near(margins):
                compare_with_generate(single, ids, tokens, gaps)
            near, count = near + is_near(margins), count + 1
            closest.append(min(gaps))
            variety.append(len(set(tokens)))
            line = {"text": text, "ids": ids, "tokens": tokens, "margins": [round(gap, 9) for gap in gaps],
                    "logprobs": [round(logprob, 12) for logprob in logprobs]} | fields
            file.write(json.dumps(line, separators=(",", ":")) + "\n")
    return (f"golden/generation/{name}.jsonl: {count} prompts, {min(variety)} to {max(variety)} different tokens of {STEPS}, "
            f"closest choices {' '.join(f'{gap:.0e}' for gap in sorted(closest)[:3])}, {compared} compared with one pass, "
            f"{near} near a decision")


def choice_fields(model, tokenizer, ids, choice):
    """The log-probability of one choice: the prompt in one pass, then the tokens one by one."""
    tokens = tokenizer.encode(choice, add_special_tokens=False).ids
    decoder, total = Decoder(model, ids), 0.0
    for index, token in enumerate(tokens):
        total += decoder.logits.log_softmax(-1)[token].item()
        if index + 1 < len(tokens):
            decoder.feed([token])
    return {"text": choice, "ids": tokens, "logprob": round(total, 12), "count": len(tokens)}


def write_choices():
    """Write `golden/choices.jsonl`."""
    with open(HERE / "golden" / "choices.jsonl", "w", encoding="ascii") as file:
        for name in ("causal", "causal-moe", "causal-per-token"):
            folder = HERE / "checkpoints" / name
            tokenizer, model = Tokenizer.from_file(str(folder / "tokenizer.json")), load(folder, torch.float64, DogeForCausalLM)
            for text, choices in CHOICES.items():
                ids = tokenizer.encode(text).ids
                with observed(model) as margins:
                    answers = [choice_fields(model, tokenizer, ids, choice) for choice in choices]
                line = {"checkpoint": name, "text": text, "ids": ids, "choices": answers, "expert_margin": margins.expert}
                file.write(json.dumps(line, separators=(",", ":")) + "\n")
    return "golden/choices.jsonl"


def main():
    """Write the golden files of all checkpoints, or of those named on the command line."""
    torch.set_num_threads(1)
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    (HERE / "golden" / "generation").mkdir(exist_ok=True)
    named = [word for word in sys.argv[1:] if not word.startswith("-")]
    for name in named or [name for name in CHECKPOINTS if kind_of(name) is DogeForCausalLM]:
        print(write(name), flush=True)
    if not named:
        print(write_choices())


if __name__ == "__main__":
    main()
