"""Compare whole classifiers on rectangles of tokens: Kennel, transformers, onnxruntime, OpenVINO.

Random weights, no padding; tokens a second, every program with the same threads, one call at a
time.
"""
import torch

import exported
from checkpoints import folder, load
from side_by_side import in_turn, kennel_rows, options, rate, say, table

RECTANGLES = {"Doge-20M": (32, 128), "Doge-160M": (16, 128), "Doge-40M-MoE": (32, 128)}
TYPES = {"f32": torch.float32, "bf16": torch.bfloat16}
COLUMNS = ("f32", "bf16", "int8")


@torch.inference_mode()
def torch_call(model, ids):
    """One call of a model of transformers."""
    model(input_ids=ids, use_cache=False)


def transformers_rates(checkpoint, ids, compiled):
    """transformers in both types, with sdpa; or compiled."""
    models = {name: load(checkpoint, "classifier", dtype) for name, dtype in TYPES.items()}
    if compiled:
        models = {name: torch.compile(model) for name, model in models.items()}

    def run():
        return {
            name: rate(lambda: torch_call(model, ids), ids.numel())
            for name, model in models.items()
        }

    return run


def onnxruntime_rates(path, ids, threads):
    """onnxruntime, which computes this file in f32."""
    session, rows = exported.onnx_session(path, threads), ids.numpy()
    return lambda: {"f32": rate(lambda: session.run(None, {"input_ids": rows}), ids.numel())}


def openvino_rates(path, ids, threads):
    """OpenVINO in f32, in bf16, and quantized by NNCF with bf16 around the products."""
    models = {name: exported.openvino_model(path, threads, name) for name in TYPES}
    models["int8"] = exported.openvino_model(exported.quantized(path, *ids.shape), threads, "bf16")
    requests = {name: model.create_infer_request() for name, model in models.items()}
    rows = ids.numpy()

    def run():
        return {
            name: rate(lambda: request.infer({"input_ids": rows}), ids.numel())
            for name, request in requests.items()
        }

    return run


def contenders(chosen, shape, batch, length):
    """All programs that can run a shape, by name."""
    checkpoint, ids = folder(shape, "classifier"), exported.random_ids(batch, length)
    path = exported.rectangle(checkpoint, batch, length)
    makers = {
        "transformers, sdpa": lambda: transformers_rates(checkpoint, ids, False),
        "transformers, torch.compile": lambda: transformers_rates(checkpoint, ids, True),
        "onnxruntime": lambda: onnxruntime_rates(path, ids, chosen.threads),
        "OpenVINO": lambda: openvino_rates(path, ids, chosen.threads),
    }
    rows = {name: make() for name, make in makers.items() if chosen.only in name}
    if chosen.kennel:
        rows |= kennel_rows(
            chosen, "--model", checkpoint, "--dtype", ",".join(COLUMNS),
            "--batch", batch, "--length", length,
        )
    return rows


def main():
    def add(parser):
        parser.add_argument("--shape", choices=RECTANGLES, help="only this one")

    chosen = options(__doc__, add=add)
    torch.set_num_threads(chosen.threads)
    for shape, (batch, length) in RECTANGLES.items():
        if chosen.shape in (None, shape):
            say(f"{shape}, {batch} x {length}")
            samples = in_turn(contenders(chosen, shape, batch, length), chosen)
            title = f"{shape}, {batch} x {length} tokens, {chosen.threads} threads, tokens/s:"
            print(table(title, samples, COLUMNS), flush=True)


if __name__ == "__main__":
    main()
