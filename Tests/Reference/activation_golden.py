"""Write `golden/activations.jsonl`: every activation that a configuration may name, in float64."""

import json

import torch
from transformers.activations import ACT2CLS, ACT2FN
from transformers.utils import logging

from make_checkpoints import HERE

# Other values than those the classes start with; `eps` and `beta` are those of every xielu file in bfloat16.
PARAMETERS = {
    "prelu": [{"weight": [0.25]}, {"weight": [-0.6]}, {"weight": [1.75]}],
    "xielu": [
        {"alpha_p": [0.2109375], "alpha_n": [-1.046875], "beta": 0.5, "eps": -9.98377799987793e-07},
        {"alpha_p": [1.25], "alpha_n": [-0.75], "beta": 0.5, "eps": -9.98377799987793e-07},
        {"alpha_p": [-2.5], "alpha_n": [3.0], "beta": 0.3125, "eps": -0.0009765625},
    ],
}


def points():
    """About 60 numbers from -30 to 30 that float32 holds exactly: dense near 0, and near the places where formulas change."""
    near = [2.0 ** -power for power in (24, 20, 12, 8, 5, 3)] + [0.25 * step for step in range(1, 13)]
    far = [3.5, 4.0, 4.75, 5.5, 6.0, 6.5, 8.0, 10.0, 10.5, 15.0, 20.0, 20.5, 25.0, 30.0]
    return sorted([-x for x in near + far] + [0.0] + near + far)


def function(name, parameters):
    """The activation in float64, with these parameters and buffers."""
    module = ACT2FN[name].double()
    state = {key: torch.tensor(value, dtype=torch.float64) for key, value in parameters.items()}
    module.load_state_dict(state, strict=True)
    return module


@torch.no_grad()
def line(name, parameters):
    """One line of the file."""
    x = torch.tensor(points(), dtype=torch.float64)
    y = function(name, parameters)(x)
    assert y.dtype == torch.float64 and y.isfinite().all()
    content = {"name": name, "parameters": parameters, "x": x.tolist(), "y": y.tolist()}
    return json.dumps(content, separators=(",", ":")) + "\n"


def main():
    """Write the file."""
    torch.set_num_threads(1)
    logging.set_verbosity_error()
    lines = [line(name, parameters) for name in ACT2CLS for parameters in PARAMETERS.get(name, [{}])]
    (HERE / "golden" / "activations.jsonl").write_text("".join(lines), encoding="ascii")
    print(f"golden/activations.jsonl: {len(ACT2CLS)} names, {len(lines)} lines of {len(points())} points")


if __name__ == "__main__":
    main()
