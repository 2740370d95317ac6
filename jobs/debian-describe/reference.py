#!/usr/bin/env python3
"""Ask transformers to continue the prompts greedily, each alone, in float64 and with its own cache.

Writes reference.jsonl: {"id", "tokens", "text", "margins", "expert_margin", "logprob"} per prompt.
`tokens` are those of the answer, with the end token where the model chose it; `text` is without it, and
`logprob` is the sum of the log-probabilities of `tokens`. `margins` is the smallest difference, over all
steps, between the two best logits. `expert_margin` is the smallest difference, over all tokens and layers,
between the last expert chosen and the first left out. Where either is tiny, any rounding may lead elsewhere.

The first 20 answers far from both are also compared with `generate` of unpatched float32 transformers.
"""
import argparse
import concurrent.futures
import json
import pathlib
import sys

import torch
from tokenizers import Tokenizer
from transformers import DogeForCausalLM, DynamicCache
from transformers.utils import logging

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "jobs"), str(ROOT / "Tests" / "Reference")]
import float64_doge  # noqa: E402
import per_token  # noqa: E402

NEW_TOKENS_MAX = 64
LOGIT_MARGIN_MIN = 1e-3
EXPERT_MARGIN_MIN = 1e-5
COMPARED = 20


def prepare():
    """One thread for each process, and no bars of progress."""
    torch.set_num_threads(1)
    logging.disable_progress_bar()


@torch.no_grad()
def greedy(model, ids):
    """The continuation with its end token, the smallest lead of its tokens, and its log-probability."""
    cache, tokens, leads, logprob = DynamicCache(config=model.config), [], [], 0.0
    fed = ids
    while len(tokens) < NEW_TOKENS_MAX and model.config.eos_token_id not in tokens:
        logits = model(torch.tensor([fed]), past_key_values=cache, use_cache=True).logits[0, -1]
        assert logits.dtype == torch.float64
        best = logits.topk(2)
        tokens.append(best.indices[0].item())
        leads.append((best.values[0] - best.values[1]).item())
        logprob += logits.log_softmax(-1)[tokens[-1]].item()
        fed = tokens[-1:]
    return tokens, min(leads), logprob


def answers(folder, prompts):
    """The reference lines of some prompts, without their ids."""
    prepare()
    model = float64_doge.load(folder, torch.float64, DogeForCausalLM)
    tokenizer = Tokenizer.from_file(f"{folder}/tokenizer.json")
    lines = []
    for prompt in prompts:
        with float64_doge.observed(model) as margins:
            tokens, lead, logprob = greedy(model, tokenizer.encode(prompt).ids)
        lines.append({
            "tokens": tokens,
            "text": tokenizer.decode(tokens, skip_special_tokens=True),
            "margins": float(f"{lead:.3g}"),
            "expert_margin": float(f"{margins.expert:.3g}"),
            "logprob": round(logprob, 9),
        })
    return lines


def is_narrow(line):
    """Whether rounding may choose another token or expert."""
    return line["margins"] < LOGIT_MARGIN_MIN or line["expert_margin"] < EXPERT_MARGIN_MIN


def compare_with_generate(folder, prompts, lines):
    """Refuse answers that differ from those of transformers' own loop in float32."""
    prepare()
    model = per_token.load(folder, torch.float32)
    tokenizer = Tokenizer.from_file(f"{folder}/tokenizer.json")
    sure = [pair for pair in zip(prompts, lines) if not is_narrow(pair[1])][:COMPARED]
    for prompt, line in sure:
        ids = torch.tensor([tokenizer.encode(prompt).ids])
        answer = model.generate(
            ids, attention_mask=torch.ones_like(ids), do_sample=False, max_new_tokens=NEW_TOKENS_MAX
        )
        tokens = answer[0, ids.shape[1]:].tolist()
        if tokens != line["tokens"]:
            raise SystemExit(f"generate answers {tokens} to {prompt!r}, float64 {line['tokens']}")
    print(f"{len(sure)} answers are those of generate in float32")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="model")
    parser.add_argument("--prompts", default="prompts.jsonl")
    parser.add_argument("--output", default="reference.jsonl")
    parser.add_argument("--processes", type=int, default=2)
    arguments = parser.parse_args()
    with open(arguments.prompts, encoding="utf-8") as file:
        records = [json.loads(line) for line in file]
    prompts = [record["prompt"] for record in records]
    parts = [prompts[start:start + 20] for start in range(0, len(prompts), 20)]
    with concurrent.futures.ProcessPoolExecutor(arguments.processes) as pool:
        lines = sum(pool.map(answers, [arguments.model] * len(parts), parts), [])
    with open(arguments.output, "w", encoding="utf-8") as file:
        for record, line in zip(records, lines):
            file.write(json.dumps({"id": record["id"], **line}, ensure_ascii=False) + "\n")
    print(f"{arguments.output}: {len(lines)} answers, {sum(map(is_narrow, lines))} of them narrow")
    compare_with_generate(arguments.model, prompts, lines)


if __name__ == "__main__":
    main()
