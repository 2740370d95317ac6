#!/usr/bin/env python3
"""Makes Tests/Fuzz/corpus from the golden checkpoints and from what stands below."""

import gzip
import json
import pathlib
import shutil
import struct

HERE = pathlib.Path(__file__).parent
REFERENCE = HERE.parent / "Reference"
CHECKPOINTS = [
    "body", "causal", "causal-moe", "causal-sliding", "causal-xielu", "dense", "llama3",
    "longrope", "moe", "older-names", "proportional", "regression", "yarn",
]


def seed(target, name, content):
    if isinstance(content, str):
        content = content.encode()
    folder = HERE / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)


def header(tensors):
    """A header alone, with the size of the data that it speaks of, as the target reads it."""
    text = json.dumps(tensors, separators=(",", ":")).encode()
    ends = [t["data_offsets"][1] for n, t in tensors.items() if n != "__metadata__"]
    return b"\x01" + struct.pack("<Q", max(ends, default=0))[:7] + text


def safetensors():
    for name in CHECKPOINTS:
        content = (REFERENCE / "checkpoints" / name / "model.safetensors").read_bytes()
        size = struct.unpack("<Q", content[:8])[0]
        whole = json.loads(content[8 : 8 + size])
        # Two layers say no more than one, and a short header is read a thousand times a second.
        kept = {n: t for n, t in whole.items() if ".1." not in n and ".2." not in n}
        end = 0
        for name_of, tensor in kept.items():
            if name_of != "__metadata__":
                count = tensor["data_offsets"][1] - tensor["data_offsets"][0]
                tensor["data_offsets"] = [end, end + count]
                end += count
        seed("safetensors", name, header(kept))
    tensors = {
        "__metadata__": {"format": "pt"},
        "model.embed_tokens.weight": ["F32", [8, 4], 128],
        "model.layers.0.input_layernorm.weight": ["BF16", [4], 8],
        "model.layers.0.self_attn.q_proj.weight": ["F16", [4, 4], 32],
        "model.layers.0.mlp.down_embed.weight": ["F32", [4, 4], 64],
        "lm_head.weight": ["F32", [8, 4], 128],
        "empty": ["U8", [0, 7], 0],
    }
    end = 0
    for name, tensor in tensors.items():
        if isinstance(tensor, list):
            kind, shape, count = tensor
            offsets = [end, end + count]
            tensors[name] = {"dtype": kind, "shape": shape, "data_offsets": offsets}
            end += count
    seed("safetensors", "small", header(tensors))
    text = json.dumps(tensors).encode()
    seed("safetensors", "file", b"\0" + struct.pack("<Q", len(text)) + text + bytes(end))
    seed("safetensors", "nothing", b"\0" + struct.pack("<Q", 2) + b"{}")


def configurations():
    for name in CHECKPOINTS:
        folder = REFERENCE / "checkpoints" / name
        seed("config", name, (folder / "config.json").read_bytes())
        generation = folder / "generation_config.json"
        if generation.exists():
            seed("generation", name, generation.read_bytes())
    seed("config", "least", '{"num_hidden_layers":1,"vocab_size":8,"hidden_size":16}')
    seed("config", "labels", '{"num_hidden_layers":1,"id2label":{"0":"a","1":"b"}}')
    fields = {
        "do_sample": True, "temperature": 0.7, "top_k": 20, "top_p": 0.9, "min_p": 0.05,
        "repetition_penalty": 1.1, "max_new_tokens": 16, "max_length": 64,
        "eos_token_id": [1, 2], "stop_strings": ["\n\n", "é"],
    }
    seed("generation", "all", json.dumps(fields))
    seed("generation", "one", '{"eos_token_id":2,"stop_strings":"a","do_sample":false}')


