#!/usr/bin/env python3
"""Train the tokenizer and the Doge classifier with mixture of experts, and save both in model/.

The router of transformers' DogeCDMoE mixes the tokens of one forward call, so a padded or packed
batch gives other answers than a record alone. Training therefore uses batches of records of equal
length and lays the routing out record by record; `check` compares the result with transformers.

Against overfitting: every epoch cuts the texts into tokens anew, some merges left out at random; whole
tokens are dropped; the body predicts the next token beside the section; and half of each target may come
from a model of another kind (baseline.py --soft).
"""
import argparse
import json
import math
import pathlib
import random
import time

import numpy
import torch
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from torch.nn import functional
from transformers import DogeConfig, DogeForSequenceClassification

SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|"
    r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
SPECIAL = [
    "<|begin_of_text|>", "<|end_of_text|>", "<|finetune_right_pad_id|>",
    "<|start_header_id|>", "<|end_header_id|>",
]
VOCABULARY = 8192


def read(path):
    """The records of a JSONL file."""
    return [json.loads(line) for line in open(path, encoding="utf-8")]


def make_tokenizer(texts):
    """A byte-level BPE of the Llama-3 family, trained on the texts."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(SPLIT), behavior="isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ])
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=SPECIAL,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<|begin_of_text|> $A", special_tokens=[("<|begin_of_text|>", 0)]
    )
    return tokenizer


def save_tokenizer(tokenizer, folder):
    """Write tokenizer.json and the file that transformers reads beside it."""
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(json.dumps({
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": SPECIAL[0],
        "eos_token": SPECIAL[1],
        "pad_token": SPECIAL[2],
        "model_max_length": 8192,
    }, indent=2) + "\n")


def make_model(labels, hidden, layers, experts):
    """A fresh classifier."""
    config = DogeConfig(
        vocab_size=VOCABULARY,
        hidden_size=hidden,
        intermediate_size=2 * hidden,
        num_hidden_layers=layers,
        num_attention_heads=hidden // 64,
        num_key_value_heads=hidden // 64,
        max_position_embeddings=8192,
        keep_window_size=8192,
        is_moe=True,
        num_experts=experts,
        num_experts_per_tok=8,
        tie_word_embeddings=True,
        bos_token_id=0,
        eos_token_id=1,
        pad_token_id=2,
        id2label=dict(enumerate(labels)),
        label2id={label: index for index, label in enumerate(labels)},
        problem_type="single_label_classification",
    )
    return DogeForSequenceClassification(config)


def word_embeddings(ids, targets, label_count, hidden, epochs=2):
    """Embeddings under which the mean of a text's tokens tells its section: a cheap, good start."""
    table = torch.nn.EmbeddingBag(VOCABULARY, hidden, mode="mean")
    torch.nn.init.normal_(table.weight, std=0.05)
    head = torch.nn.Linear(hidden, label_count)
    optimizer = torch.optim.Adam([*table.parameters(), *head.parameters()], lr=5e-3)
    rows = [torch.tensor(row[:256]) for row in ids]
    for epoch in range(epochs):
        order = numpy.random.permutation(len(ids))
        for batch in numpy.array_split(order, len(order) // 512):
            chosen = [rows[index] for index in batch]
            offsets = torch.tensor([0] + [len(row) for row in chosen[:-1]]).cumsum(0)
            answers = head(table(torch.cat(chosen), offsets))
            loss = functional.cross_entropy(answers, targets[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        print(f"word embeddings, epoch {epoch + 1}: loss {loss.item():.3f}", flush=True)
    weight = table.weight.detach()
    return weight / weight.std() * 0.3


def experts_output(layer, x, top):
    """The routed experts of [B, S, H]; each record's router output is laid out by itself."""
    batch, length, _ = x.shape
    keys = layer.num_keys
    router = layer.router_gate(x).float().reshape(batch, 2, length, keys)
    best_x, index_x = router[:, 0].topk(top, dim=-1)
    best_y, index_y = router[:, 1].topk(top, dim=-1)
    sums = (best_x[..., :, None] + best_y[..., None, :]).flatten(-2)
    indices = (index_x[..., :, None] * keys + index_y[..., None, :]).flatten(-2)
    scores, places = sums.topk(top, dim=-1)
    chosen = indices.gather(-1, places)
    weights = torch.zeros(batch, length, keys * keys).scatter(-1, chosen, scores.softmax(-1))
    # With few experts one dense product over all of them beats gathering rows.
    hidden = functional.silu(x @ layer.down_embed.weight[: keys * keys].T) * weights.to(x.dtype)
    return hidden @ layer.up_embed.weight[: keys * keys]


def forward(model, ids, dropout=0.0):
    """Hidden states after the last norm of records of equal length, [B, S] -> [B, S, H].

    They are what transformers gives for each record alone.
    """
    config, body = model.config, model.model
    batch, length = ids.shape
    heads, size = config.num_attention_heads, config.hidden_size // config.num_attention_heads
    drop = lambda x: functional.dropout(x, dropout, dropout > 0)
    x = body.embed_tokens(ids)
    if dropout:
        x = x * (torch.rand(batch, length, 1) > dropout)  # whole tokens
    x = drop(x)
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
        split = lambda y: y.view(batch, length, heads, size)
        q = rotate(attention.q_norm(split(attention.q_proj(h))).transpose(1, 2).float())
        k = rotate(attention.k_norm(split(attention.k_proj(h))).transpose(1, 2).float())
        v = attention.v_proj(h)
        dt = torch.exp(attention.A * functional.softplus(attention.dt_proj(v).float()))
        mask = dt.transpose(1, 2)[:, :, None, :] + causal
        v = split(v).transpose(1, 2)
        out = functional.scaled_dot_product_attention(q.to(v.dtype), k.to(v.dtype), v, mask.to(v.dtype))
        out = attention.o_proj(out.transpose(1, 2).reshape(batch, length, -1))
        x = layer.input_residual * residual + drop(out)
        residual, h, mlp = x, layer.post_attention_layernorm(x), layer.mlp
        out = mlp.down_proj(functional.silu(mlp.gate_proj(h)) * mlp.up_proj(h))
        out = out + experts_output(mlp, h, config.num_experts_per_tok)
        x = layer.post_attention_residual * residual + drop(out)
    return body.norm(x)


def next_token_loss(model, states, rows, share=4):
    """Cross-entropy of the next token at one of `share` positions: enough to learn from, and cheap."""
    places = torch.randperm(rows.shape[1] - 1)[: max(1, rows.shape[1] // share)]
    logits = functional.linear(states[:, places], model.model.embed_tokens.weight)
    logits = logits / states.shape[-1] ** 0.5  # the embeddings start large
    return functional.cross_entropy(logits.flatten(0, 1).float(), rows[:, places + 1].flatten())


def batches(ids, tokens, length_max, step=1):
    """Batches of (length, records), about `tokens` tokens each, in random order.

    A record longer than `length_max` is cut there; with a `step`, lengths are its multiples.
    """
    by_length = {}
    for index, row in enumerate(ids):
        length = min(len(row), length_max)
        by_length.setdefault(max(length - length % step, min(length, step)), []).append(index)
    groups = []
    for length, members in by_length.items():
        random.shuffle(members)
        size = max(1, tokens // length)
        groups += [
            (length, members[start:start + size]) for start in range(0, len(members), size)
        ]
    random.shuffle(groups)
    return groups


def accuracy(model, ids, targets, length_max=8192):
    """Share of records whose best label is the true one."""
    model.eval()
    right = 0
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        for length, batch in batches(ids, 8192, length_max):
            rows = torch.tensor([ids[index][:length] for index in batch])
            logits = model.score(forward(model, rows)[:, -1])
            right += (logits.argmax(-1) == targets[batch]).sum().item()
    return right / len(ids)


def check(model, ids):
    """Refuse to go on unless `forward` gives transformers' answers for records alone."""
    model.eval()
    same_length = [row for row in ids if len(row) == len(ids[0])][:4]
    with torch.inference_mode():
        ours = model.score(forward(model, torch.tensor(same_length))[:, -1])
        theirs = torch.cat([model(torch.tensor([row])).logits for row in same_length])
    difference = (ours - theirs).abs().max().item()
    print(f"largest difference from transformers: {difference:.1e}", flush=True)
    if difference > 1e-3:
        raise SystemExit("the training forward pass differs from transformers' model")


def save(model, folder):
    """Write the model in bfloat16."""
    model.to(torch.bfloat16).save_pretrained(folder)
    model.to(torch.float32)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", default=".", help="where train.jsonl and held-out.jsonl lie")
    parser.add_argument("--model", default="model", help="where the model is saved")
    parser.add_argument("--start", help="a model of this script to go on from, with its tokenizer")
    parser.add_argument("--soft", help="soft targets of baseline.py, mixed with the true labels")
    parser.add_argument("--soft-share", type=float, default=0.5)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--merge-dropout", type=float, default=0.1, help="share of merges left out")
    parser.add_argument("--language", type=float, default=0.2, help="weight of next-token prediction")
    parser.add_argument("--tokens", type=int, default=4096, help="of a batch")
    parser.add_argument("--length", type=int, default=128, help="training cuts longer records")
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--decay", type=float, default=0.1)
    parser.add_argument("--dropout", type=float, default=0.1)
    parser.add_argument("--hidden", type=int, default=192)
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--experts", type=int, default=256)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    random.seed(arguments.seed)
    numpy.random.seed(arguments.seed)
    torch.manual_seed(arguments.seed)
    folder, target = pathlib.Path(arguments.folder), pathlib.Path(arguments.model)
    target.mkdir(parents=True, exist_ok=True)

    records, held_out = read(folder / "train.jsonl"), read(folder / "held-out.jsonl")
    if arguments.start:
        tokenizer = Tokenizer.from_file(f"{arguments.start}/tokenizer.json")
    else:
        tokenizer = make_tokenizer(record["text"] for record in records)
    save_tokenizer(tokenizer, target)
    labels = sorted({record["section"] for record in records})
    encode = lambda part: [row.ids for row in tokenizer.encode_batch([r["text"] for r in part])]

    def encode_anew():
        tokenizer.model.dropout = arguments.merge_dropout
        rows = encode(records)
        tokenizer.model.dropout = None
        return rows

    number = lambda part: torch.tensor([labels.index(record["section"]) for record in part])
    ids, held_ids = encode(records), encode(held_out)
    targets, held_targets = number(records), number(held_out)
    if arguments.start:
        model = DogeForSequenceClassification.from_pretrained(arguments.start, dtype=torch.float32)
    else:
        model = make_model(labels, arguments.hidden, arguments.layers, arguments.experts)
    check(model, ids)
    if not arguments.start:
        start = word_embeddings(ids, targets, len(labels), arguments.hidden)
        model.model.embed_tokens.weight.data.copy_(start)
    goal = functional.one_hot(targets, len(labels)).float() * 0.95 + 0.05 / len(labels)
    if arguments.soft:
        soft = torch.from_numpy(numpy.load(arguments.soft))
        goal = (1 - arguments.soft_share) * goal + arguments.soft_share * soft
    train(model, encode_anew, goal, held_ids, held_targets, target, arguments)


def train(model, encode_anew, goal, held_ids, held_targets, target, arguments):
    """Run all epochs; save the running mean of the weights after each."""
    matrices = [p for p in model.parameters() if p.ndim > 1]
    vectors = [p for p in model.parameters() if p.ndim < 2]
    optimizer = torch.optim.AdamW(
        [{"params": matrices, "weight_decay": arguments.decay}, {"params": vectors, "weight_decay": 0.0}],
        lr=arguments.rate, betas=(0.9, 0.98),
    )
    compiled = torch.compile(forward, dynamic=True)

    def rate(done):
        """The share of the learning rate after `done` of all epochs: a short rise, then a cosine."""
        return min(1, done * 20) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(1, done))))

    mean = torch.optim.swa_utils.AveragedModel(
        model, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.998)
    )
    began = time.time()
    for epoch in range(arguments.epochs):
        model.train()
        sum_of_losses = 0.0
        ids = encode_anew()
        groups = batches(ids, arguments.tokens, arguments.length, step=8)
        for count, (length, batch) in enumerate(groups):
            for group in optimizer.param_groups:
                group["lr"] = arguments.rate * rate((epoch + count / len(groups)) / arguments.epochs)
            rows = torch.tensor([ids[index][:length] for index in batch])
            with torch.autocast("cpu", torch.bfloat16):
                states = compiled(model, rows, arguments.dropout)
                logits = model.score(states[:, -1])
                language = next_token_loss(model, states, rows)
            loss = functional.cross_entropy(logits.float(), goal[batch])
            optimizer.zero_grad()
            (loss + arguments.language * language).backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            mean.update_parameters(model)
            sum_of_losses += loss.item()
            if count % 100 == 0:
                print(
                    f"  {count}/{len(groups)} {time.time() - began:.0f} s,"
                    f" next token {language.item():.2f}", flush=True
                )
        save(mean.module, target)
        print(
            f"epoch {epoch + 1}: loss {sum_of_losses / (count + 1):.3f}, held out"
            f" {100 * accuracy(mean.module, held_ids, held_targets):.2f} %"
            f" (cut: {100 * accuracy(mean.module, held_ids, held_targets, arguments.length):.2f} %),"
            f" {time.time() - began:.0f} s",
            flush=True,
        )


if __name__ == "__main__":
    main()
