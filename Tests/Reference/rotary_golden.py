"""Write `golden/rotary.jsonl`: the rotary frequencies that follow from many spellings of a configuration.

Each answer is in float64 and was compared with transformers' own float32 frequencies.
"""

import json

from transformers import DogeConfig
from transformers.utils import logging

from float64_rotary import frequencies
from make_checkpoints import HERE

LONG = [1.1, 1.4, 2.0, 3.5, 5.0, 7.0, 9.0, 12.0]
SHORT = [1.0, 1.05, 1.1, 1.2, 1.3, 1.5, 1.8, 2.0]
LLAMA = {"factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0}
SIZES = {"hidden_size": 64, "num_attention_heads": 4, "max_position_embeddings": 2048}


def newer(kind, **fields):
    """Rotary parameters in today's spelling."""
    return {"rope_parameters": {"rope_type": kind, "rope_theta": 10000.0} | fields}


def older(**fields):
    """Rotary parameters in the older spelling."""
    return {"rope_theta": 10000.0, "rope_scaling": fields}


# What differs from SIZES in config.json, and the lengths to ask for.
CASES = [
    ({}, [1]),
    ({"rope_theta": 500000.0}, [1]),
    ({"rope_theta": 40000, "rope_scaling": None}, [1]),
    ({"rope_parameters": None}, [1]),
    ({"rope_parameters": {"rope_theta": 1234.5}}, [1]),
    ({"rope_parameters": {"rope_type": "default"}, "rope_theta": 777.0}, [1]),
    (newer("default"), [1, 5000]),
    (newer("default", partial_rotary_factor=0.5), [1]),
    (newer("default") | {"head_dim": 20}, [1]),
    (newer("linear", factor=4.0), [1, 5000]),
    (older(type="linear", factor=2.5), [1]),
    (newer("linear", factor=2) | {"head_dim": 24}, [1]),
    (newer("dynamic", factor=4.0) | {"max_position_embeddings": 64}, [1, 63, 64, 65, 66, 100, 500]),
    (older(type="dynamic", factor=2.0) | {"max_position_embeddings": 100}, [100, 101, 350]),
    (older(rope_type="dynamic", factor=4) | {"max_position_embeddings": 100}, [100, 101, 350]),
    (newer("dynamic", factor=1.0, original_max_position_embeddings=32) | {"max_position_embeddings": 64}, [40, 70]),
    (newer("dynamic", factor=4.0, rope_theta=40000.0) | {"head_dim": 12, "max_position_embeddings": 64}, [64, 300]),
    (newer("yarn", factor=8.0, original_max_position_embeddings=64) | {"max_position_embeddings": 512}, [1, 400]),
    (newer("yarn", factor=8.0, original_max_position_embeddings=64, truncate=False) | {"max_position_embeddings": 512}, [1]),
    (newer("yarn", factor=4.0) | {"max_position_embeddings": 512}, [1]),
    (newer("yarn", factor=None, original_max_position_embeddings=128) | {"max_position_embeddings": 512}, [1]),
    (newer("yarn", factor=16.0, original_max_position_embeddings=256, beta_fast=16.0, beta_slow=2.0), [1]),
    (newer("yarn", factor=16.0, original_max_position_embeddings=256, beta_fast=0, beta_slow=None), [1]),
    (newer("yarn", factor=6.0, original_max_position_embeddings=80, mscale=1.4, mscale_all_dim=0.6), [1]),
    (newer("yarn", factor=6.0, original_max_position_embeddings=80, mscale=1.4), [1]),
    (newer("yarn", factor=6.0, original_max_position_embeddings=80, mscale=0.0, mscale_all_dim=1.0), [1]),
    (newer("yarn", factor=6.0, original_max_position_embeddings=80, mscale=1.4, mscale_all_dim=0.6, attention_factor=0.9), [1]),
    (newer("yarn", factor=1.0, original_max_position_embeddings=2048), [1]),
    (newer("yarn", factor=8.0, original_max_position_embeddings=6) | {"max_position_embeddings": 48}, [1]),
    (older(type="yarn", factor=8.0, original_max_position_embeddings=256), [1]),
    (newer("yarn", factor=8.0, original_max_position_embeddings=64) | {"original_max_position_embeddings": 256}, [1]),
    (newer("longrope", short_factor=SHORT, long_factor=LONG, original_max_position_embeddings=64), [1, 64, 65, 200]),
    (newer("longrope", short_factor=SHORT, long_factor=LONG, original_max_position_embeddings=64, factor=4.0), [64, 65]),
    (newer("longrope", short_factor=SHORT, long_factor=LONG, original_max_position_embeddings=64, attention_factor=1.3), [64, 65]),
    (newer("longrope", short_factor=SHORT, long_factor=LONG), [64, 2048, 2049]),
    (older(type="longrope", short_factor=SHORT, long_factor=LONG) | {"original_max_position_embeddings": 128}, [128, 129]),
    (older(rope_type="longrope", type="linear", short_factor=SHORT, long_factor=LONG, factor=1.0), [1, 2049]),
    (newer("llama3", original_max_position_embeddings=96, **LLAMA), [1, 500]),
    (newer("llama3", original_max_position_embeddings=512, rope_theta=500000.0, **LLAMA), [1]),
    (newer("llama3", original_max_position_embeddings=512, factor=32.0, low_freq_factor=2.0, high_freq_factor=6.0), [1]),
    (older(rope_type="llama3", original_max_position_embeddings=96, **LLAMA), [1]),
    (newer("llama3", **LLAMA), [1]),
    (newer("proportional", partial_rotary_factor=0.5), [1, 3000]),
    (newer("proportional", partial_rotary_factor=0.3) | {"head_dim": 20}, [1]),
    (newer("proportional", partial_rotary_factor=0.25, factor=2.0), [1]),
    (newer("proportional"), [1]),
    (newer("proportional", partial_rotary_factor=0.0), [1]),
    (older(type="proportional") | {"partial_rotary_factor": 0.75}, [1]),
]


def line(fields, length):
    """One line of the file."""
    values, attention = frequencies(DogeConfig.from_dict(json.loads(json.dumps(fields))), length)
    content = {"config": fields, "length": length, "frequencies": values.tolist(), "attention_factor": attention}
    return json.dumps(content, separators=(",", ":")) + "\n"


def main():
    """Write the file."""
    logging.set_verbosity_error()
    lines = [line(SIZES | fields, length) for fields, lengths in CASES for length in lengths]
    (HERE / "golden" / "rotary.jsonl").write_text("".join(lines), encoding="ascii")
    print(f"golden/rotary.jsonl: {len(lines)} lines")


if __name__ == "__main__":
    main()
