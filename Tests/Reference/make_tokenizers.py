"""Build the byte-level BPE tokenizers of the tests, in `tokenizers/<variant>/tokenizer.json`.

The variants are of the Llama-3 family and differ in what an implementation can get wrong:

- `merges`: `ignore_merges` false; merges written as pairs; special tokens first in the vocabulary.
- `words`:  `ignore_merges` true, and whole words in the vocabulary that merges alone do not reach; merges written as
  "left right" strings, as older files do.
- `plain`:  no `TemplateProcessing`, so nothing is put in front of a text; the special tokens stand after the vocabulary.
"""

import json
import os
from pathlib import Path

os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["RAYON_NUM_THREADS"] = "1"

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

from texts import SPECIAL_TOKENS, training_lines

HERE = Path(__file__).resolve().parent
VOCABULARY_SIZE = 1200
LLAMA3_PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
    r"|\s+(?!\S)|\s+"
)

# Added tokens that are not special. "[[note" and "note]]" overlap: the one that is not normalized is searched first.
ADDED_TOKENS = [
    AddedToken("<dog>", lstrip=True, rstrip=False, normalized=False),
    AddedToken("<bone>", lstrip=False, rstrip=True, normalized=False),
    AddedToken("<bowl>", lstrip=True, rstrip=True, normalized=True),
    AddedToken("woof", single_word=True, normalized=False),
    AddedToken("Größe", single_word=True, lstrip=True, rstrip=True, normalized=True),
    AddedToken("[[note", normalized=True),
    AddedToken("note]]", normalized=False),
    AddedToken("<dog><dog>", normalized=False),
    AddedToken("犬小屋", normalized=True),
    AddedToken("犬", single_word=True, lstrip=True, normalized=False),
]

# Only the variant `plain` has this one, since it hides what the pattern does with long runs of spaces.
FOUR_SPACES = AddedToken("    ", normalized=False)

# Words that enter the vocabulary of the variant `words` without any merge that leads to them.
UNREACHABLE_WORDS = [
    " zygomorphic", "quixotry", "Квазиморф", " Überzwerg", "ヌルポインタ", "🦮", "%%%%%%", " 　", "\u0301\u0308", "987",
    " xylophone's", "\n\n\n", "naïveté",
]


def byte_level_name(text):
    """The spelling of a text in a byte-level vocabulary: one visible character for each byte of its UTF-8."""
    visible = [*range(33, 127), *range(161, 173), *range(174, 256)]
    table = {byte: chr(byte) for byte in visible}
    table |= {byte: chr(256 + index) for index, byte in enumerate(b for b in range(256) if b not in table)}
    return "".join(table[byte] for byte in text.encode())


def trained(special_tokens_first):
    """A trained tokenizer without added tokens and post-processor."""
    tokenizer = Tokenizer(models.BPE(ignore_merges=False))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(LLAMA3_PATTERN), behavior="isolated", invert=False),
        pre_tokenizers.ByteLevel(add_prefix_space=False, trim_offsets=True, use_regex=False),
    ])
    tokenizer.decoder = decoders.ByteLevel(add_prefix_space=True, trim_offsets=True, use_regex=True)
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY_SIZE,
        min_frequency=2,
        special_tokens=SPECIAL_TOKENS if special_tokens_first else [],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(training_lines(), trainer)
    return tokenizer


def template(tokenizer):
    """The post-processor of Llama 3: byte-level offsets, then the first special token in front of every text."""
    begin = SPECIAL_TOKENS[0]
    return processors.Sequence([
        processors.ByteLevel(add_prefix_space=True, trim_offsets=False, use_regex=True),
        processors.TemplateProcessing(
            single=f"{begin}:0 $A:0",
            pair=f"{begin}:0 $A:0 {begin}:1 $B:1",
            special_tokens=[(begin, tokenizer.token_to_id(begin))],
        ),
    ])


def built(variant):
    """The finished tokenizer of a variant."""
    tokenizer = trained(special_tokens_first=variant != "plain")
    if variant == "words":
        description = json.loads(tokenizer.to_str())
        vocabulary = description["model"]["vocab"]
        for word in UNREACHABLE_WORDS:
            vocabulary.setdefault(byte_level_name(word), len(vocabulary))
        description["model"]["ignore_merges"] = True
        tokenizer = Tokenizer.from_str(json.dumps(description))
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in SPECIAL_TOKENS])
    tokenizer.add_tokens(ADDED_TOKENS)
    if variant == "plain":
        tokenizer.add_tokens([FOUR_SPACES])
        tokenizer.post_processor = processors.ByteLevel(add_prefix_space=True, trim_offsets=False, use_regex=True)
    else:
        tokenizer.post_processor = template(tokenizer)
    return tokenizer


def compact(tokenizer, merges_as_strings):
    """The JSON of a tokenizer, one line per top-level part; merges as pairs or as strings."""
    description = json.loads(tokenizer.to_str())
    if merges_as_strings:
        description["model"]["merges"] = [" ".join(pair) for pair in description["model"]["merges"]]
    parts = (
        f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False, separators=(',', ':'))}"
        for key, value in description.items()
    )
    return "{\n" + ",\n".join(parts) + "\n}\n"


def tokenizer_config():
    """What `tokenizer_config.json` says beside a tokenizer."""
    begin, end, pad = SPECIAL_TOKENS[:3]
    config = {
        "bos_token": begin,
        "clean_up_tokenization_spaces": False,
        "eos_token": end,
        "model_input_names": ["input_ids", "attention_mask"],
        "model_max_length": 2048,
        "pad_token": pad,
        "tokenizer_class": "PreTrainedTokenizerFast",
    }
    return json.dumps(config, indent=2) + "\n"


VARIANTS = ["merges", "words", "plain"]


def main():
    """Write every variant."""
    for variant in VARIANTS:
        folder = HERE / "tokenizers" / variant
        folder.mkdir(parents=True, exist_ok=True)
        tokenizer = built(variant)
        text = compact(tokenizer, merges_as_strings=variant == "words")
        (folder / "tokenizer.json").write_text(text, encoding="utf-8")
        (folder / "tokenizer_config.json").write_text(tokenizer_config(), encoding="utf-8")
        print(f"tokenizers/{variant}: {tokenizer.get_vocab_size()} entries, {len(text.encode())} bytes")


if __name__ == "__main__":
    main()
