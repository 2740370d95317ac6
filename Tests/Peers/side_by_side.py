"""What the comparisons share: options, rounds in turn, medians, tables, Kennel's own figures."""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
JOBS = HERE.parents[1] / "jobs"
CACHE = HERE / ".cache"
KENNEL = "**Kennel**"
WARM_UP = -1


def options(documentation, rounds=5, add=None):
    """The options of a script; `add` adds those that only it has."""
    parser = argparse.ArgumentParser(description=documentation.splitlines()[0])
    parser.add_argument("--kennel", help="the binary; without it, and with --peers-only, no Kennel")
    parser.add_argument("--peers-only", action="store_true", help="leave Kennel out")
    parser.add_argument("--rounds", type=int, default=rounds, help=f"default {rounds}")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--only", default="", help="contenders whose names hold this text")
    if add:
        add(parser)
    chosen = parser.parse_args()
    if chosen.peers_only:
        chosen.kennel = None
    return chosen


def say(text):
    """Progress goes to standard error: standard output holds the tables alone."""
    print(text, file=sys.stderr, flush=True)


def rate(work, amount, seconds=1.0):
    """How much `work` does in a second: by the median call, as `kennel bench` takes it."""
    times, began = [], time.perf_counter()
    while not times or time.perf_counter() - began < seconds:
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return amount / statistics.median(times)


def in_turn(contenders, chosen):
    """Run all in turn, one round to warm up and then the rounds that count.

    Each contender is a call that returns rates by column. Returns {(name, column): [rates]}.
    """
    samples = {}
    for number in range(WARM_UP, chosen.rounds):
        for name, run in contenders.items():
            if chosen.only not in name:
                continue
            for column, value in run().items():
                say(f"round {number + 1}: {name}, {column}: {value:,.2f}")
                if number > WARM_UP:
                    samples.setdefault((name, column), []).append(value)
    return samples


def figure(values):
    """The median, and how far the rounds lay apart, in per cent of it to either side."""
    median = statistics.median(values)
    spread = (max(values) - min(values)) / median * 50
    digits = 0 if median >= 100 else 1
    return f"{median:,.{digits}f} ±{spread:.0f} %"


def table(title, samples, columns):
    """A table in Markdown: a row for each contender, then Kennel's ratio to the best other one."""
    rows = list(dict.fromkeys(name for name, _ in samples))
    lines = [f"{title}", "", f"| | {' | '.join(columns)} |", "|---|" + "---|" * len(columns)]
    for row in rows:
        cells = [samples.get((row, column)) for column in columns]
        lines.append(f"| {row} | {' | '.join(figure(c) if c else '' for c in cells)} |")
    if any(row.startswith(KENNEL) for row in rows):
        ratios = [ratio(samples, column) for column in columns]
        lines.append(f"| Kennel / best of the others | {' | '.join(ratios)} |")
    return "\n".join(lines) + "\n"


def ratio(samples, column):
    """The best row of Kennel's by the best of all other rows, in one column."""
    ours, theirs = [], []
    for (row, of), values in samples.items():
        if of == column:
            (ours if row.startswith(KENNEL) else theirs).append(statistics.median(values))
    return f"{max(ours) / max(theirs):.2f}" if ours and theirs else ""


def bench(chosen, *arguments):
    """What `kennel bench` measures: the object that it prints."""
    command = [chosen.kennel, "bench", *map(str, arguments), "--json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}")
    return json.loads(done.stdout)


def layouts(threads):
    """The ends of what threads can be: replicas that take different texts, ranks that share all."""
    return sorted({(threads, 1), (1, threads)}, reverse=True)


def kennel_rows(chosen, *arguments):
    """Calls of `kennel bench` by name, one for each layout, with the rates of each number type."""
    def row(replicas, ranks):
        def run():
            measured = bench(
                chosen, *arguments, "--replicas", replicas, "--tensor-parallel", ranks
            )
            return {run["dtype"]: run["tokensPerSecond"] for run in measured["runs"]}

        return run

    return {
        f"{KENNEL}, {replicas} x {ranks}": row(replicas, ranks)
        for replicas, ranks in layouts(chosen.threads)
    }


def held_out(count=None):
    """The demo's held-out records, package descriptions; `count` of them, evenly spread."""
    lines = open(JOBS / "debian-sections" / "held-out.jsonl", encoding="utf-8").readlines()
    if count is None or count >= len(lines):
        return lines
    return [lines[index * len(lines) // count] for index in range(count)]
