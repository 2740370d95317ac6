"""Build small random classifiers, each a complete folder `checkpoints/<name>/` that an engine can load.

The weights are random but not degenerate: nothing that training moves keeps its initial value (A, norms, residual scales,
biases), logits are of order 1, attention is far from uniform, and router scores lie well apart.
"""

import json
import shutil
from pathlib import Path

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer
from transformers import DogeConfig, DogeForSequenceClassification

HERE = Path(__file__).resolve().parent
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}

COMMON = dict(
    hidden_size=64, intermediate_size=96, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
    max_position_embeddings=2048, rms_norm_eps=1e-6, rope_parameters={"rope_type": "default", "rope_theta": 10000.0},
)

# name: seed, tokenizer, dtype of the file, labels, and what differs from COMMON in the configuration.
CHECKPOINTS = {
    "dense": dict(
        seed=101, tokenizer="merges", dtype="float32", labels=["Nachricht", "Größe", "новости", "ニュース", "📦 paquet"],
        config=dict(num_hidden_layers=3),
    ),
    "moe": dict(
        seed=230, tokenizer="words", dtype="bfloat16", labels=["été", "hiver", "άνοιξη", "秋"],
        config=dict(is_moe=True, num_experts=64, num_experts_per_tok=8, norm_topk_prob=False),
    ),
    "moe-norm": dict(
        seed=322, tokenizer="merges", dtype="float16", labels=["да", "нет", "не знаю"],
        config=dict(
            hidden_size=80, num_attention_heads=5, num_key_value_heads=1, is_moe=True, num_experts=70,
            num_experts_per_tok=6, norm_topk_prob=True, hidden_act="gelu_pytorch_tanh",
        ),
    ),
    "biased": dict(
        seed=401, tokenizer="plain", dtype="float16", keep_vectors_float32=True, labels=["naïve", "façade", "Ωmega", "ﷺ"],
        config=dict(attention_bias=True, mlp_bias=True, problem_type="multi_label_classification", hidden_act="gelu"),
    ),
    "grouped": dict(
        seed=501, tokenizer="merges", dtype="bfloat16", max_shard_bytes=120_000,
        labels=["α", "β", "γ", "δ", "ε", "ζ"],
        config=dict(hidden_size=96, intermediate_size=160, num_attention_heads=8, num_key_value_heads=2, head_dim=20),
    ),
    "window": dict(
        seed=659, tokenizer="merges", dtype="float16", labels=["короткий", "länger", "最長"],
        # One negative A only: negative ones crowd the best dt near 1, and then decisions are too near to compare.
        a=[[0.6, -1.5], [0.5, 0.7]],
        config=dict(keep_window_size=48),
    ),
    "dynamic": dict(
        seed=701, tokenizer="merges", dtype="bfloat16", labels=["señal"], old_config=True,
        config=dict(
            max_position_embeddings=256, sliding_window=100, tie_word_embeddings=True,
            rope_parameters={"rope_type": "dynamic", "factor": 4.0, "rope_theta": 5000.0},
        ),
    ),
    "regression": dict(
        seed=801, tokenizer="words", dtype="bfloat16", labels=["length", "weight", "âge"],
        config=dict(
            hidden_size=32, intermediate_size=48, num_attention_heads=2, num_key_value_heads=1, problem_type="regression",
        ),
    ),
}


def random_value(name, shape, generator):
    """The float32 values of one tensor; the scale depends on what the tensor is for."""
    normal = torch.randn(shape, generator=generator)
    uniform = torch.rand(shape, generator=generator)
    part = name.removesuffix(".weight").rsplit(".", 1)[-1]
    if part in ("q_norm", "k_norm"):
        return 1.2 + 0.8 * uniform
    if part in ("input_layernorm", "post_attention_layernorm", "norm"):
        return 0.6 + 0.8 * uniform
    if part in ("input_residual", "post_attention_residual"):
        return 0.7 + 0.5 * uniform
    if part == "A":
        # Both signs; a positive A makes dt large, and above about 0.6 one key would take all attention.
        scales = torch.tensor([0.3 if index % 2 == 0 else -0.9 for index in range(shape[0])])
        return scales * (1.0 + uniform)
    if part == "bias":
        return 0.4 * normal
    if part in ("embed_tokens", "up_embed"):
        return normal
    gain = {"router_gate": 2.0, "dt_proj": 0.9}.get(part, 1.0)
    return gain * normal / shape[-1] ** 0.5


