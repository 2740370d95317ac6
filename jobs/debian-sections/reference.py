#!/usr/bin/env python3
"""Ask transformers for its answers to the held-out records, each alone, in float64.

Writes reference.jsonl: {"id", "label", "score", "tokens", "label_margin", "expert_margin"} per record.
`label_margin` is the difference between the two best probabilities. `expert_margin` is the smallest
difference, over all tokens and layers, between the last expert chosen and the first left out; where it
is tiny, any rounding may choose another expert.
"""
import argparse
import concurrent.futures
import json
import pathlib
import sys

import torch
from tokenizers import Tokenizer

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "Tests" / "Reference"))
import float64_doge  # noqa: E402


def answers(folder, texts):
    """The reference lines of some records, without their ids."""
    torch.set_num_threads(1)
    model = float64_doge.load(folder, torch.float64)
    tokenizer = Tokenizer.from_file(f"{folder}/tokenizer.json")
    lines = []
    for text in texts:
        ids = tokenizer.encode(text).ids
        logits, _, margins = float64_doge.answer(model, ids)
        probabilities = logits.softmax(-1)
        best = probabilities.topk(2)
        lines.append({
            "label": model.config.id2label[best.indices[0].item()],
            "score": round(best.values[0].item(), 9),
            "tokens": len(ids),
            "label_margin": round((best.values[0] - best.values[1]).item(), 9),
            "expert_margin": float(f"{margins.expert:.3g}"),
        })
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="model")
    parser.add_argument("--records", default="held-out.jsonl")
    parser.add_argument("--output", default="reference.jsonl")
    parser.add_argument("--processes", type=int, default=2)
    arguments = parser.parse_args()
    records = [json.loads(line) for line in open(arguments.records, encoding="utf-8")]
    parts = [records[start:start + 50] for start in range(0, len(records), 50)]
    with concurrent.futures.ProcessPoolExecutor(arguments.processes) as pool:
        texts = [[record["text"] for record in part] for part in parts]
        results = pool.map(answers, [arguments.model] * len(parts), texts)
        with open(arguments.output, "w", encoding="utf-8") as file:
            for part, lines in zip(parts, results):
                for record, line in zip(part, lines):
                    file.write(json.dumps({"id": record["id"], **line}, ensure_ascii=False) + "\n")
    print(f"{arguments.output}: {len(records)} answers")


if __name__ == "__main__":
    main()
