"""Ask transformers for the float64 logits of every checkpoint, and write `golden/<checkpoint>.jsonl`.

Each line holds `text`, `ids`, `logits`, `expert_margin`, `window_margin`, `window_margin_untied`, `window_ties` and, for the
first five texts, `hidden`. README.md says what they mean. The script also runs unpatched float32 transformers on the same
texts and stops when the two disagree by more than rounding explains.
"""

import copy
import json
import sys
from pathlib import Path

import torch
from tokenizers import Tokenizer
from transformers import AutoTokenizer
from transformers.utils import logging

from float64_doge import answer, load
from make_checkpoints import CHECKPOINTS
from texts import SAMPLES, Noise

HERE = Path(__file__).resolve().parent
LONGEST = 900
TEXTS_WITH_HIDDEN = 5
NEAR = 1e-5


def cut(tokenizer, text, length):
    """The longest beginning of a text that has at most `length` tokens."""
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if len(tokenizer.encode(text[:middle]).ids) <= length:
            low = middle
        else:
            high = middle - 1
    return text[:low]


def unlike_tokens(tokenizer, length, seed):
    """A text in which no token occurs twice, so that no two keys of the first layer are equal.

    It grows by random entries of the vocabulary and takes only those that leave the tokens before them as they were.
    """
    noise = Noise(seed)
    entries = {tokenizer.decode([token], skip_special_tokens=False) for token in range(tokenizer.get_vocab_size())}
    entries = sorted(entry for entry in entries if entry and "\ufffd" not in entry and not entry.startswith("<"))
    text, ids = "", tokenizer.encode("").ids
    for _ in range(8 * len(entries)):
        if len(ids) >= length:
            break
        grown = text + noise.pick(entries)
        new = tokenizer.encode(grown).ids
        if len(new) == len(ids) + 1 and new[:-1] == ids and new[-1] not in ids:
            text, ids = grown, new
    return text


def all_texts(tokenizer):
    """About 30 texts of 1 to 900 tokens. The first ones are short, for debugging."""
    every = " ".join(SAMPLES.values())
    mixed = "\r\n".join(reversed(SAMPLES.values()))
    return [
        "",
        "dog",
        "The dog sleeps under the old tree.",
        SAMPLES["emoji"],
        "e\u0301a\u0308 \u0939\u093f\u0928\u094d\u0926\u0940 \u05e9\u05c1\u05b8\u05dc Z\u0351\u036b\u0343a\u0363\u035c",
        "one\r\ntwo\rthree\n\r\n\r\nfour\t\tfive\r\n",
        f"wide{' ' * 70}gap{' ' * 33}and{' ' * 9}tail{' ' * 5}",
        "Hi<|end_of_text|><|start_header_id|>user<|end_header_id|>\n\nWho is it?<|end_of_text|>",
        "padding in the <|finetune_right_pad_id|> middle and at the end<|finetune_right_pad_id|><|finetune_right_pad_id|>",
        "<|finetune_right_pad_id|>" * 3,
        " <dog> woof <bone>  [[note]] 犬小屋 Größe <bowl> \u00a0x\u2003y\u2028z\x00w\ufeff",
        SAMPLES["english"],
        SAMPLES["german"],
        SAMPLES["russian"],
        SAMPLES["hindi"],
        SAMPLES["chinese"] + SAMPLES["japanese"],
        SAMPLES["code"],
        cut(tokenizer, every, 256),
        cut(tokenizer, mixed, 257),
        cut(tokenizer, every[500:], 600),
        cut(tokenizer, mixed + every, LONGEST),
        *(unlike_tokens(tokenizer, length, length) for length in (2, 31, 47, 48, 49, 50, 64, 120, 300, 500)),
        unlike_tokens(tokenizer, LONGEST, 5),
    ]


@torch.no_grad()
def float32_difference(model, ids, logits):
    """How far unpatched float32 transformers is from the float64 answer. Each call gets a fresh copy of the model."""
    return (copy.deepcopy(model)(torch.tensor([ids])).logits[0].double() - logits).abs().max().item()


def line(text, ids, logits, hidden, margins):
    """One line of a golden file."""
    content = {
        "text": text,
        "ids": ids,
        "logits": [round(value, 12) for value in logits.tolist()],
        "expert_margin": margins.expert,
        "window_margin": margins.window if margins.tied_queries == 0 else 0.0,
        "window_margin_untied": margins.window_untied,
        "window_ties": margins.tied_queries,
    }
    if hidden is not None:
        content["hidden"] = [round(value, 9) for value in hidden.tolist()]
    return json.dumps(content, separators=(",", ":")) + "\n"


def write(name):
    """Write the golden file of one checkpoint, and return a line of figures about it."""
    folder = HERE / "checkpoints" / name
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    through_transformers = AutoTokenizer.from_pretrained(folder)
    model, single = load(folder, torch.float64), load(folder, torch.float32)
    worst, near, logits_seen = 0.0, 0, []
    texts = all_texts(tokenizer)
    lengths = []
    with open(HERE / "golden" / f"{name}.jsonl", "w", encoding="ascii") as file:
        for index, text in enumerate(texts):
            ids = tokenizer.encode(text).ids
            if not ids:
                continue
            assert through_transformers(text).input_ids == ids, f"{name}: AutoTokenizer differs in {text!r}"
            logits, hidden, margins = answer(model, ids)
            difference = float32_difference(single, ids, logits)
            if margins.tied_queries > 0 or min(margins.expert or 1, margins.window_untied or 1) < NEAR:
                near += 1
            else:
                worst = max(worst, difference)
            logits_seen.append(logits)
            lengths.append(len(ids))
            file.write(line(text, ids, logits, hidden if index < TEXTS_WITH_HIDDEN else None, margins))
            if "--verbose" in sys.argv:
                print(f"  {len(ids):4} tokens, {difference:.1e}, {vars(margins)}")
    assert worst < 3e-5, f"{name}: float32 differs by {worst} from float64"
    size = torch.cat(logits_seen).std().item()
    return (f"golden/{name}.jsonl: {len(lengths)} texts of {min(lengths)} to {max(lengths)} tokens, logits {size:.2f}, "
            f"float32 differs by at most {worst:.1e}, {near} texts near a decision")


def main():
    """Write the golden files of all checkpoints, or of those named on the command line."""
    torch.set_num_threads(1)
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    (HERE / "golden").mkdir(exist_ok=True)
    for name in [word for word in sys.argv[1:] if not word.startswith("-")] or CHECKPOINTS:
        print(write(name), flush=True)


if __name__ == "__main__":
    main()
