#!/usr/bin/env python3
"""Write the mean of the weights of models that one came from another: it generalises better than each.

usage: average.py TARGET MODEL MODEL ...
"""
import pathlib
import shutil
import sys

import torch
from safetensors.torch import load_file, save_file

WEIGHTS = "model.safetensors"


def main():
    target, sources = pathlib.Path(sys.argv[1]), [pathlib.Path(name) for name in sys.argv[2:]]
    target.mkdir(parents=True, exist_ok=True)
    for path in sources[-1].glob("*.json"):
        shutil.copy(path, target)
    models = [load_file(source / WEIGHTS) for source in sources]
    mean = {
        name: (sum(model[name].float() for model in models) / len(models)).to(torch.bfloat16)
        for name in models[0]
    }
    save_file(mean, target / WEIGHTS, metadata={"format": "pt"})


if __name__ == "__main__":
    main()
