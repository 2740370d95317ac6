#!/usr/bin/env python3
"""Train the tokenizer and the causal Doge model with mixture of experts, and save both in model/.

A text is "Package: NAME\\nSection: SECTION\\nDescription: DESCRIPTION"; the model learns every token of it.
Routing is token by token (per_token.py), so that a text's continuation never depends on what follows.
`check` compares this script's fast forward pass with transformers' own.
"""
import argparse
import math
import pathlib
import random
import sys
import time

import numpy
import torch
from torch.nn import functional
from transformers import DogeConfig, DogeForCausalLM

JOBS = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(JOBS), str(JOBS / "debian-sections")]
import per_token  # noqa: E402
import train as sections  # noqa: E402
from make_prompts import prompt  # noqa: E402

VOCABULARY = 4096


def make_model():
    """A fresh model of about four million parameters."""
    config = DogeConfig(
        vocab_size=VOCABULARY,
        hidden_size=256,
        intermediate_size=512,
        num_hidden_layers=4,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=2048,
        keep_window_size=2048,
        is_moe=True,
        num_experts=256,
        num_experts_per_tok=8,
        router_layout="per_token",
        tie_word_embeddings=True,
        bos_token_id=0,
        eos_token_id=1,
        pad_token_id=2,
    )
    return per_token.adapt(DogeForCausalLM(config))


def experts_output(layer, x, top):
    """The routed experts of [N, H], each token reading its own scores."""
    keys = layer.num_keys
    scores = functional.linear(x, layer.router_gate.weight).float().view(-1, 2, keys)
    best, index = scores.topk(top, dim=-1)
    sums = (best[:, 0, :, None] + best[:, 1, None, :]).flatten(-2)
    indices = (index[:, 0, :, None] * keys + index[:, 1, None, :]).flatten(-2)
    chosen, places = sums.topk(top, dim=-1)
    weights = torch.zeros(x.shape[0], keys * keys).scatter(-1, indices.gather(-1, places), chosen.softmax(-1))
    # With few experts one dense product over all of them beats gathering rows.
    hidden = functional.silu(x @ layer.down_embed.weight.T) * weights.to(x.dtype)
    return hidden @ layer.up_embed.weight


def forward(model, ids):
    """Logits of texts of equal length, [B, S] -> [B, S, V]."""
    config, body = model.config, model.model
    batch, length = ids.shape
    size = config.hidden_size // config.num_attention_heads
    groups = config.num_attention_heads // config.num_key_value_heads
    x = body.embed_tokens(ids)
    theta = config.rope_parameters["rope_theta"]
    angles = torch.outer(
        torch.arange(length).float(), theta ** (-torch.arange(0, size, 2).float() / size)
    )
    cos, sin = torch.cat([angles.cos()] * 2, -1), torch.cat([angles.sin()] * 2, -1)

    def rotate(states):
        first, second = states.chunk(2, -1)
        return states * cos + torch.cat([-second, first], -1) * sin

    causal = torch.full((length, length), -math.inf).triu(1)
    for layer in body.layers:
        attention, residual = layer.self_attn, x
        h = layer.input_layernorm(x)
        split = lambda y: y.view(batch, length, -1, size)
        q = rotate(attention.q_norm(split(attention.q_proj(h))).transpose(1, 2).float())
        k = rotate(attention.k_norm(split(attention.k_proj(h))).transpose(1, 2).float())
        v = attention.v_proj(h)
        dt = torch.exp(attention.A * functional.softplus(attention.dt_proj(v).float()))
        mask = (dt.transpose(1, 2)[:, :, None, :] + causal).repeat_interleave(groups, 1)
        k, v = (t.repeat_interleave(groups, 1) for t in (k, split(v).transpose(1, 2)))
        out = functional.scaled_dot_product_attention(q.to(v.dtype), k.to(v.dtype), v, mask.to(v.dtype))
        x = layer.input_residual * residual + attention.o_proj(out.transpose(1, 2).reshape(batch, length, -1))
        residual, h, mlp = x, layer.post_attention_layernorm(x), layer.mlp
        out = mlp.down_proj(functional.silu(mlp.gate_proj(h)) * mlp.up_proj(h))
        out = out + experts_output(mlp, h.flatten(0, 1), config.num_experts_per_tok).view_as(out)
        x = layer.post_attention_residual * residual + out
    return functional.linear(body.norm(x), body.embed_tokens.weight)


