"""Compare generation: Kennel, transformers and llama.cpp, one stream and many.

Random weights and prompts, greedy, the end of a text ignored; tokens made a second, reading the
prompts included, every program with the same threads.
"""
import torch

import decode_llama
from checkpoints import folder, load
from side_by_side import in_turn, kennel_rows, options, rate, say, table

PROMPT, NEW = 16, 64
STREAMS = (1, 32)
SHAPES = ("Doge-20M", "Doge-160M")
TYPES = {"f32": torch.float32, "bf16": torch.bfloat16}
COLUMNS = ("f32", "bf16", "int8")


def prompts(streams):
    """Random prompts without special tokens."""
    generator = torch.Generator().manual_seed(streams)
    return torch.randint(3, decode_llama.VOCABULARY, (streams, PROMPT), generator=generator)


def transformers_rates(checkpoint, streams):
    """transformers' `generate`, all streams in one batch."""
    models = {name: load(checkpoint, "generator", dtype) for name, dtype in TYPES.items()}
    ids = prompts(streams)

    @torch.inference_mode()
    def generate(model):
        model.generate(
            ids, attention_mask=torch.ones_like(ids), do_sample=False, pad_token_id=2,
            min_new_tokens=NEW, max_new_tokens=NEW,
        )

    def run():
        return {
            name: rate(lambda: generate(model), streams * NEW) for name, model in models.items()
        }

    return run


def llama_rates(shape, streams, threads):
    """llama.cpp in its types; int8 is its q8_0."""
    loaded = {
        name: decode_llama.Streams(
            decode_llama.model_file(shape, name), streams, PROMPT + NEW, threads
        )
        for name in decode_llama.TYPES
    }
    rows = prompts(streams).numpy()

    def run():
        return {
            name: rate(lambda: model.generate(rows, NEW), streams * NEW)
            for name, model in loaded.items()
        }

    return run


def contenders(chosen, shape, streams):
    """All programs that generate, by name."""
    checkpoint = folder(shape, "generator", decode_llama.VOCABULARY)
    makers = {
        "transformers, `generate`": lambda: transformers_rates(checkpoint, streams),
        "llama.cpp, as Llama (int8: q8_0)": lambda: llama_rates(shape, streams, chosen.threads),
    }
    rows = {name: make() for name, make in makers.items() if chosen.only in name}
    if chosen.kennel:
        rows |= kennel_rows(
            chosen, "--model", checkpoint, "--dtype", ",".join(COLUMNS),
            "--streams", streams, "--prompt", PROMPT, "--new", NEW,
        )
    return rows


def main():
    def add(parser):
        parser.add_argument("--shape", choices=SHAPES, help="only this one")
        parser.add_argument("--streams", type=int, choices=STREAMS, help="only this number")

    chosen = options(__doc__, add=add)
    torch.set_num_threads(chosen.threads)
    for shape in SHAPES:
        for streams in STREAMS:
            if chosen.shape in (None, shape) and chosen.streams in (None, streams):
                say(f"{shape}, {streams} streams")
                samples = in_turn(contenders(chosen, shape, streams), chosen)
                title = f"{shape}, {streams} stream{'s' if streams > 1 else ''}, prompts of " \
                    f"{PROMPT} tokens, {NEW} new ones, {chosen.threads} threads, tokens made/s:"
                print(table(title, samples, COLUMNS), flush=True)


if __name__ == "__main__":
    main()
