"""A classifier as ONNX, and OpenVINO's and onnxruntime's models made of it, kept in the cache.

OpenVINO's own converter of PyTorch models fails on Doge, so both get the same ONNX file, exported
from the model with eager attention.
"""
import contextlib
import sys

import numpy
import onnxruntime
import openvino
import torch

from checkpoints import load
from side_by_side import CACHE, say

CALIBRATION_BATCHES = 8


class Logits(torch.nn.Module):
    """A classifier that takes and gives plain tensors."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, input_ids, attention_mask=None):
        """[batch, length] -> [batch, labels]"""
        answer = self.model(input_ids=input_ids, attention_mask=attention_mask, use_cache=False)
        return answer.logits


def random_ids(batch, length, vocabulary=32768):
    """Tokens without padding among them: the first three are special."""
    generator = torch.Generator().manual_seed(batch * length)
    return torch.randint(3, vocabulary, (batch, length), generator=generator)


def rectangle(checkpoint, batch, length):
    """The ONNX file for one shape alone; its answers are compared with the model's own."""
    path = CACHE / "onnx" / f"{checkpoint.name}-{batch}x{length}.onnx"
    if not path.exists():
        say(f"exporting {path.name}")
        model = Logits(load(checkpoint, "classifier", attention="eager")).eval()
        ids = random_ids(batch, length)
        export(model, {"input_ids": ids}, path)
        check(model, {"input_ids": ids}, path)
    return path


def any_shape(checkpoint, vocabulary):
    """The ONNX file for any number of texts of any length up to the limit, with their mask."""
    path = CACHE / "onnx" / f"{checkpoint.name}-any.onnx"
    if not path.exists():
        say(f"exporting {path.name}")
        model = Logits(load(checkpoint, "classifier", attention="eager")).eval()
        ids = random_ids(4, 96, vocabulary)
        ids[0, 60:] = 2
        axes = {0: torch.export.Dim.DYNAMIC, 1: torch.export.Dim.DYNAMIC}
        inputs = {"input_ids": ids, "attention_mask": (ids != 2).long()}
        export(model, inputs, path, {name: axes for name in inputs})
        ids = random_ids(3, 41, vocabulary)
        ids[1, 17:] = 2
        check(model, {"input_ids": ids, "attention_mask": (ids != 2).long()}, path)
    return path


def export(model, inputs, path, axes=None):
    """Write the ONNX file of a model."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with torch.inference_mode():
        program = torch.onnx.export(
            model, kwargs=inputs, dynamo=True, dynamic_shapes=axes, output_names=["logits"],
            verbose=False,
        )
    program.save(path, external_data=True)


def check(model, inputs, path):
    """Stop where the file answers otherwise than the model."""
    with torch.inference_mode():
        expected = model(**inputs).numpy()
    got = onnx_session(path, 1).run(None, {name: ids.numpy() for name, ids in inputs.items()})[0]
    apart = numpy.abs(got - expected).max()
    say(f"{path.name}: answers apart by {apart:.1e} at most")
    if not apart < 1e-2:
        path.unlink()
        raise SystemExit(f"{path.name} answers otherwise than the model that it was made of")


def onnx_session(path, threads):
    """An onnxruntime session."""
    wanted = onnxruntime.SessionOptions()
    wanted.intra_op_num_threads = threads
    wanted.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    return onnxruntime.InferenceSession(path, wanted, providers=["CPUExecutionProvider"])


def openvino_model(path, threads, precision):
    """A model compiled by OpenVINO for one call at a time, computing in f32 or bf16."""
    return openvino.Core().compile_model(
        path, "CPU",
        {
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_NUM_THREADS": threads,
            "INFERENCE_PRECISION_HINT": precision,
        },
    )


def quantized(path, batch, length):
    """The same model quantized to int8 by NNCF, as OpenVINO's own file."""
    made = path.with_suffix(".int8.xml")
    if not made.exists():
        import nncf

        say(f"quantizing {path.name}")
        rows = random_ids(batch * CALIBRATION_BATCHES, length)
        rows = rows.view(CALIBRATION_BATCHES, batch, length).numpy()
        with contextlib.redirect_stdout(sys.stderr):
            model = nncf.quantize(
                openvino.Core().read_model(path),
                nncf.Dataset([{"input_ids": ids} for ids in rows]),
                model_type=nncf.ModelType.TRANSFORMER,
                subset_size=len(rows),
            )
        openvino.save_model(model, made, compress_to_fp16=False)
    return made
