"""Time `kennel run` and transformers' pipeline in turn on the same records, and compare their answers.

Kennel's time is that of the whole command, start and end included; the pipeline's is that of its calls
alone, with the model loaded and warm. Both may use the same number of threads.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import tempfile
import threading
import time

import torch
import transformers

JOB = pathlib.Path(__file__).resolve().parents[2] / "jobs" / "debian-sections"


def resident_peak(process):
    """The peak resident memory of a process so far, MiB; 0 once it is gone."""
    try:
        for line in open(f"/proc/{process}/status", encoding="ascii"):
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    except OSError:
        pass
    return 0


def children(process):
    """The processes that a process has started."""
    try:
        return open(f"/proc/{process}/task/{process}/children", encoding="ascii").read().split()
    except OSError:
        return []


def run_kennel(kennel, records, workers, threads, memory):
    """One whole run: its seconds and its answers."""
    with tempfile.TemporaryDirectory() as folder:
        output = f"{folder}/labels.jsonl"
        command = [kennel, "run", records, "--model", str(JOB / "model"), "--output", output]
        command += ["--workers", str(workers), "--threads", str(threads // workers)]
        began = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

        def watch():
            while process.poll() is None:
                memory["coordinator"] = max(memory["coordinator"], resident_peak(process.pid))
                for child in children(process.pid):
                    memory["worker"] = max(memory["worker"], resident_peak(child))
                time.sleep(0.02)

        watcher = threading.Thread(target=watch)
        watcher.start()
        if process.wait() != 0:
            raise SystemExit(f"kennel run ended with {process.returncode}")
        seconds = time.perf_counter() - began
        watcher.join()
        return seconds, [json.loads(line) for line in open(output, encoding="utf-8")]


def run_pipeline(pipeline, texts, batch):
    """All texts through the pipeline: its seconds and its answers."""
    began = time.perf_counter()
    answers = pipeline(texts, batch_size=batch)
    return time.perf_counter() - began, answers


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kennel", required=True)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--records", type=int, default=4000)
    parser.add_argument("--padded", action="store_true", help="time padded batches of 32 too")
    arguments = parser.parse_args()
    threads = len(os.sched_getaffinity(0))
    torch.set_num_threads(threads)
    lines = open(JOB / "held-out.jsonl", encoding="utf-8").readlines()[: arguments.records]
    texts = [json.loads(line)["text"] for line in lines]
    pipeline = transformers.pipeline("text-classification", str(JOB / "model"), dtype=torch.float32)
    pipeline(texts[:64], batch_size=1)
    kinds = {
        "kennel run, 1 worker": lambda: run_kennel(arguments.kennel, part.name, 1, threads, memory),
        "kennel run, 2 workers": lambda: run_kennel(arguments.kennel, part.name, 2, max(2, threads), memory),
        "pipeline, one at a time": lambda: run_pipeline(pipeline, texts, 1),
    }
    if arguments.padded:
        kinds["pipeline, batches of 32"] = lambda: run_pipeline(pipeline, texts, 32)
    times, answers = {kind: [] for kind in kinds}, {}
    memory = {"coordinator": 0, "worker": 0}
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8") as part:
        part.writelines(lines)
        part.flush()
        for round_ in range(arguments.rounds):
            for kind, run in kinds.items():
                seconds, answers[kind] = run()
                times[kind].append(seconds)
                print(f"round {round_ + 1}: {kind}: {seconds:.2f} s", flush=True)
    report(times, answers, memory, threads)


def report(times, answers, memory, threads):
    """Print the table, the memory, and in how many answers the two agree."""
    ours = answers["kennel run, 1 worker"]
    tokens = sum(answer["usage"]["prompt_tokens"] for answer in ours)
    alone = statistics.median(times["pipeline, one at a time"])
    print(f"\n{len(ours)} records, {tokens} tokens, {threads} threads, f32, medians of {len(times[next(iter(times))])}\n")
    print("| | seconds | records/s | tokens/s | ratio |\n|---|---|---|---|---|")
    for kind, values in times.items():
        median = statistics.median(values)
        print(
            f"| {kind} | {median:.2f} ({min(values):.2f} to {max(values):.2f}) | {len(ours) / median:.0f}"
            f" | {tokens / median:.0f} | {alone / median:.1f} |"
        )
    for kind in (kind for kind in times if kind.startswith("pipeline")):
        same = sum(a["label"] == b["label"] for a, b in zip(ours, answers[kind]))
        print(f"\nlabels equal to those of the {kind}: {same} of {len(ours)}")
    print(
        f"\npeak resident memory, MiB: coordinator {memory['coordinator']:.0f}, worker {memory['worker']:.0f},"
        f" pipeline {resident_peak('self'):.0f}"
    )


if __name__ == "__main__":
    main()
