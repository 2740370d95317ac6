"""Compare one layer's expert lookup: Kennel's beside torch's gather, as transformers' Doge does it.

Hidden states, chosen experts and their weights are given; the result is the sum of the chosen
experts' answers. Router and choice are not part of it.
"""
import torch
from torch.nn import functional

from side_by_side import KENNEL, bench, in_turn, options, rate, table

TYPES = {"f32": torch.float32, "bf16": torch.bfloat16}
RANKS = (1, 2)
SEED = 20261125


class Lookup:
    """The tables of the experts, and tokens that have chosen among them."""

    def __init__(self, chosen, dtype):
        torch.manual_seed(SEED)
        experts, width, tokens = chosen.experts, chosen.width, chosen.tokens
        self.down = torch.randn(experts, width, dtype=dtype) * width ** -0.5
        self.up = torch.randn(experts, width, dtype=dtype)
        self.hidden = torch.randn(tokens, width, dtype=dtype)
        self.indices = torch.rand(tokens, experts).topk(chosen.per_token, sorted=False).indices
        self.weights = torch.randn(tokens, chosen.per_token).softmax(-1).to(dtype)

    @torch.inference_mode()
    def gather(self):
        """Both rows of every chosen expert are copied together, then multiplied as two batches."""
        down = functional.embedding(self.indices, self.down)
        up = functional.embedding(self.indices, self.up)
        scores = torch.einsum("tkw,tw->tk", down, self.hidden)
        return torch.einsum("tk,tkw->tw", functional.silu(scores) * self.weights, up)

    @torch.inference_mode()
    def matmul(self):
        """The same with the products as transformers writes them."""
        down = functional.embedding(self.indices, self.down)
        up = functional.embedding(self.indices, self.up)
        scores = torch.matmul(down, self.hidden.unsqueeze(-1)).squeeze(-1)
        weights = (functional.silu(scores) * self.weights).unsqueeze(1)
        return torch.matmul(weights, up).squeeze(1)


def torch_rates(lookups, way, tokens):
    """Tokens a second of one way in all types."""
    return lambda: {
        name: rate(getattr(lookup, way), tokens) for name, lookup in lookups.items()
    }


def kennel_rates(chosen, ranks):
    """`kennel bench` with so many ranks."""
    def run():
        measured = bench(
            chosen, "--experts", chosen.experts, "--width", chosen.width,
            "--per-token", chosen.per_token, "--tokens", chosen.tokens,
        )
        return {
            run["dtype"]: run["tokensPerSecond"]
            for run in measured["runs"]
            if run["ranks"] == ranks
        }

    return run


def main():
    def add(parser):
        parser.add_argument("--experts", type=int, default=16384)
        parser.add_argument("--width", type=int, default=1024)
        parser.add_argument("--per-token", type=int, default=32)
        parser.add_argument("--tokens", type=int, default=4096)

    chosen = options(__doc__, add=add)
    torch.set_num_threads(chosen.threads)
    lookups = {name: Lookup(chosen, dtype) for name, dtype in TYPES.items()}
    contenders = {
        "torch, gather and einsum": torch_rates(lookups, "gather", chosen.tokens),
        "torch, gather and matmul": torch_rates(lookups, "matmul", chosen.tokens),
    }
    if chosen.kennel:
        for ranks in RANKS:
            name = f"{KENNEL}, {ranks} rank{'s' if ranks > 1 else ''}"
            contenders[name] = kennel_rates(chosen, ranks)
    samples = in_turn(contenders, chosen)
    title = f"{chosen.experts:,} experts of width {chosen.width:,}, {chosen.per_token} per " \
        f"token, {chosen.tokens:,} tokens, torch on {chosen.threads} threads, tokens/s:"
    print(table(title, samples, list(TYPES)))


if __name__ == "__main__":
    main()
