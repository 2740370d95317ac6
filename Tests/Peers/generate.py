"""Time `kennel run` and transformers' `generate` in turn on the same prompts, and compare their texts.

Kennel's time is that of the whole command, start and end included; transformers' is that of its calls
alone, with the model loaded and warm. Both may use the same number of threads. transformers answers
prompts one at a time: in a padded batch a model with experts may give other texts.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import tokenizers
import torch

JOBS = pathlib.Path(__file__).resolve().parents[2] / "jobs"
sys.path.append(str(JOBS))
import per_token  # noqa: E402

JOB = JOBS / "debian-describe"
MOST_TOKENS = 64


def run_kennel(kennel, prompts, workers, threads):
    """One whole run: its seconds and the tokens of its answers."""
    with tempfile.TemporaryDirectory() as folder:
        output = f"{folder}/texts.jsonl"
        command = [kennel, "run", prompts, "--model", str(JOB / "model"), "--task", "generate"]
        command += ["--max-new-tokens", str(MOST_TOKENS), "--token-ids", "--output", output]
        command += ["--workers", str(workers), "--threads", str(threads // workers)]
        began = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        seconds = time.perf_counter() - began
        return seconds, [json.loads(line)["token_ids"] for line in open(output, encoding="utf-8")]


@torch.inference_mode()
def run_transformers(model, prompts):
    """All prompts through `generate`, one at a time: its seconds and the tokens of its answers."""
    began = time.perf_counter()
    answers = []
    for ids in prompts:
        row = model.generate(
            torch.tensor([ids]), max_new_tokens=MOST_TOKENS, do_sample=False, pad_token_id=2
        )[0]
        answers.append(row[len(ids):].tolist())
    return time.perf_counter() - began, answers


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kennel", required=True)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--records", type=int, default=500)
    arguments = parser.parse_args()
    threads = len(os.sched_getaffinity(0))
    torch.set_num_threads(threads)
    lines = open(JOB / "prompts.jsonl", encoding="utf-8").readlines()[: arguments.records]
    tokenizer = tokenizers.Tokenizer.from_file(str(JOB / "model" / "tokenizer.json"))
    prompts = [tokenizer.encode(json.loads(line)["prompt"]).ids for line in lines]
    model = per_token.load(JOB / "model", dtype=torch.float32)
    run_transformers(model, prompts[:4])
    kinds = {
        "kennel run, 1 worker": lambda: run_kennel(arguments.kennel, part.name, 1, threads),
        "kennel run, 2 workers": lambda: run_kennel(arguments.kennel, part.name, 2, max(2, threads)),
        "generate, one at a time": lambda: run_transformers(model, prompts),
    }
    times, answers = {kind: [] for kind in kinds}, {}
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8") as part:
        part.writelines(lines)
        part.flush()
        for round_ in range(arguments.rounds):
            for kind, run in kinds.items():
                seconds, answers[kind] = run()
                times[kind].append(seconds)
                print(f"round {round_ + 1}: {kind}: {seconds:.2f} s", flush=True)
    report(times, answers, threads)


def report(times, answers, threads):
    """Print the table, and how many texts are equal."""
    ours, theirs = answers["kennel run, 1 worker"], answers["generate, one at a time"]
    made = sum(map(len, ours))
    alone = statistics.median(times["generate, one at a time"])
    print(f"\n{len(ours)} prompts, {made} tokens made, {threads} threads, f32, medians\n")
    print("| | seconds | tokens made/s | ratio |\n|---|---|---|---|")
    for kind, values in times.items():
        median = statistics.median(values)
        print(
            f"| {kind} | {median:.2f} ({min(values):.2f} to {max(values):.2f})"
            f" | {made / median:.0f} | {alone / median:.1f} |"
        )
    print(f"\ntexts equal token by token: {sum(a == b for a, b in zip(ours, theirs))} of {len(ours)}")


if __name__ == "__main__":
    main()
