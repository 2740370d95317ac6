"""Random checkpoints with the dimensions of published models, written once into the cache."""
import shutil

import torch
import transformers

from side_by_side import CACHE, JOBS, say

transformers.utils.logging.disable_progress_bar()

SEED = 20261125
LABELS = 42
SHAPES = {
    "Doge-20M": dict(
        hidden_size=256, intermediate_size=512, num_hidden_layers=8,
        num_attention_heads=2, num_key_value_heads=1,
    ),
    "Doge-160M": dict(
        hidden_size=768, intermediate_size=1536, num_hidden_layers=24,
        num_attention_heads=6, num_key_value_heads=3,
    ),
    "Doge-40M-MoE": dict(
        hidden_size=256, intermediate_size=768, num_hidden_layers=8,
        num_attention_heads=2, num_key_value_heads=1,
        is_moe=True, num_experts=1024, num_experts_per_tok=8,
    ),
}
KINDS = {
    "classifier": transformers.DogeForSequenceClassification,
    "generator": transformers.DogeForCausalLM,
}


def configuration(shape, vocabulary):
    """The configuration of a shape."""
    return transformers.DogeConfig(
        **SHAPES[shape], vocab_size=vocabulary, tie_word_embeddings=True, num_labels=LABELS,
        max_position_embeddings=2048, keep_window_size=2048,
        bos_token_id=0, eos_token_id=1, pad_token_id=2,
        rope_parameters={"rope_type": "default", "rope_theta": 10000.0},
    )


@torch.no_grad()
def randomize(model):
    """Weights of a size that keeps every number in a usual range, the mask's own among them."""
    torch.manual_seed(SEED)
    for name, tensor in model.named_parameters():
        if name.endswith(".A"):
            tensor.uniform_(-0.5, 0.5)
        elif tensor.dim() == 2:
            tensor.normal_(std=tensor.shape[1] ** -0.5)
    return model


def folder(shape, kind, vocabulary=32768):
    """The folder of a checkpoint: BF16 as the published ones, with the demo's tokenizer."""
    path = CACHE / "checkpoints" / f"{shape}-{kind}-{vocabulary}"
    if not (path / "tokenizer.json").exists():
        say(f"writing {path.name}")
        model = randomize(KINDS[kind](configuration(shape, vocabulary)))
        model.to(torch.bfloat16).save_pretrained(path)
        for name in ("tokenizer_config.json", "tokenizer.json"):
            shutil.copy(JOBS / "debian-sections" / "model" / name, path)
    return path


def load(path, kind, dtype=torch.float32, attention="sdpa"):
    """A model, ready to be asked."""
    return KINDS[kind].from_pretrained(path, dtype=dtype, attn_implementation=attention).eval()
