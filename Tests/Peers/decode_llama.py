"""llama.cpp as a peer of generation: a file with a Doge's dimensions, and batch decoding.

llama.cpp does not know Doge. Its llama architecture has the same matrices, with neither the mask
made of the values nor the norms of queries and keys: somewhat less work for each token.
"""
import ctypes

import gguf
import llama_cpp
import numpy

from checkpoints import SEED, SHAPES
from side_by_side import CACHE, say

VOCABULARY = 32768
CONTEXT = 2048
TYPES = {
    "f32": gguf.GGMLQuantizationType.F32,
    "bf16": gguf.GGMLQuantizationType.BF16,
    "int8": gguf.GGMLQuantizationType.Q8_0,
}


def matrices(shape):
    """Names and shapes of all matrices; the head is the embeddings', as in Doge."""
    width, inner = shape["hidden_size"], shape["intermediate_size"]
    keys = width // shape["num_attention_heads"] * shape["num_key_value_heads"]
    yield "token_embd.weight", (VOCABULARY, width)
    for layer in range(shape["num_hidden_layers"]):
        yield f"blk.{layer}.attn_q.weight", (width, width)
        yield f"blk.{layer}.attn_k.weight", (keys, width)
        yield f"blk.{layer}.attn_v.weight", (keys, width)
        yield f"blk.{layer}.attn_output.weight", (width, width)
        yield f"blk.{layer}.ffn_gate.weight", (inner, width)
        yield f"blk.{layer}.ffn_up.weight", (inner, width)
        yield f"blk.{layer}.ffn_down.weight", (width, inner)


def write_header(writer, shape):
    """What llama.cpp wants to know of a model; it has no vocabulary, only ids."""
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(shape["hidden_size"])
    writer.add_block_count(shape["num_hidden_layers"])
    writer.add_feed_forward_length(shape["intermediate_size"])
    writer.add_head_count(shape["num_attention_heads"])
    writer.add_head_count_kv(shape["num_key_value_heads"])
    writer.add_rope_dimension_count(shape["hidden_size"] // shape["num_attention_heads"])
    writer.add_rope_freq_base(10000.0)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_vocab_size(VOCABULARY)
    writer.add_tokenizer_model("no_vocab")


def model_file(name, dtype):
    """The file of a shape with random weights in one type."""
    path = CACHE / "gguf" / f"{name}-{dtype}.gguf"
    if path.exists():
        return path
    say(f"writing {path.name}")
    path.parent.mkdir(parents=True, exist_ok=True)
    shape, random = SHAPES[name], numpy.random.default_rng(SEED)
    part = path.with_suffix(".part")
    writer = gguf.GGUFWriter(part, "llama")
    write_header(writer, shape)
    for tensor, size in matrices(shape):
        values = random.standard_normal(size, dtype=numpy.float32) * size[1] ** -0.5
        kind = TYPES[dtype]
        writer.add_tensor(tensor, gguf.quants.quantize(values, kind), raw_dtype=kind)
    norms = ["output_norm"]
    for layer in range(shape["num_hidden_layers"]):
        norms += [f"blk.{layer}.attn_norm", f"blk.{layer}.ffn_norm"]
    for norm in norms:
        writer.add_tensor(f"{norm}.weight", numpy.ones(shape["hidden_size"], numpy.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    part.rename(path)
    return path


@llama_cpp.llama_log_callback
def quiet(_level, _text, _data):
    """llama.cpp tells of every tensor that it loads."""


class Streams:
    """A model and its context for a number of streams of greedy text."""

    def __init__(self, path, streams, tokens, threads):
        llama_cpp.llama_log_set(quiet, ctypes.c_void_p(0))
        llama_cpp.llama_backend_init()
        self.streams = streams
        loading = llama_cpp.llama_model_default_params()
        self.model = llama_cpp.llama_model_load_from_file(str(path).encode(), loading)
        wanted = llama_cpp.llama_context_default_params()
        wanted.n_ctx = streams * tokens
        wanted.n_batch = wanted.n_ubatch = max(512, streams * tokens)
        wanted.n_seq_max = streams
        # Measured: a cache of each stream's own is faster for many streams, slower for one.
        wanted.kv_unified = streams == 1
        wanted.n_threads = wanted.n_threads_batch = threads
        self.context = llama_cpp.llama_init_from_model(self.model, wanted)
        if not self.context:
            raise SystemExit(f"llama.cpp makes no context for {path.name}")
        self.batch = llama_cpp.llama_batch_init(streams * tokens, 0, 1)

    def put(self, index, token, position, stream, wants_logits):
        """One token of the next batch."""
        batch = self.batch
        batch.token[index], batch.pos[index] = int(token), position
        batch.n_seq_id[index], batch.seq_id[index][0] = 1, stream
        batch.logits[index] = wants_logits
        batch.n_tokens = index + 1

    def step(self):
        """Decode the batch: the best token of each stream."""
        if llama_cpp.llama_decode(self.context, self.batch) != 0:
            raise SystemExit("llama.cpp does not decode the batch")
        logits = llama_cpp.llama_get_logits(self.context)
        return numpy.ctypeslib.as_array(logits, (self.streams, VOCABULARY)).argmax(axis=1)

    def generate(self, prompts, new):
        """`new` greedy tokens for each of the prompts, which are equally long."""
        llama_cpp.llama_memory_clear(llama_cpp.llama_get_memory(self.context), True)
        length = len(prompts[0])
        for stream, prompt in enumerate(prompts):
            for position, token in enumerate(prompt):
                index = stream * length + position
                self.put(index, token, position, stream, position == length - 1)
        texts = [self.step()]
        for made in range(1, new):
            for stream, token in enumerate(texts[-1]):
                self.put(stream, token, length + made - 1, stream, True)
            texts.append(self.step())
        return numpy.stack(texts, axis=1)