def loss(model, rows):
    """Mean cross-entropy of every token after the first, in nats."""
    with torch.autocast("cpu", torch.bfloat16):
        logits = forward(model, rows[:, :-1])
    return functional.cross_entropy(logits.flatten(0, 1).float(), rows[:, 1:].flatten())


def held_out_loss(model, ids, length_max):
    """Mean cross-entropy of the first `length_max` tokens of the held-out texts, in nats."""
    model.eval()
    total = count = 0
    with torch.inference_mode():
        for length, batch in sections.batches(ids, 8192, length_max):
            rows = torch.tensor([ids[index][:length] for index in batch])
            total += loss(model, rows).item() * len(batch) * (length - 1)
            count += len(batch) * (length - 1)
    return total / count


def check(model, row):
    """Refuse to go on unless `forward` gives the answer of transformers' model."""
    model.eval()
    ids = torch.tensor([row])
    with torch.inference_mode():
        difference = (forward(model, ids) - model(ids).logits).abs().max().item()
    print(f"largest difference from transformers: {difference:.1e}", flush=True)
    if difference > 1e-3:
        raise SystemExit("the training forward pass differs from transformers' model")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", default=".", help="where train.jsonl and held-out.jsonl lie")
    parser.add_argument("--model", default="model", help="where the model is saved")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--tokens", type=int, default=4096, help="of a batch")
    parser.add_argument("--length", type=int, default=128, help="training cuts longer texts")
    parser.add_argument("--rate", type=float, default=3e-3)
    parser.add_argument("--decay", type=float, default=0.1)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    random.seed(arguments.seed)
    numpy.random.seed(arguments.seed)
    torch.manual_seed(arguments.seed)
    folder, target = pathlib.Path(arguments.folder), pathlib.Path(arguments.model)
    target.mkdir(parents=True, exist_ok=True)

    records, held_out = (sections.read(folder / f"{name}.jsonl") for name in ("train", "held-out"))
    text = lambda record: f"{prompt(record)} {record['text']}"
    sections.VOCABULARY = VOCABULARY
    tokenizer = sections.make_tokenizer(text(record) for record in records)
    sections.save_tokenizer(tokenizer, target)
    end = tokenizer.token_to_id("<|end_of_text|>")
    encode = lambda part: [row.ids + [end] for row in tokenizer.encode_batch([text(r) for r in part])]
    ids, held_ids = encode(records), encode(held_out)
    print(f"{sum(map(len, ids))} tokens of training text", flush=True)
    model = make_model()
    check(model, ids[0])
    train(model, ids, held_ids, target, arguments)


def train(model, ids, held_ids, target, arguments):
    """Run all epochs; save the running mean of the weights after each."""
    matrices = [p for p in model.parameters() if p.ndim > 1]
    vectors = [p for p in model.parameters() if p.ndim < 2]
    optimizer = torch.optim.AdamW(
        [{"params": matrices, "weight_decay": arguments.decay}, {"params": vectors, "weight_decay": 0.0}],
        lr=arguments.rate, betas=(0.9, 0.98), fused=True,
    )
    mean = torch.optim.swa_utils.AveragedModel(
        model, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.998)
    )

    def rate(done):
        """The share of the learning rate after `done` of all epochs: a short rise, then a cosine."""
        return min(1, done * 40) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(1, done))))

    began = time.time()
    for epoch in range(arguments.epochs):
        model.train()
        groups = sections.batches(ids, arguments.tokens, arguments.length, step=8)
        for count, (length, batch) in enumerate(groups):
            for group in optimizer.param_groups:
                group["lr"] = arguments.rate * rate((epoch + count / len(groups)) / arguments.epochs)
            rows = torch.tensor([ids[index][:length] for index in batch])
            value = loss(model, rows)
            optimizer.zero_grad()
            value.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            mean.update_parameters(model)
            if count % 50 == 0:
                print(f"  {count}/{len(groups)} {time.time() - began:.0f} s, {value.item():.3f}", flush=True)
        sections.save(mean.module, target)
        print(
            f"epoch {epoch + 1}: held out {held_out_loss(mean.module, held_ids, arguments.length):.4f} nats"
            f" a token, {time.time() - began:.0f} s",
            flush=True,
        )


if __name__ == "__main__":
    main()
