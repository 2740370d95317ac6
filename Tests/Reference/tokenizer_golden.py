"""Ask the `tokenizers` package for the ids of many texts, and write `golden/tokenizer-<variant>.jsonl`.

Each line holds `text`, `ids` (with `add_special_tokens`) and `ids_plain` (without). All files hold the same texts.
`golden/split.jsonl` tells how the regular expression alone cuts the same texts: `pieces` are lengths in UTF-8 bytes. Ids
hide most mistakes of the expression, since a small vocabulary seldom merges across a wrong cut.
"""

import json
import os
from pathlib import Path

os.environ["TOKENIZERS_PARALLELISM"] = "false"

from tokenizers import Regex, Tokenizer, pre_tokenizers

from make_tokenizers import LLAMA3_PATTERN, UNREACHABLE_WORDS, VARIANTS
from texts import COMBINING, SAMPLES, SPACES, SPECIAL_TOKENS, Noise, noise_texts

HERE = Path(__file__).resolve().parent


def space_texts():
    """Runs of spaces of many lengths, other spaces and controls, line ends of all kinds."""
    texts = ["", " ", "  ", "\n", "\r", "\r\n", "\t"]
    texts += [" " * n for n in (3, 4, 5, 7, 8, 15, 16, 17, 31, 32, 33, 63, 64, 65, 70)]
    texts += [f"a{' ' * n}b" for n in (1, 2, 3, 4, 5, 8, 9, 16, 33, 70)]
    texts += [f"end{' ' * n}" for n in (1, 2, 3, 12)] + [f"{' ' * n}\n{' ' * n}start" for n in (1, 2, 5)]
    texts += [f"a{space}b {space} c{space}{space}" for space in SPACES]
    texts += ["one\r\ntwo\rthree\nfour\r\n\r\nfive\n\r\n", "tab\tand\t\ttabs \t x", "a \n b  \r\n  c\t\n\td", "!\n\n?\r\n; \n"]
    texts += ["\ufeffbegins with a mark", "zero\x00byte\x00", "\x00", "\u2028line\u2029paragraph\u2028 \u2028x", "a\u00a0\u00a0 b"]
    texts += ["x \u3000 y", "\u00a0word", " \u00a0word", "\u00a0 word", "\t word", " \tword", "...   \n", "a.\n\n\nb", "\u200bzero\u200bwidth"]
    return texts


def number_texts():
    """Digits of all lengths and scripts, and letters and signs that Unicode counts as numbers."""
    texts = ["1234567890123456789"[:n] for n in range(1, 14)]
    texts += ["3.14159", "1,000,000.50", "2024-02-29T23:59:60Z", "0xdeadBEEF", "v10.2.33-rc4", "a1b22c333d4444e55555", "١٢٣٤٥ و ٦٧"]
    texts += ["४५६७८", "Ⅷ ⅷ Ⅻ", "½ ¼ ¾ 3½", "x²³ ⁴⁵⁶⁷", "①②③④", "一二三四五", "５６７８９", "𝟏𝟐𝟑𝟒", "௧௨௩௪", "12Ⅷ½34", "㊿ ㉑"]
    return texts


def contraction_texts():
    """The group that ignores case, with the two letters that fold into ASCII ones from outside."""
    texts = ["I'm, you're, he's, we've, they'll, I'd, can't", "I'M, YOU'RE, HE'S, WE'VE, THEY'LL, I'D, CAN'T", "'S'T'RE'VE'M'LL'D"]
    texts += ["it'\u017f here", "'\u017f", "x'\u017fabc", "'\u017fabc'sabc'Sabc'", "'\u212aelvin \u212a'\u212a", "o'clock 'tis 'twas", "don't've'd"]
    texts += ["'rE'Ve'lL", "he'sshe", "rock'n'roll", "it’s not ascii", "''s '''t", " 's 't 're", "l'été d'œuf", "'dog 'lliama 'resist", "5's 10'Ll"]
    texts += ["'\u0130 '\u0131 'ß 'SS", "we'\uff53 '\u24e2"]
    return texts


def added_token_texts():
    """Special and added tokens: adjacent, repeated, broken, and beside spaces and letters."""
    begin, end, pad, header, header_end = SPECIAL_TOKENS
    texts = [begin, end + end, f"{begin}{begin}text{end}", f"a{pad}b {pad} c", f"{header}user{header_end}\n\nHi!{end}\n"]
    texts += ["<|begin_of_text|", "<|begin_of_text|<|begin_of_text|>", "< |end_of_text|>", "<|END_OF_TEXT|>", f"<|<|{end}|>|>", f" {end} "]
    texts += ["<dog>", " <dog> ", "a \n\t<dog>b", "<bone>  x", "a <bone>\n\n<bone> b", "x  <bowl>  y", "<bowl><bowl> <bowl>", "<dog><dog><dog>"]
    texts += ["<dog> <dog><bone> <dog>", "woof", "woof!", "a woof b", "woofer", "awoof", "woof woof woofwoof", "woof_1 1woof woof-1", "éwoof woofé"]
    texts += ["Größe", "die Größe ist", "Größer Größe größe", "[[note]]", "[[note [[note]] note]]", "犬小屋と犬 小屋", "犬 犬 ,犬", "<dog", "<DOG> <bon"]
    texts += ["\u00a0<dog>\u00a0<bone>\u00a0x", "\u2003<bowl>\u3000z", "\ufeff<dog>", "\u200b<bowl>\u200b", "\x1f<bowl>\x85", "woof\u0301 \u0301woof"]
    texts += ["woof\u200d woof\u00a0woof\u203fx", f"<dog>{begin}<bone> {end}  <bowl>", "  <dog><bone>  ", "    <dog>", "a    <bowl>    b"]
    return texts


