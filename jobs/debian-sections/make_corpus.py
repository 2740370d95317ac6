#!/usr/bin/env python3
"""Make the corpus: Debian's long package descriptions, labelled with the archive section.

Needs only Debian 12 and python3. It asks apt for the package lists with English descriptions, in a
folder of its own, so that the lists of this machine stay as they are.

Writes train.jsonl and held-out.jsonl: {"id": package, "text": description, "section": section}.
"""
import argparse
import collections
import hashlib
import json
import pathlib
import subprocess
import tempfile

SECTION_PACKAGES_MIN = 200
HELD_OUT_RECORDS = 4000


def fetch_lists(folder):
    """Have apt fetch Packages and Translation-en into `folder`; return the paths of both kinds."""
    folder.chmod(0o755)  # apt downloads as a user of its own
    for name in ("state/lists/partial", "cache/archives/partial"):
        (folder / name).mkdir(parents=True)
    options = [
        "-o", f"Dir::State={folder}/state",
        "-o", f"Dir::Cache={folder}/cache",
        "-o", "Acquire::Languages=en",
    ]
    subprocess.run(["apt-get", "-qq", *options, "update"], check=True)
    targets = {}
    for kind in ("Packages", "Translations"):
        command = ["apt-get", *options, "indextargets", "--format", "$(FILENAME)", f"Created-By: {kind}"]
        found = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        targets[kind] = sorted(found.split())
    return targets


def stanzas(path):
    """Yield each stanza of an index as a dictionary of its fields."""
    text = subprocess.run(
        ["/usr/lib/apt/apt-helper", "cat-file", path], check=True, capture_output=True, text=True
    ).stdout
    for stanza in text.split("\n\n"):
        fields, name = {}, None
        for line in stanza.splitlines():
            if line[:1] == " " and name:
                fields[name] += "\n" + line[1:]
            elif ":" in line:
                name, value = line.split(":", 1)
                fields[name] = value.strip()
        if fields:
            yield fields


def plain(description):
    """The description as plain text: a line of a single dot is an empty line."""
    return "\n".join("" if line == "." else line for line in description.split("\n")).strip()


def records(targets):
    """Yield (package, text, section), one per distinct text, in the order of package names."""
    sections = {}
    for path in targets["Packages"]:
        for fields in stanzas(path):
            if "Section" in fields:
                sections[fields["Package"]] = fields["Section"].split("/")[-1]
    texts = {}
    for path in targets["Translations"]:
        for fields in stanzas(path):
            if "Description-en" in fields and fields["Package"] in sections:
                texts[fields["Package"]] = plain(fields["Description-en"])
    seen = set()
    for package in sorted(texts):
        if texts[package] not in seen:
            seen.add(texts[package])
            yield package, texts[package], sections[package]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", default=".", help="where the two files are written")
    parser.add_argument("--all", metavar="FILE", help="write all records to one file instead")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        everything = list(records(fetch_lists(pathlib.Path(folder))))
    sizes = collections.Counter(section for _, _, section in everything)
    kept = [record for record in everything if sizes[record[2]] >= SECTION_PACKAGES_MIN]
    by_hash = sorted(kept, key=lambda record: hashlib.sha256(record[0].encode()).digest())
    held_out = {record[0] for record in by_hash[:HELD_OUT_RECORDS]}
    folder = pathlib.Path(arguments.folder)
    folder.mkdir(parents=True, exist_ok=True)
    if arguments.all:
        parts = {arguments.all: kept}
    else:
        parts = {
            folder / "train.jsonl": [record for record in kept if record[0] not in held_out],
            folder / "held-out.jsonl": [record for record in kept if record[0] in held_out],
        }
    for path, part in parts.items():
        with open(path, "w", encoding="utf-8") as file:
            for package, text, section in part:
                record = {"id": package, "text": text, "section": section}
                file.write(json.dumps(record, ensure_ascii=False) + "\n")
        print(f"{path}: {len(part)} records")
    print(f"{len({record[2] for record in kept})} sections")


if __name__ == "__main__":
    main()
