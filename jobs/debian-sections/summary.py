#!/usr/bin/env python3
"""Compare labels with the true sections and print a table of the sections found.

usage: summary.py RECORDS ANSWERS [MILLISECONDS]
"""
import collections
import json
import sys


def read(path):
    """The objects of a JSONL file."""
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def main():
    records, answers = read(sys.argv[1]), read(sys.argv[2])
    if len(records) != len(answers):
        sys.exit(f"{len(records)} records but {len(answers)} answers")
    found, right = collections.Counter(), collections.Counter()
    for record, answer in zip(records, answers):
        if record["id"] != answer["id"]:
            sys.exit(f"answer {answer['index']} is of {answer['id']}, expected {record['id']}")
        label = answer.get("label", "(error)")
        found[label] += 1
        right[label] += label == record["section"]
    print(f"\n{'section found':<16}{'records':>8}{'right':>8}")
    for label, count in found.most_common():
        print(f"{label:<16}{count:>8}{100 * right[label] / count:>7.1f} %")
    print(f"\naccuracy {100 * sum(right.values()) / len(records):.2f} % of {len(records)} records")
    if len(sys.argv) > 3:
        seconds = int(sys.argv[3]) / 1000
        print(f"{len(records) / seconds:.0f} records/s, {seconds:.1f} s from start to end")
    print(f"answers: {sys.argv[2]}")


if __name__ == "__main__":
    main()