def state(model, specification):
    """The tensors of a checkpoint, in the dtypes of its file."""
    generator = torch.Generator().manual_seed(specification["seed"])
    dtype = DTYPES[specification["dtype"]]
    tensors = {}
    for name, tensor in sorted(model.state_dict().items()):
        value = random_value(name, tensor.shape, generator)
        if "a" in specification and name.endswith(".self_attn.A"):
            value = torch.tensor(specification["a"][int(name.split(".")[2])])
        exempt = specification.get("keep_vectors_float32", False) and value.dim() == 1
        tensors[name] = value if exempt else value.to(dtype)
    return tensors


def shards(tensors, max_bytes):
    """The tensors in groups of at most `max_bytes`; a tensor that is larger has a group of its own."""
    groups, size = [{}], 0
    for name, tensor in tensors.items():
        if groups[-1] and size + tensor.nbytes > max_bytes:
            groups.append({})
            size = 0
        groups[-1][name] = tensor
        size += tensor.nbytes
    return groups


def save_tensors(folder, tensors, max_bytes):
    """Write one file, or several with an index, as `save_pretrained` does."""
    if max_bytes is None:
        save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
        return
    groups = shards(tensors, max_bytes)
    index = {"metadata": {"total_size": sum(tensor.nbytes for tensor in tensors.values())}, "weight_map": {}}
    for number, group in enumerate(groups, 1):
        file = f"model-{number:05}-of-{len(groups):05}.safetensors"
        save_file(group, folder / file, metadata={"format": "pt"})
        index["weight_map"] |= {name: file for name in group}
    index["weight_map"] = dict(sorted(index["weight_map"].items()))
    (folder / "model.safetensors.index.json").write_text(json.dumps(index, indent=2) + "\n")


def config_text(config, specification):
    """The configuration file; `old_config` writes the rotary parameters and the dtype as older versions did."""
    content = json.loads(config.to_json_string(use_diff=True))
    content["architectures"] = ["DogeForSequenceClassification"]
    content["dtype"] = specification["dtype"]
    if specification.get("old_config", False):
        rope = content.pop("rope_parameters")
        content["rope_theta"] = rope.pop("rope_theta")
        content["rope_scaling"] = rope
        content["torch_dtype"] = content.pop("dtype")
        content.pop("transformers_version")
    return json.dumps(content, indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def make(name, specification):
    """Write one checkpoint folder."""
    folder = HERE / "checkpoints" / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    source = HERE / "tokenizers" / specification["tokenizer"]
    for file in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copyfile(source / file, folder / file)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    labels = dict(enumerate(specification["labels"]))
    config = DogeConfig(**COMMON | specification["config"] | dict(
        vocab_size=tokenizer.get_vocab_size(),
        bos_token_id=tokenizer.token_to_id("<|begin_of_text|>"),
        eos_token_id=tokenizer.token_to_id("<|end_of_text|>"),
        pad_token_id=tokenizer.token_to_id("<|finetune_right_pad_id|>"),
        id2label=labels,
        label2id={label: index for index, label in labels.items()},
    ))
    tensors = state(DogeForSequenceClassification(config), specification)
    save_tensors(folder, tensors, specification.get("max_shard_bytes"))
    (folder / "config.json").write_text(config_text(config, specification), encoding="utf-8")
    size = sum(file.stat().st_size for file in folder.iterdir())
    print(f"checkpoints/{name}: {len(tensors)} tensors, {size} bytes")


def main():
    """Write every checkpoint."""
    torch.set_num_threads(1)
    for name, specification in CHECKPOINTS.items():
        make(name, specification)


if __name__ == "__main__":
    main()
