"""Doge in float64 throughout, from transformers' own code.

`model.double()` is not enough: transformers casts to float32 in the norm, in the softmax and in the rotary embedding. This
module replaces those three places, and lets the selection of kept keys report how near a decision was. It changes no formula.
"""

import contextlib
import functools
import sys
from pathlib import Path

import torch
from torch import nn
from transformers import AutoConfig, DogeForSequenceClassification
from transformers.models.doge import modeling_doge as doge

from float64_rotary import rotary_forward

sys.path.append(str(Path(__file__).resolve().parents[2] / "jobs"))
from per_token import adapt  # noqa: E402

FORBIDDEN = torch.finfo(torch.float64).min / 2
# Two dt closer than this are the same number: a repeated token in the first layer gives equal keys up to rounding.
TIE = 1e-12


def norm_forward(self, x):
    """`DogeRMSNorm.forward` without the casts."""
    return self.weight * (x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.variance_epsilon))


def eager_attention(module, query, key, value, attention_mask, scaling, dropout=0.0, **kwargs):
    """`eager_attention_forward` without the cast in the softmax."""
    key = doge.repeat_kv(key, module.num_key_value_groups)
    value = doge.repeat_kv(value, module.num_key_value_groups)
    weights = torch.matmul(query, key.transpose(2, 3)) * scaling + attention_mask
    weights = nn.functional.softmax(weights, dim=-1)
    return torch.matmul(weights, value).transpose(1, 2).contiguous(), weights


class Margins:
    """How near the discontinuous decisions of one forward pass were to going the other way."""

    def __init__(self):
        self.expert = None
        self.window = None
        self.window_untied = None
        self.tied_queries = 0

    @staticmethod
    def smaller(known, gaps):
        """The smaller of what is known and the smallest of the gaps."""
        if gaps.numel() == 0:
            return known
        least = gaps.min().item()
        return least if known is None else min(known, least)

    def see_experts(self, module, inputs, outputs):
        """A forward hook of `DogeCDMoE`: the last expert chosen against the first one left out."""
        x, y = outputs[1]
        sums = (x.unsqueeze(-1) + y.unsqueeze(-2)).flatten(1)
        if module.top_k < sums.shape[-1]:
            best = sums.topk(module.top_k + 1, dim=-1).values
            self.expert = self.smaller(self.expert, best[:, -2] - best[:, -1])

    def see_window(self, gaps):
        """The last key kept against the first one dropped, for each query that drops an allowed key."""
        self.window = self.smaller(self.window, gaps)
        self.window_untied = self.smaller(self.window_untied, gaps[gaps > TIE])
        self.tied_queries += int((gaps <= TIE).sum())


def dynamic_mask(self, hidden_states, dt_states, keep_window_size, attention_mask, margins, original):
    """`prepare_dynamic_mask`, which reports margins and, of keys with equal dt, keeps the latest (torch keeps any)."""
    length = dt_states.shape[-1]
    mask = original(self, hidden_states, dt_states, length, attention_mask)
    if length <= keep_window_size:
        return mask
    # A stable sort of the reversed keys, by dt rounded to 12 decimals, puts the later of two equal keys first.
    order = length - 1 - mask.flip(-1).round(decimals=12).sort(dim=-1, descending=True, stable=True).indices
    ranked = mask.gather(-1, order)
    kept, dropped = ranked[..., keep_window_size - 1], ranked[..., keep_window_size]
    margins.see_window((kept - dropped)[dropped > FORBIDDEN])
    return mask.scatter(-1, order[..., keep_window_size:], torch.finfo(mask.dtype).min)


@contextlib.contextmanager
def patched(margins):
    """While this lasts, Doge computes in float64 and reports to `margins`."""
    norm, attention = doge.DogeRMSNorm.forward, doge.eager_attention_forward
    rotary, mask = doge.DogeRotaryEmbedding.forward, doge.DogeAttention.prepare_dynamic_mask
    doge.DogeRMSNorm.forward = norm_forward
    doge.eager_attention_forward = eager_attention
    doge.DogeRotaryEmbedding.forward = rotary_forward
    doge.DogeAttention.prepare_dynamic_mask = functools.partialmethod(dynamic_mask, margins=margins, original=mask)
    try:
        yield
    finally:
        doge.DogeRMSNorm.forward, doge.eager_attention_forward = norm, attention
        doge.DogeRotaryEmbedding.forward, doge.DogeAttention.prepare_dynamic_mask = rotary, mask


def load(folder, dtype, kind=DogeForSequenceClassification):
    """A checkpoint in the plain attention path, with the routing it names; the values of the file are widened exactly."""
    config = AutoConfig.from_pretrained(folder)
    model = kind.from_pretrained(folder, config=config, dtype=dtype, attn_implementation="eager")
    return adapt(model).eval()


@contextlib.contextmanager
def observed(model):
    """While this lasts, the model computes in float64; yields the margins of all its passes together."""
    margins = Margins()
    hooks = [m.register_forward_hook(margins.see_experts) for m in model.modules() if isinstance(m, doge.DogeCDMoE)]
    try:
        with patched(margins):
            yield margins
    finally:
        for hook in hooks:
            hook.remove()


@torch.no_grad()
def answer(model, ids):
    """Logits, last norm's output for the last token, and margins, in float64. The model keeps no state between calls."""
    hidden = {}
    hook = model.model.norm.register_forward_hook(lambda module, inputs, output: hidden.update(last=output[0, -1]))
    with observed(model) as margins:
        logits = model(torch.tensor([ids])).logits[0]
    hook.remove()
    assert logits.dtype == hidden["last"].dtype == torch.float64
    return logits, hidden["last"], margins
