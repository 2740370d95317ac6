"""Compare tokenizers on one thread: Kennel's beside tokenizers, on package descriptions, in MB/s.

Megabytes are those of the texts in UTF-8, 10^6 bytes each. Kennel gets the same texts as JSONL
records.
"""
import json
import tempfile

import tokenizers

from side_by_side import JOBS, KENNEL, bench, held_out, in_turn, options, rate, table

MODELS = ("debian-sections", "debian-describe")


def main():
    chosen = options(__doc__)
    texts = [json.loads(line)["text"] for line in held_out()]
    megabytes = sum(len(text.encode()) for text in texts) / 1e6
    loaded = {
        job: tokenizers.Tokenizer.from_file(str(JOBS / job / "model" / "tokenizer.json"))
        for job in MODELS
    }
    columns = {job: f"{job}, {loaded[job].get_vocab_size():,} tokens" for job in MODELS}

    def peer():
        return {
            columns[job]: rate(lambda: tokenizer.encode_batch(texts), megabytes)
            for job, tokenizer in loaded.items()
        }

    with tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8") as file:
        for text in texts:
            file.write(json.dumps({"text": text}, ensure_ascii=False) + "\n")
        file.flush()

        def kennel():
            return {
                columns[job]: bench(
                    chosen, "--tokenizer", "--model", JOBS / job / "model", "--input", file.name
                )["megabytesPerSecond"]
                for job in MODELS
            }

        contenders = {"tokenizers, `encode_batch`": peer}
        if chosen.kennel:
            contenders[KENNEL] = kennel
        samples = in_turn(contenders, chosen)
    title = f"{len(texts):,} package descriptions, {megabytes:.2f} MB, one thread, MB/s:"
    print(table(title, samples, list(columns.values())))


if __name__ == "__main__":
    main()
