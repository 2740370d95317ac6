"""Ask the `tokenizers` package what token ids mean, and write `golden/decoding-<variant>.jsonl`.

Each line holds `ids`, `text` (all tokens) and `text_plain` (with `skip_special_tokens`). The ids are random and rarely make
sense: most cut characters in two, and those of single bytes try every place at which UTF-8 can break.
`AutoTokenizer` of transformers has to answer the same.
"""

import json
import os
from pathlib import Path

os.environ["TOKENIZERS_PARALLELISM"] = "false"

from tokenizers import Tokenizer
from transformers import AutoTokenizer

from make_tokenizers import ADDED_TOKENS, VARIANTS
from texts import COMBINING, SAMPLES, SPECIAL_TOKENS, Noise

HERE = Path(__file__).resolve().parent

# The first and last byte of each kind that UTF-8 knows, and their neighbours.
BORDER_BYTES = [
    0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED, 0xEE, 0xEF,
    0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF,
]


def byte_ids(tokenizer):
    """The id of each byte's own token; no text becomes a byte such as 0xFF, but its token can be chosen all the same."""
    visible = [*range(33, 127), *range(161, 173), *range(174, 256)]
    hidden = [byte for byte in range(256) if byte not in visible]
    names = {byte: chr(byte) for byte in visible} | {byte: chr(256 + index) for index, byte in enumerate(hidden)}
    return [tokenizer.token_to_id(names[byte]) for byte in range(256)]


def byte_sequences(tokenizer, noise):
    """Single bytes: every pair of borders, then random runs, in which most characters break off."""
    ids = byte_ids(tokenizer)
    letter = ids[ord("a")]
    for first in BORDER_BYTES:
        yield [id for second in BORDER_BYTES for id in (ids[first], ids[second], letter)]
    for count in range(1, 121):
        yield [ids[noise.pick(BORDER_BYTES)] for _ in range(1 + count % 12)]
    for lead, rest in ((0xC3, 1), (0xE2, 2), (0xED, 2), (0xF0, 3), (0xF4, 3)):
        for count in range(rest + 2):
            yield [letter, ids[lead]] + [ids[0x82]] * count
    for start, end in (("\u0800", "\uffff"), ("\U00010000", "\U0010ffff"), ("\ud7ff", "\ue000"), ("\x80", "\u07ff")):
        yield [ids[byte] for byte in (start + end).encode()]


def token_sequences(tokenizer, noise):
    """Random tokens of the whole vocabulary, with special and added ones and ids that do not exist in between."""
    size = tokenizer.get_vocab_size()
    odd = [tokenizer.token_to_id(token) for token in SPECIAL_TOKENS + [str(token.content) for token in ADDED_TOKENS]]
    odd = [id for id in odd if id is not None] + [size, size + 7, 2_000_000_000]
    yield from ([], *([id] for id in odd), odd, odd[::-1], odd + odd)
    for number in range(120):
        yield [noise.pick(odd) if noise.below(4) == 0 else noise.below(size) for _ in range(1 + number % 20)]


def text_sequences(tokenizer, noise):
    """Real texts: whole, and with both ends cut off inside of characters."""
    for text in list(SAMPLES.values()) + COMBINING + ["👩🏾‍🚀👨‍👩‍👧 狗🐶𓃥", "don 't , do n't ! it 's . a ?"]:
        ids = tokenizer.encode(text).ids
        start = noise.below(len(ids))
        yield from (ids[:60], ids[start:start + 1 + noise.below(30)])


def main():
    """Write one file for each variant."""
    for variant in VARIANTS:
        folder = HERE / "tokenizers" / variant
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        reader = AutoTokenizer.from_pretrained(folder)
        noise = Noise(41)
        sequences = [*byte_sequences(tokenizer, noise), *token_sequences(tokenizer, noise), *text_sequences(tokenizer, noise)]
        with open(HERE / "golden" / f"decoding-{variant}.jsonl", "w", encoding="ascii") as file:
            for ids in sequences:
                text, plain = (tokenizer.decode(ids, skip_special_tokens=skip) for skip in (False, True))
                # Cleaning up spaces is for other kinds of tokenizer; transformers 5 says so once, and does not.
                assert reader.decode(ids) == reader.decode(ids, clean_up_tokenization_spaces=True) == text, ids
                assert reader.decode(ids, skip_special_tokens=True) == plain, ids
                line = {"ids": ids, "text": text, "text_plain": plain}
                file.write(json.dumps(line, separators=(",", ":")) + "\n")
        print(f"golden/decoding-{variant}.jsonl: {len(sequences)} sequences")


if __name__ == "__main__":
    main()
