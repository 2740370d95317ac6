"""Build small random language models, bodies and files with older names, each a complete folder `checkpoints/<name>/`.

The weights are as in `make_checkpoints.py`, except that embeddings and residual scales are small beside what the layers add:
then logits are of order 2, a token does not simply predict itself where the head is tied, and greedy text wanders for a while.
"""

import json
import shutil

import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from transformers import DogeConfig, DogeForCausalLM, DogeModel

from make_checkpoints import DTYPES, HERE, random_value

COMMON = dict(
    hidden_size=48, intermediate_size=64, num_hidden_layers=2, num_attention_heads=3, num_key_value_heads=1,
    max_position_embeddings=2048, rms_norm_eps=1e-6, tie_word_embeddings=True,
    rope_parameters={"rope_type": "default", "rope_theta": 10000.0},
)
NARROW = dict(hidden_size=32, intermediate_size=48, num_attention_heads=2, num_key_value_heads=1)
EXPERTS = dict(is_moe=True, num_experts=70, num_experts_per_tok=4, norm_topk_prob=True)


def rotary(seed, rope, **config):
    """The specification of a small model that shows one rotary type."""
    rope = {"rope_theta": 10000.0} | rope
    return dict(seed=seed, tokenizer="merges", dtype="bfloat16", config=NARROW | config | {"rope_parameters": rope})


# name: seed, tokenizer, dtype of the file, and what differs from COMMON in the configuration. `overwrite` replaces what
# config.json says of these keys.
CHECKPOINTS = {
    "causal": dict(seed=1001, tokenizer="merges", dtype="bfloat16", config={}),
    "causal-untied": dict(
        seed=1102, tokenizer="plain", dtype="float16",
        config=NARROW | dict(
            tie_word_embeddings=False, attention_bias=True, mlp_bias=True, hidden_act="gelu",
        ),
        generation=dict(
            eos_token_id=["<|end_of_text|>", "<|end_header_id|>"], do_sample=True, temperature=0.7, top_k=20, top_p=0.9,
            repetition_penalty=1.1,
        ),
    ),
    "causal-window": dict(seed=1204, tokenizer="merges", dtype="bfloat16", config=NARROW | dict(keep_window_size=24)),
    "causal-sliding": dict(
        seed=1303, tokenizer="words", dtype="bfloat16", config=NARROW | dict(sliding_window=20, keep_window_size=512),
    ),
    "causal-sliding-window": dict(
        seed=1405, tokenizer="merges", dtype="float16", config=NARROW | dict(sliding_window=40, keep_window_size=16),
    ),
    "causal-moe": dict(
        seed=1507, tokenizer="merges", dtype="bfloat16", config=NARROW | EXPERTS | dict(num_key_value_heads=2),
        overwrite=dict(num_key_value_heads=None),
    ),
    "causal-per-token": dict(
        seed=1601, tokenizer="merges", dtype="bfloat16", config=NARROW | EXPERTS, overwrite=dict(router_layout="per_token"),
    ),
    "causal-xielu": dict(seed=1703, tokenizer="merges", dtype="bfloat16", config=NARROW | dict(hidden_act="xielu")),
    "linear": rotary(2002, {"rope_type": "linear", "factor": 3.0}),
    "yarn": rotary(
        2103, {"rope_type": "yarn", "factor": 8.0, "original_max_position_embeddings": 64, "rope_theta": 3000.0},
        max_position_embeddings=512,
    ),
    "yarn-mscale": rotary(
        2203,
        {"rope_type": "yarn", "factor": 6.0, "original_max_position_embeddings": 80, "truncate": False, "mscale": 1.4,
         "mscale_all_dim": 0.6, "beta_fast": 12.0, "beta_slow": 0.7},
        max_position_embeddings=480,
    ),
    "longrope": rotary(
        2305,
        {"rope_type": "longrope", "original_max_position_embeddings": 64,
         "short_factor": [1.0, 1.05, 1.1, 1.2, 1.3, 1.5, 1.8, 2.0], "long_factor": [1.1, 1.4, 2.0, 3.5, 5.0, 7.0, 9.0, 12.0]},
        max_position_embeddings=128,
    ),
    "llama3": rotary(
        2401,
        {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
         "original_max_position_embeddings": 96, "rope_theta": 20000.0},
        max_position_embeddings=768,
    ),
    "proportional": rotary(2501, {"rope_type": "proportional", "partial_rotary_factor": 0.5}, hidden_act="prelu"),
    "causal-dynamic": rotary(2603, {"rope_type": "dynamic", "factor": 4.0}, max_position_embeddings=64) | {"old_config": True},
    "body": dict(seed=3001, tokenizer="words", dtype="bfloat16", kind=DogeModel, config=NARROW),
}

