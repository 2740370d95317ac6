"""Doge with routing token by token: transformers' model, with the subclass of its router that does it.

transformers reads the router's output of S tokens, [S, 2K], as [2, S, K] without a transpose, so a token of
a longer text reads the halves of other tokens. A checkpoint whose config.json says
"router_layout": "per_token" was trained with each token reading its own two halves.
"""
import torch
from transformers import AutoConfig, DogeForCausalLM


class PerTokenRouter(torch.nn.Linear):
    """A router gate whose rows lie so that transformers' reshape gives each token its own halves."""

    def forward(self, hidden_states):
        """[B, S, H] -> [B, S, 2K]: as flat rows of K, all first halves and then all second halves."""
        scores = super().forward(hidden_states)
        keys = scores.shape[-1] // 2
        return scores.view(-1, 2, keys).transpose(0, 1).reshape(scores.shape)


def adapt(model):
    """Give a Doge model the layout that its config names, in place; return the model."""
    if getattr(model.config, "router_layout", "transformers") == "per_token":
        for layer in model.base_model.layers:
            layer.mlp.router_gate.__class__ = PerTokenRouter
    return model


def load(folder, dtype=torch.float64, kind=DogeForCausalLM):
    """The model of a folder, ready to be asked."""
    config = AutoConfig.from_pretrained(folder)
    return adapt(kind.from_pretrained(folder, config=config, dtype=dtype)).eval()
