#!/usr/bin/env python3
"""Show a few of the generated descriptions, and count how the texts ended.

usage: summary.py PROMPTS ANSWERS [MILLISECONDS]
"""
import collections
import json
import sys

SHOWN = 5


def read(path):
    """The objects of a JSONL file."""
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def section(prompt):
    """The section that a prompt names in its second line."""
    return prompt.split("\n")[1].removeprefix("Section: ")


def first_line(answer):
    """What the model wrote up to the end of the line; an answer may be an error."""
    return answer.get("text", "(error)").strip().partition("\n")[0]


def main():
    records, answers = read(sys.argv[1]), read(sys.argv[2])
    if len(records) != len(answers):
        sys.exit(f"{len(records)} prompts but {len(answers)} answers")
    for record, answer in zip(records, answers):
        if record["id"] != answer["id"]:
            sys.exit(f"answer {answer['index']} is of {answer['id']}, expected {record['id']}")
    print(f"\n{'package':<28}{'section':<12}first line of the description, by the model")
    step = max(1, len(records) // SHOWN)
    for record, answer in list(zip(records, answers))[step // 2::step][:SHOWN]:
        print(f"{record['id']:<28}{section(record['prompt']):<12}{first_line(answer)}")
    ends = collections.Counter(answer.get("finish_reason", "error") for answer in answers)
    tokens = sum(answer["usage"]["completion_tokens"] for answer in answers if "usage" in answer)
    print(
        f"\n{len(records)} texts: {ends['stop']} ended by the model, {ends['length']} by their length,"
        f" {ends['error']} errors"
    )
    print(f"{tokens} tokens generated")
    if len(sys.argv) > 3:
        seconds = int(sys.argv[3]) / 1000
        print(f"{tokens / seconds:.0f} tokens/s, {seconds:.1f} s from start to end")
    print(f"answers: {sys.argv[2]}")


if __name__ == "__main__":
    main()
