"""Rotary frequencies in float64, with transformers' formulas, for every type that Doge knows.

Each answer is compared with the float32 frequencies of a fresh `DogeRotaryEmbedding` and refused if it differs by more than
rounding. Nothing here keeps state: the frequencies depend on the configuration and on the length so far, and on no other call.
"""

import math

import torch
from transformers.models.doge import modeling_doge as doge

# transformers computes `dynamic` with a base in float32, whose error grows with the exponent of each frequency.
AGREEMENT = 2e-6
EMBED = doge.DogeRotaryEmbedding.forward


def powers(base, dim, width=None):
    """base ** (2i / dim) for the first `width` / 2 pairs, or for all of them."""
    return base ** (torch.arange(0, dim if width is None else width, 2, dtype=torch.float64) / dim)


def default(config, rope, dim, length):
    """The plain frequencies."""
    return 1.0 / powers(rope["rope_theta"], dim), 1.0


def linear(config, rope, dim, length):
    """All frequencies divided by the factor."""
    return 1.0 / powers(rope["rope_theta"], dim) / rope["factor"], 1.0


def dynamic(config, rope, dim, length):
    """A base that grows once the length exceeds that of training."""
    base, longest, factor = rope["rope_theta"], config.max_position_embeddings, rope["factor"]
    if length > longest:
        base *= (factor * length / longest - (factor - 1)) ** (dim / (dim - 2))
    return 1.0 / powers(base, dim), 1.0


def yarn_scale(factor, weight=1.0):
    """What longer contexts multiply the attention by."""
    return 1.0 if factor <= 1 else 0.1 * weight * math.log(factor) + 1.0


def yarn_attention(rope, factor):
    """The attention factor that is named, or else follows from the factor and the two mscale."""
    if rope.get("attention_factor") is not None:
        return rope["attention_factor"]
    if rope.get("mscale") and rope.get("mscale_all_dim"):
        return yarn_scale(factor, rope["mscale"]) / yarn_scale(factor, rope["mscale_all_dim"])
    return yarn_scale(factor)


def yarn(config, rope, dim, length):
    """High frequencies as they are, low ones divided by the factor, a ramp between."""
    base, trained = rope["rope_theta"], rope["original_max_position_embeddings"]
    factor = rope["factor"] if rope["factor"] is not None else config.max_position_embeddings / trained

    def pair(rotations):
        return dim * math.log(trained / (rotations * 2 * math.pi)) / (2 * math.log(base))

    low, high = pair(rope.get("beta_fast") or 32), pair(rope.get("beta_slow") or 1)
    if rope.get("truncate", True):
        low, high = math.floor(low), math.ceil(high)
    low, high = max(low, 0), min(high, dim - 1)
    if low == high:
        high += 0.001
    slow = ((torch.arange(dim // 2, dtype=torch.float64) - low) / (high - low)).clamp(0, 1)
    plain = 1.0 / powers(base, dim)
    return plain / factor * slow + plain * (1 - slow), yarn_attention(rope, factor)


def longrope(config, rope, dim, length):
    """One divisor for each frequency; another set of them once the length exceeds that of training."""
    trained, factor, attention = (rope.get(key) for key in ("original_max_position_embeddings", "factor", "attention_factor"))
    if factor is None:
        factor = config.max_position_embeddings / trained
    if attention is None:
        attention = 1.0 if factor <= 1 else math.sqrt(1 + math.log(factor) / math.log(trained))
    divisors = rope["long_factor"] if length > trained else rope["short_factor"]
    return 1.0 / (torch.tensor(divisors, dtype=torch.float64) * powers(rope["rope_theta"], dim)), attention


def llama3(config, rope, dim, length):
    """Long waves divided by the factor, short ones as they are, a blend between."""
    plain, trained, factor = 1.0 / powers(rope["rope_theta"], dim), rope["original_max_position_embeddings"], rope["factor"]
    lowest, highest = rope["low_freq_factor"], rope["high_freq_factor"]
    waves = 2 * math.pi / plain
    blend = (trained / waves - lowest) / (highest - lowest)
    between = (1 - blend) * plain / factor + blend * plain
    outside = torch.where(waves > trained / lowest, plain / factor, plain)
    return torch.where((waves >= trained / highest) & (waves <= trained / lowest), between, outside), 1.0


def proportional(config, rope, dim, length):
    """Only the first part of the pairs turns; the exponents are those of the whole head."""
    pairs = int(rope.get("partial_rotary_factor", 1.0) * dim // 2)
    turning = 1.0 / powers(rope["rope_theta"], dim, 2 * pairs)
    still = torch.zeros(dim // 2 - pairs, dtype=torch.float64)
    return torch.cat((turning, still)) / rope.get("factor", 1.0), 1.0


TYPES = {function.__name__: function for function in (default, linear, dynamic, yarn, longrope, llama3, proportional)}


def frequencies(config, length):
    """The frequencies and the attention factor of a call whose last position is `length` - 1, checked."""
    config.standardize_rope_params()
    rope = config.rope_parameters
    dim = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    if rope["rope_type"] not in ("default", "proportional"):
        dim = int(dim * rope.get("partial_rotary_factor", 1.0))
    answer, attention = TYPES[rope["rope_type"]](config, rope, dim, length)
    fresh = doge.DogeRotaryEmbedding(config)
    EMBED(fresh, torch.zeros(1), torch.tensor([[length - 1]]))
    difference = (fresh.inv_freq.double() - answer).abs()
    assert (difference <= AGREEMENT * answer.abs()).all(), f"{rope}: frequencies differ by {difference} at {length}"
    assert abs(fresh.attention_scaling - attention) <= 1e-12, f"{rope}: attention factor {attention}"
    return answer, float(attention)


def rotary_forward(self, x, position_ids):
    """`DogeRotaryEmbedding.forward` with frequencies and angles in float64, and without its state."""
    values, attention = frequencies(self.config, int(position_ids.max()) + 1)
    angles = position_ids[..., None].double() * values
    angles = torch.cat((angles, angles), dim=-1)
    return angles.cos() * attention, angles.sin() * attention
