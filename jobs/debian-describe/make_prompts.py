#!/usr/bin/env python3
"""Make the prompts: every eighth of the held-out records, which stand in the order of their names.

Writes prompts.jsonl: {"id": package, "prompt": "Package: NAME\\nSection: SECTION\\nDescription:"}.
"""
import argparse
import json
import pathlib

HELD_OUT = pathlib.Path(__file__).resolve().parent.parent / "debian-sections" / "held-out.jsonl"
STEP = 8


def prompt(record):
    """What the model is given of a record; in training a space and the description follow."""
    return f"Package: {record['id']}\nSection: {record['section']}\nDescription:"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--records", default=HELD_OUT)
    parser.add_argument("--output", default="prompts.jsonl")
    arguments = parser.parse_args()
    with open(arguments.records, encoding="utf-8") as file:
        chosen = [json.loads(line) for line in file][::STEP]
    with open(arguments.output, "w", encoding="utf-8") as file:
        for record in chosen:
            line = {"id": record["id"], "prompt": prompt(record)}
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
    print(f"{arguments.output}: {len(chosen)} prompts")


if __name__ == "__main__":
    main()