def tokenizers():
    for name in ["merges", "plain", "words"]:
        content = (REFERENCE / "tokenizers" / name / "tokenizer.json").read_text()
        whole = json.loads(content)
        if len(whole["model"]["vocab"]) > 150:
            kept = {t: i for t, i in whole["model"]["vocab"].items() if i < 150 or len(t) == 1}
            whole["model"]["vocab"] = kept
            whole["model"]["merges"] = [
                m for m in whole["model"]["merges"]
                if all(p in kept for p in parts(m)) and "".join(parts(m)) in kept
            ]
        seed("tokenizer", name, json.dumps(whole, ensure_ascii=False, separators=(",", ":")))
    vocabulary = {t: i for i, t in enumerate(["a", "b", "ab", "abab", "Ġ", "Ġa", "\n"])}
    small = {
        "added_tokens": [
            {"id": 7, "content": "<|end|>", "special": True, "lstrip": True},
            {"id": 8, "content": "Hello", "normalized": True, "single_word": True},
        ],
        "pre_tokenizer": {
            "type": "Sequence",
            "pretokenizers": [
                {
                    "type": "Split", "pattern": {"Regex": "\\p{L}+|\\s+(?!\\S)|\\d{1,3}"},
                    "behavior": "Isolated", "invert": False,
                },
                {"type": "ByteLevel", "add_prefix_space": False, "use_regex": False},
            ],
        },
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [{"SpecialToken": {"id": "e"}}, {"Sequence": {"id": "A"}}],
            "special_tokens": {"e": {"ids": [7]}},
        },
        "decoder": {"type": "ByteLevel"},
        "model": {
            "type": "BPE", "vocab": vocabulary, "ignore_merges": True,
            "merges": [["a", "b"], ["ab", "ab"], ["Ġ", "a"]],
        },
    }
    seed("tokenizer", "small", json.dumps(small, ensure_ascii=False))
    small["model"]["merges"] = ["a b", "ab ab", "Ġ a"]
    small["pre_tokenizer"] = {"type": "ByteLevel"}
    del small["post_processor"], small["added_tokens"], small["model"]["ignore_merges"]
    seed("tokenizer", "smaller", json.dumps(small))


def parts(merge):
    return merge.split(" ") if isinstance(merge, str) else merge


def records():
    lines = [
        '{"id": 17, "text": "plain words", "k": 1}',
        '{"text":"\\u00e9\\ud83d\\ude00\\"\\\\\\/\\b\\f\\n\\r\\t","id":"a\\u0062"}',
        '{"id":[1,2.5e-3,{"a":null}],"text":"é€😀","k":{"text":"inner"}}',
        ' { "text" : "" , "id" : -0.0 , "t" : true , "f" : false , "z" : null } ',
        '{"\\u0074ext":"escaped name","id":1e400,"a":[[[[[]]]]],"b":{"c":{"d":{}}}}',
        '\ufeff{"text":"marked"}\r',
        '{"prompt":"a","temperature":0.5,"top_k":3,"top_p":1,"min_p":0,"stop":["a","b"]}',
        '{"prompt":"a","max_new_tokens":7,"n":1,"stop":"\\u00e9"}',
        '{"messages":[{"role":"user"}]}',
    ]
    for number, line in enumerate(lines):
        generates = "text" not in line
        choice = number % 2 * 2 + (1 if generates else 0)
        seed("records", f"line{number}", bytes([choice]) + line.encode())
    seed("records", "shard", "\x02" + "\n".join(lines) + "\n\n \t\r\n{}\n")
    seed("records", "long", "\x08" + lines[0] * 3)


def cuts():
    inputs = ["", "\n", "a\nbb\n\n \nccc", "a" * 40 + "\nb\n", "a\r\n\r\nb"]
    for number, content in enumerate(inputs):
        for limits in [bytes([20, 3, 10, 4, 2, 0]), bytes([3, 1, 200, 0, 0, 9])]:
            seed("lines", f"{number}-{limits[0]}", limits + content.encode())


def compressed():
    text = ('{"text":"' + "abc hello " * 20 + '"}\n') * 8
    member = gzip.compress(text.encode(), mtime=0)
    seed("compressed", "gzip", b"\0" + member)
    seed("compressed", "gzip-two", b"\0" + member + gzip.compress(b"a\n", mtime=0))
    seed("compressed", "gzip-stored", b"\0" + gzip.compress(b"{}\n", 0, mtime=0))
    seed("compressed", "gzip-empty", b"\0" + gzip.compress(b"", mtime=0))
    magic = bytes.fromhex("28b52ffd")
    raw = magic + bytes([0x20, 3]) + struct.pack("<I", 1 | 3 << 3)[:3] + b"{}\n"
    seed("compressed", "zstd-raw", b"\1" + raw)
    run = magic + bytes([0x00, 0x58]) + struct.pack("<I", 1 | 1 << 1 | 100_000 << 3)[:3] + b"a"
    seed("compressed", "zstd-run", b"\1" + run)
    skipped = bytes.fromhex("502a4d18") + struct.pack("<I", 2) + b"ab"
    seed("compressed", "zstd-two", b"\1" + skipped + raw + run)
    # By zstd -19 of twelve lines.
    seed("compressed", "zstd", b"\1" + bytes.fromhex(ZSTD))


ZSTD = (
    "28b52ffd64d8021d0100a87b2274657874223a22616263"
    "2068656c6c6f227d0a040083ab508d14aee838ec0148c25ac9ba"
)


