"""Compare real texts end to end: `kennel run`, transformers, and OpenVINO with any shape.

The demo's package descriptions, cut at 512 tokens, through a random classifier with the dimensions
of Doge-20M; tokenizing is counted everywhere. Kennel's time is that of the whole command, start,
ledger, sockets and end included; the others' is that of their calls alone, with the model loaded
and warm.
"""
import json
import subprocess
import tempfile
import time

import numpy
import torch
import transformers

import exported
from checkpoints import folder, load
from side_by_side import KENNEL, held_out, in_turn, options, say, table

MOST_TOKENS = 512
BATCH = 32
VOCABULARY = 8192
TYPES = {"f32": torch.float32, "bf16": torch.bfloat16}


class Texts:
    """The records of one run, and how many tokens they really have."""

    def __init__(self, checkpoint, count):
        self.lines = held_out(count)
        self.texts = [json.loads(line)["text"] for line in self.lines]
        self.tokenizer = transformers.AutoTokenizer.from_pretrained(checkpoint)
        lengths = [len(ids) for ids in self.encode(self.texts)]
        self.tokens, self.median = sum(lengths), int(numpy.median(lengths))

    def encode(self, texts):
        """Ids, cut at the limit."""
        return self.tokenizer(texts, truncation=True, max_length=MOST_TOKENS)["input_ids"]

    def sorted_batches(self):
        """Batches of texts of like length: ids and mask. Tokenizing is part of the work."""
        rows = sorted(self.encode(self.texts), key=len)
        for first in range(0, len(rows), BATCH):
            part = rows[first : first + BATCH]
            ids = numpy.full((len(part), len(part[-1])), self.tokenizer.pad_token_id)
            mask = numpy.zeros_like(ids)
            for row, tokens in enumerate(part):
                ids[row, : len(tokens)] = tokens
                mask[row, : len(tokens)] = 1
            yield ids, mask

    def rates(self, seconds, dtype):
        """Documents and tokens a second, by column."""
        return {
            f"{dtype}, documents/s": len(self.texts) / seconds,
            f"{dtype}, tokens/s": self.tokens / seconds,
        }

    def timed(self, works):
        """The rates of one call of each type's work."""

        def run():
            measured = {}
            for dtype, work in works.items():
                began = time.perf_counter()
                work()
                measured |= self.rates(time.perf_counter() - began, dtype)
            return measured

        return run


def pipeline(records, checkpoint, batch):
    """transformers' own pipeline."""
    def work(dtype):
        ask = transformers.pipeline("text-classification", str(checkpoint), dtype=dtype)
        return lambda: ask(
            records.texts, batch_size=batch, truncation=True, max_length=MOST_TOKENS
        )

    return records.timed({name: work(dtype) for name, dtype in TYPES.items()})


def transformers_sorted(records, checkpoint):
    """transformers with batches of texts of like length."""
    def work(dtype):
        model = load(checkpoint, "classifier", dtype)

        @torch.inference_mode()
        def ask():
            for ids, mask in records.sorted_batches():
                model(torch.from_numpy(ids), attention_mask=torch.from_numpy(mask), use_cache=False)

        return ask

    return records.timed({name: work(dtype) for name, dtype in TYPES.items()})


def openvino_sorted(records, checkpoint, threads):
    """OpenVINO with batches of texts of like length, one model for all shapes."""
    path = exported.any_shape(checkpoint, VOCABULARY)

    def work(dtype):
        request = exported.openvino_model(path, threads, dtype).create_infer_request()

        def ask():
            for ids, mask in records.sorted_batches():
                request.infer({"input_ids": ids, "attention_mask": mask})

        return ask

    return records.timed({name: work(name) for name in TYPES})


def kennel_run(chosen, records, checkpoint, workers):
    """`kennel run` with everything that belongs to it."""
    def work(dtype):
        with tempfile.TemporaryDirectory() as place:
            records_file = f"{place}/records.jsonl"
            with open(records_file, "w", encoding="utf-8") as file:
                file.writelines(records.lines)
            command = [chosen.kennel, "run", records_file, "--model", checkpoint]
            command += ["--output", f"{place}/labels.jsonl", "--dtype", dtype]
            command += ["--max-length", MOST_TOKENS, "--truncate", "right"]
            command += ["--workers", workers, "--threads", max(1, chosen.threads // workers)]
            began = time.perf_counter()
            done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
            seconds = time.perf_counter() - began
            if done.returncode != 0:
                raise SystemExit(f"kennel run ended with {done.returncode}: {done.stderr}")
            answers = [json.loads(line) for line in open(f"{place}/labels.jsonl", encoding="utf-8")]
        read = sum(answer["usage"]["prompt_tokens"] for answer in answers)
        if read != records.tokens:
            say(f"Kennel read {read} tokens, the peers {records.tokens}")
        return records.rates(seconds, dtype)

    def run():
        measured = {}
        for dtype in chosen.kennel_types.split(","):
            measured |= work(dtype)
        return measured

    return run


def contenders(chosen, records, checkpoint, steady):
    """All programs by name; where many records are read, only those that are fast."""
    makers = {
        "transformers' pipeline, one at a time": lambda: pipeline(records, checkpoint, 1),
        f"transformers' pipeline, {BATCH}": lambda: pipeline(records, checkpoint, BATCH),
        "transformers, sorted by length": lambda: transformers_sorted(records, checkpoint),
        "OpenVINO, sorted by length": lambda: openvino_sorted(records, checkpoint, chosen.threads),
    }
    if steady:
        makers = dict(list(makers.items())[-1:])
    if chosen.kennel:
        for workers in (1, 2):
            name = f"{KENNEL} run, {workers} worker{'s' if workers > 1 else ''}"
            makers[name] = lambda workers=workers: kennel_run(chosen, records, checkpoint, workers)
    return {name: make() for name, make in makers.items() if chosen.only in name}


def main():
    def add(parser):
        parser.add_argument("--records", type=int, default=600, help="for all; default 600")
        parser.add_argument("--steady", type=int, default=4000, help="for the fast; 0 for none")
        parser.add_argument("--kennel-types", default="f32,bf16", help="default f32,bf16")

    chosen = options(__doc__, rounds=3, add=add)
    torch.set_num_threads(chosen.threads)
    checkpoint = folder("Doge-20M", "classifier", VOCABULARY)
    columns = [f"{name}, {unit}" for unit in ("documents/s", "tokens/s") for name in TYPES]
    for count, steady in ((chosen.records, False), (chosen.steady, True)):
        if count > 0:
            records = Texts(checkpoint, count)
            samples = in_turn(contenders(chosen, records, checkpoint, steady), chosen)
            title = f"{len(records.texts):,} package descriptions, {records.tokens:,} tokens, " \
                f"median {records.median}, Doge-20M, {chosen.threads} threads:"
            print(table(title, samples, columns), flush=True)


if __name__ == "__main__":
    main()