def long_texts():
    """Very long words and runs, to find what is slow or overflows."""
    noise = Noise(11)
    return [
        "a" * 2000,
        "".join(noise.pick("abcdefghijklmnopqrstuvwxyz") for _ in range(2000)),
        "".join(noise.pick("абвгдежзийклмнопрстуфхцчшщыьэюя") for _ in range(600)),
        "ab" * 700 + " " + "é" * 300,
        "狗" * 400,
        "!?" * 300,
        "9" * 500,
        "\n" * 200,
        "🐶" * 120,
        " a" * 300,
        "\u0301" * 150,
    ]


def word_texts():
    """Whole words that only a vocabulary with `ignore_merges` reaches, and their neighbours."""
    texts = list(UNREACHABLE_WORDS) + [f"a{word}" for word in UNREACHABLE_WORDS[:6]]
    return texts + ["a zygomorphic quixotry's 987 9876", "naïveté naïve Naïveté", "%%%%%%% %%%%%%\n%%%%%", "🦮🦮 🦮"]


def pieces():
    """What the random texts are made of."""
    plain = list("aZé9_'’sStTλЖ犬अّ.,!?-<>|[]\"") + ["'s", "'LL", "the", " dog", "  ", " ", " ", "\n", "12", "½", "\u0301", "🐶", "👍🏽"]
    return plain + SPACES + ["<dog>", "<bone>", "<bowl>", "woof", "Größe", "[[note", "note]]", "犬小屋", "\u017f", "\u212a", *SPECIAL_TOKENS[:3]]


def all_texts():
    """Every text once, in a fixed order."""
    texts = list(SAMPLES.values()) + COMBINING + space_texts() + number_texts() + contraction_texts()
    texts += added_token_texts() + word_texts() + long_texts() + noise_texts(90, 23, pieces())
    texts += ["👩🏾‍🚀👨‍👩‍👧", "🇩🇪🇫🇷🇯🇵🇺", "☎️ ☎ 1️⃣", "𝒟𝑜𝑔 𐍈 𓃥 🀄", "ﬁ ﬂ ŉ ǅ ß ẞ", "Ա՛Բ ქართული አማርኛ ខ្មែរ བོད", "\U0010ffff \ufffe \ufffd \ue000"]
    # Letters and numbers of Unicode 15 and 16, and, beside them, some of 17, which tokenizers 0.23.3 takes for signs.
    texts += ["a\u1c89\u1c8a x\ua7cb\ua7dc", "\U00031350\U000323af \U0002ebf0", "1\U0001e4f0\U00010d40 \U0001d2c02", "x\u088fy \ua7cez \u0c5c"]
    return list(dict.fromkeys(texts))


def write_split(texts):
    """Write how the regular expression cuts each text, without added tokens and before any merge."""
    split = pre_tokenizers.Split(Regex(LLAMA3_PATTERN), behavior="isolated", invert=False)
    with open(HERE / "golden" / "split.jsonl", "w", encoding="ascii") as file:
        for text in texts + [f"a!{space}{space}!{space}b{space}" for space in SPACES]:
            pieces = [piece for piece, _ in split.pre_tokenize_str(text)]
            assert "".join(pieces) == text
            lengths = [len(piece.encode()) for piece in pieces]
            file.write(json.dumps({"text": text, "pieces": lengths}, separators=(",", ":")) + "\n")


def main():
    """Write one file for each variant, and the file of cuts."""
    (HERE / "golden").mkdir(exist_ok=True)
    texts = all_texts()
    write_split(texts)
    for variant in VARIANTS:
        tokenizer = Tokenizer.from_file(str(HERE / "tokenizers" / variant / "tokenizer.json"))
        with open(HERE / "golden" / f"tokenizer-{variant}.jsonl", "w", encoding="ascii") as file:
            for text in texts:
                ids, plain = (tokenizer.encode(text, add_special_tokens=special).ids for special in (True, False))
                file.write(json.dumps({"text": text, "ids": ids, "ids_plain": plain}, separators=(",", ":")) + "\n")
        print(f"golden/tokenizer-{variant}.jsonl: {len(texts)} texts")


if __name__ == "__main__":
    main()