def frames():
    def message(kind, fields, lease=0, payload=b"", speaker=0):
        fixed = struct.pack("<IHHQQQQQII", 0x4C4E454B, 1, kind, 3, 1, 2, 77, lease, 0, 0)
        whole = fixed + fields
        return bytes([speaker]) + struct.pack("<H", len(whole)) + whole + payload

    def text(value):
        return struct.pack("<H", len(value.encode())) + value.encode()

    hello = struct.pack("<HH", 1, 1) + text("b") + text("m") + text("o") + text("i")
    hello += struct.pack("<IQ", 4, 1000) + struct.pack("<H", 1) + text("d")
    hello += struct.pack("<I", 2) + struct.pack("<HQB", 1, 9, 1)
    beat = struct.pack("<BI", 1, 100) + struct.pack("<HQIQ", 1, 9, 5, 50)
    worker = {
        1: (hello, 0, b""), 2: (beat, 0, b""), 3: (bytes(8), 0, b""), 4: (bytes(8), 4, b"abc"),
        5: (struct.pack("<IIQQQQ", 9, 1, 50, 3, 1, 2), 4, b"abc"),
        6: (b"\1" + struct.pack("<q", -1) + text("é"), 4, b""), 7: (bytes(8), 4, b""),
        10: (struct.pack("<HQ", 1, 9), 0, b""), 11: (text("bye"), 0, b""),
    }
    for kind, (fields, lease, payload) in worker.items():
        seed("frames", f"worker{kind}", message(kind, fields, lease, payload))
    task = struct.pack("<QI", 2, 1) + text("d") + text("/m") + text("{}")
    task = text("j") + task + struct.pack("<QQQQQQB", 0, 9, 8, 3, 1, 2, 0)
    coordinator = {
        101: (struct.pack("<QIIHQHQ", 4, 2000, 20000, 1, 9, 1, 8), 0, b""),
        102: (struct.pack("<BI", 1, 500) + text("older"), 0, b""), 103: (task, 6, b"abc"),
        105: (bytes(8), 6, b"abc"), 106: (bytes(8), 6, b""), 107: (b"\1", 5, b""),
        108: (b"", 5, b""), 109: (struct.pack("<QHQ", 7, 1, 9), 0, b""), 110: (b"", 0, b""),
        111: (b"", 0, b""), 112: (b"", 0, b""),
    }
    for kind, (fields, lease, payload) in coordinator.items():
        seed("frames", f"coordinator{kind}", message(kind, fields, lease, payload, 1))


def jobs():
    job = {
        "inputs": [
            {"path": "/a.jsonl", "byteCount": 100, "modificationTime": 5},
            {
                "path": "-", "byteCount": 10, "modificationTime": -1,
                "spool": {"path": "data/in/1", "byteCount": 20},
            },
        ],
        "modelPath": "/m", "modelDigest": "0123456789abcdef" * 4, "output": "/o.jsonl",
        "rejects": "/r.jsonl", "replacesOutput": False, "shardRecordsMax": 64,
        "options": {
            "task": "generate", "dtype": "bf16", "textField": "k", "carry": ["a"],
            "maxLength": 64, "truncate": "left", "maxLineBytes": 4096, "seed": 7,
            "generation": {},
        },
    }
    seed("job", "generate", json.dumps(job))
    job["options"] = {"choices": ["a", "b"], "choiceScore": "mean", "topLabels": 2}
    seed("job", "choices", json.dumps(job))
    job["options"] = {}
    seed("job", "least", json.dumps(job))
    body = json.dumps(job)
    requests = [
        "GET /status\n", "HEAD /status\n", f"POST /jobs\n{body}",
        "GET /jobs/a%2Fb?limit=5&q=%C3%A9\n",
        "DELETE /jobs/a/shards/7?x=a+b\n", "DELETE /jobs//shards/\n", "PUT /jobs\n{}", "GET /%\n",
    ]
    for number, request in enumerate(requests):
        seed("http", f"request{number}", request)


def ledgers():
    def patch(offset, content):
        return struct.pack("<I", offset)[:3] + bytes([len(content)]) + content

    seed("ledger", "sound", b"\0")
    seed("ledger", "name", b"\0" + patch(0, b"SQLite"))
    seed("ledger", "page", b"\0" + patch(16, b"\x20\0") + patch(4096, bytes(40)))
    seed("ledger", "cut", b"\0" + b"\0\x10\0\0")
    for column in range(35):
        seed("ledger", f"row{column}", bytes([1, column, 0, 1, 5]))
        seed("ledger", f"edge{column}", bytes([1, column, 1, 2, column % 4]))
    seed("ledger", "text", bytes([1, 1, 0, 4, 3]) + b"abc")
    seed("ledger", "several", bytes([1, 4, 0, 1, 3, 24, 0, 2, 0, 25, 0, 2, 0]))


if __name__ == "__main__":
    shutil.rmtree(HERE / "corpus", ignore_errors=True)
    for make in [
        safetensors, configurations, tokenizers, records, cuts, compressed, frames, jobs, ledgers,
    ]:
        make()
