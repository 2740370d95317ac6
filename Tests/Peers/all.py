"""Run all comparisons and put their tables together, with the date, the processor and the versions.

Every comparison is a process of its own: none inherits another's memory or threads.
"""
import argparse
import datetime
import importlib.metadata
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
BEGIN, END = "<!-- peers: begin -->", "<!-- peers: end -->"
COMPARISONS = {
    "engine": "Whole classifiers",
    "texts": "Real texts, end to end",
    "decode": "Generation",
    "experts": "Expert lookup",
    "tokens": "Tokenizer",
}
PEERS = (
    "torch", "transformers", "onnxruntime", "openvino", "nncf", "llama-cpp-python", "tokenizers",
)


def processor():
    """The processor's name, how many cores may be used, and its instructions that matter here."""
    fields = {}
    for line in open("/proc/cpuinfo", encoding="utf-8"):
        name, _, value = line.partition(":")
        fields.setdefault(name.strip(), value.strip())
    wanted = ("avx2", "avx512f", "avx512_bf16", "avx512_vnni", "amx_bf16")
    have = [flag for flag in wanted if flag in fields.get("flags", "").split()]
    cores = len(os.sched_getaffinity(0))
    return f"{fields.get('model name', 'unknown')}, {cores} cores ({', '.join(have)})"


def heading(rounds):
    """What was measured with what."""
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in PEERS)
    return (
        f"{datetime.date.today().isoformat()}, {processor()}. Peers: {versions}. In turn in one"
        f" run, one round to warm up, medians and half of the range of {rounds} rounds;"
        " `Tests/Peers/all` repeats it.\n"
    )


def compare(name, arguments):
    """The tables of one comparison; None where it fails."""
    environment = os.environ | {"TRANSFORMERS_VERBOSITY": "error", "PYTHONWARNINGS": "ignore"}
    if name == "tokens":
        environment |= {"TOKENIZERS_PARALLELISM": "false", "RAYON_NUM_THREADS": "1"}
    command = [sys.executable, HERE / f"{name}.py", *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, env=environment)
    if done.returncode != 0:
        print(f"{name} ended with {done.returncode}", file=sys.stderr)
        return None
    return done.stdout.strip()


def put_into(path, text):
    """Replace what stands between the two marks of a file."""
    page = path.read_text(encoding="utf-8")
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise SystemExit(f"{path} needs a line {BEGIN} and below it a line {END}")
    path.write_text(f"{before}{BEGIN}\n{text.strip()}\n{END}{after}", encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kennel")
    parser.add_argument("--peers-only", action="store_true", help="leave Kennel out")
    parser.add_argument("--rounds", type=int, default=5, help="default 5")
    parser.add_argument("--write", type=pathlib.Path, help="a file with the two marks")
    parser.add_argument("--comparisons", default=",".join(COMPARISONS), help="default: all")
    chosen = parser.parse_args()
    arguments = ["--rounds", str(chosen.rounds)]
    arguments += ["--kennel", chosen.kennel] if chosen.kennel else []
    arguments += ["--peers-only"] if chosen.peers_only else []
    wanted = chosen.comparisons.split(",")
    if not set(wanted) <= set(COMPARISONS):
        parser.error(f"--comparisons takes some of {','.join(COMPARISONS)}")
    if chosen.write and not chosen.write.is_file():
        parser.error(f"{chosen.write} does not exist")
    parts, failed = [heading(chosen.rounds)], []
    for name in wanted:
        print(f"== {name}", file=sys.stderr, flush=True)
        tables = compare(name, arguments)
        if tables is None:
            failed.append(name)
        else:
            parts.append(f"### {COMPARISONS[name]}\n\n{tables}\n")
    text = "\n".join(parts)
    if failed:
        print(text)
        raise SystemExit(f"failed, so nothing is written: {', '.join(failed)}")
    if chosen.write:
        put_into(chosen.write, text)
    else:
        print(text)


if __name__ == "__main__":
    main()