# Copies of a checkpoint above with the names of older files: which one, and whether a residual is a module with a weight.
OLDER = {"older-names": ("causal-moe", True), "older-names-plain": ("linear", False)}


def value(name, shape, generator, tied):
    """The float32 values of one tensor. Without a tied head the embeddings may be as large as they like."""
    part = name.removesuffix(".weight").rsplit(".", 1)[-1]
    random = random_value(name, shape, generator)
    if part == "embed_tokens":
        return 0.35 * random if tied else random
    if part == "bias":
        return 0.5 * random
    if part == "lm_head":
        return 2.5 * random
    if part in ("q_norm", "k_norm"):
        return 0.75 * random
    if part in ("input_residual", "post_attention_residual"):
        return 0.6 * random
    return random


def state(model, specification):
    """The tensors of a checkpoint, in the dtype of its file; a tied head is left out, as transformers leaves it out.

    What has no shape is a constant of an activation and stays as it is.
    """
    generator = torch.Generator().manual_seed(specification["seed"])
    dtype, tied = DTYPES[specification["dtype"]], specification["config"].get("tie_word_embeddings", True)
    tensors = dict(sorted(model.state_dict().items()))
    if tied:
        tensors.pop("lm_head.weight", None)
    return {
        name: (value(name, tensor.shape, generator, tied) if tensor.dim() > 0 else tensor).to(dtype)
        for name, tensor in tensors.items()
    }


def config_text(config, specification, architecture):
    """The configuration file, in the newer or older spelling."""
    content = json.loads(config.to_json_string(use_diff=True)) | specification.get("overwrite", {})
    content |= {"architectures": [architecture], "dtype": specification["dtype"]}
    if specification.get("old_config", False):
        rope = content.pop("rope_parameters")
        content["rope_theta"] = rope.pop("rope_theta")
        content["rope_scaling"] = {"type": rope.pop("rope_type")} | rope
        content["torch_dtype"] = content.pop("dtype")
        content.pop("transformers_version")
    return json.dumps(content, indent=2, sort_keys=True) + "\n"


def empty_folder(name):
    """The folder of a checkpoint, without what was in it."""
    folder = HERE / "checkpoints" / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def report(folder, tensors):
    """Say what was written."""
    size = sum(file.stat().st_size for file in folder.iterdir())
    print(f"checkpoints/{folder.name}: {len(tensors)} tensors, {size} bytes")


def make(name, specification):
    """Write one checkpoint folder."""
    folder = empty_folder(name)
    for file in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copyfile(HERE / "tokenizers" / specification["tokenizer"] / file, folder / file)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    config = DogeConfig(**COMMON | specification["config"] | dict(
        vocab_size=tokenizer.get_vocab_size(),
        bos_token_id=tokenizer.token_to_id("<|begin_of_text|>"),
        eos_token_id=tokenizer.token_to_id("<|end_of_text|>"),
        pad_token_id=tokenizer.token_to_id("<|finetune_right_pad_id|>"),
    ))
    kind = specification.get("kind", DogeForCausalLM)
    tensors = state(kind(config), specification)
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "config.json").write_text(config_text(config, specification, kind.__name__), encoding="utf-8")
    if "generation" in specification:
        content = dict(specification["generation"])
        content["eos_token_id"] = [tokenizer.token_to_id(token) for token in content["eos_token_id"]]
        (folder / "generation_config.json").write_text(json.dumps(content, indent=2, sort_keys=True) + "\n")
    report(folder, tensors)


def older_name(name, residual_weight):
    """The name that a tensor had in older files."""
    suffix = ".weight" if residual_weight else ""
    for today, older in (
        ("embed_tokens", "word_embed"), ("post_attention_layernorm", "post_layernorm"), ("input_layernorm", "pre_layernorm"),
        ("post_attention_residual", "post_residual" + suffix), ("input_residual", "pre_residual" + suffix),
        (".mlp.", ".feed_forward."), ("model.norm.", "model.final_layernorm."),
    ):
        name = name.replace(today, older)
    return name


def make_older(name, source, residual_weight):
    """Write a copy of a checkpoint in which only the names of the tensors differ."""
    folder = empty_folder(name)
    for file in ("tokenizer.json", "tokenizer_config.json", "config.json"):
        shutil.copyfile(HERE / "checkpoints" / source / file, folder / file)
    tensors = load_file(HERE / "checkpoints" / source / "model.safetensors")
    tensors = {older_name(today, residual_weight): tensor for today, tensor in sorted(tensors.items())}
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    report(folder, tensors)


def main():
    """Write every checkpoint."""
    torch.set_num_threads(1)
    for name, specification in CHECKPOINTS.items():
        make(name, specification)
    for name, (source, residual_weight) in OLDER.items():
        make_older(name, source, residual_weight)


if __name__ == "__main__":
    main()
