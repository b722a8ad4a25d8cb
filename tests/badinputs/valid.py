"""A tiny BERT folder that is right in every byte, made with numpy and json only: the start of every bad one."""

from __future__ import annotations

import json
import string
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

SIZES = {
    "vocab_size": 320,
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "max_position_embeddings": 64,
    "type_vocab_size": 2,
}
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
WORDS = ("the", "cat", "dog", "sat", "on", "a", "mat", "plain", "sentence", "with", "in", "it")
TYPES = {
    "F64": np.float64,
    "F32": np.float32,
    "F16": np.float16,
    "BF16": np.uint16,
    "I64": np.int64,
    "F8_E4M3": np.uint8,
}
Arrays = dict[str, NDArray[Any]]


def write_bert_folder(path: Path, *, config: Mapping[str, Any] | None = None, dtype: str = "F32", **parts: Any) -> Path:
    """A loadable checkpoint in ``path``; ``config`` overrides keys, ``prefix`` and ``heads`` go to ``tensors``."""
    path.mkdir(parents=True, exist_ok=True)
    write_json(path / "config.json", config_json(**(config or {})))
    write_json(path / "tokenizer.json", tokenizer_json())
    write_safetensors(path / "model.safetensors", tensors(dtype=dtype, **parts), dtype)
    return path


def config_json(**changes: Any) -> dict[str, Any]:
    """The configuration of the tiny model with some keys changed; the value ... leaves a key out."""
    found = {
        "architectures": ["BertForPreTraining"],
        "model_type": "bert",
        **SIZES,
        "hidden_act": "gelu",
        "layer_norm_eps": 1e-12,
        "pad_token_id": 0,
        "tie_word_embeddings": True,
        **changes,
    }
    return {key: value for key, value in found.items() if value is not ...}


def shapes(prefix: str = "bert.", heads: bool = True) -> dict[str, tuple[int, ...]]:
    """Hugging Face's names and shapes of the tiny model's tensors."""
    hidden, inner, words = SIZES["hidden_size"], SIZES["intermediate_size"], SIZES["vocab_size"]
    found: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (words, hidden),
        "embeddings.position_embeddings.weight": (SIZES["max_position_embeddings"], hidden),
        "embeddings.token_type_embeddings.weight": (SIZES["type_vocab_size"], hidden),
        **_norm("embeddings.LayerNorm", hidden),
    }
    for layer in range(SIZES["num_hidden_layers"]):
        name = f"encoder.layer.{layer}"
        for part in ("attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"):
            found |= _linear(f"{name}.{part}", hidden, hidden)
        found |= _norm(f"{name}.attention.output.LayerNorm", hidden)
        found |= _linear(f"{name}.intermediate.dense", inner, hidden)
        found |= _linear(f"{name}.output.dense", hidden, inner)
        found |= _norm(f"{name}.output.LayerNorm", hidden)
    found |= _linear("pooler.dense", hidden, hidden)
    found = {prefix + name: shape for name, shape in found.items()}
    if heads:
        found |= _linear("cls.predictions.transform.dense", hidden, hidden)
        found |= _norm("cls.predictions.transform.LayerNorm", hidden)
        found |= {"cls.predictions.bias": (words,)}
        found |= _linear("cls.seq_relationship", 2, hidden)
    return found


def tensors(*, dtype: str = "F32", prefix: str = "bert.", heads: bool = True, seed: int = 0) -> Arrays:
    """Small random weights; for BF16 the upper halves of float32 numbers."""
    random = np.random.default_rng(seed)
    found = {name: random.normal(0, 0.02, shape).astype(np.float32) for name, shape in shapes(prefix, heads).items()}
    if dtype == "BF16":
        return {name: (array.view(np.uint32) >> 16).astype(np.uint16) for name, array in found.items()}
    return {name: array.astype(TYPES[dtype]) for name, array in found.items()}


def write_safetensors(path: Path, arrays: Mapping[str, NDArray[Any]], dtype: str = "F32", **types: str) -> None:
    """The arrays in safetensors' format; ``types`` names the type of single tensors."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    end = 0
    for name, array in arrays.items():
        start, end = end, end + array.nbytes
        header[name] = {"dtype": types.get(name, dtype), "shape": list(array.shape), "data_offsets": [start, end]}
    write_raw(path, json.dumps(header).encode(), b"".join(array.tobytes() for array in arrays.values()))


def write_raw(path: Path, header: bytes, data: bytes = b"", length: int | None = None) -> None:
    """A safetensors file of any header; ``length`` is what it claims the header's length to be."""
    path.write_bytes((len(header) if length is None else length).to_bytes(8, "little") + header + data)


def split_safetensors(path: Path) -> tuple[dict[str, Any], bytes]:
    """Header and data of a safetensors file."""
    raw = path.read_bytes()
    length = int.from_bytes(raw[:8], "little")
    return json.loads(raw[8 : 8 + length]), raw[8 + length :]


def tokenizer_json(**changes: Any) -> dict[str, Any]:
    """A WordPiece tokenizer of the letters, their continuations and a few words; keys of the model by ``model_…``."""
    vocabulary = {piece: number for number, piece in enumerate(pieces())}
    model = {
        "type": "WordPiece",
        "unk_token": "[UNK]",
        "continuing_subword_prefix": "##",
        "max_input_chars_per_word": 100,
        "vocab": vocabulary,
        **{key.removeprefix("model_"): value for key, value in changes.items() if key.startswith("model_")},
    }
    found = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [added(number, token) for number, token in enumerate(SPECIAL)],
        "normalizer": {
            "type": "BertNormalizer",
            "clean_text": True,
            "handle_chinese_chars": True,
            "strip_accents": None,
            "lowercase": True,
        },
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": template(),
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
        "model": model,
        **{key: value for key, value in changes.items() if not key.startswith("model_")},
    }
    return {key: value for key, value in found.items() if value is not ...}


def pieces() -> list[str]:
    """The vocabulary in the order of ids."""
    letters = string.ascii_lowercase + string.digits
    return [*SPECIAL, *string.punctuation, *letters, *(f"##{letter}" for letter in letters), *WORDS[:5], *WORDS[6:]]


def added(number: int, content: str, **changes: Any) -> dict[str, Any]:
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    return {"id": number, "content": content, **flags, **changes}


def template(**changes: Any) -> dict[str, Any]:
    """[CLS] A [SEP] and [CLS] A [SEP] B [SEP]."""
    single = [_token("[CLS]", 0), {"Sequence": {"id": "A", "type_id": 0}}, _token("[SEP]", 0)]
    return {
        "type": "TemplateProcessing",
        "single": single,
        "pair": [*single, {"Sequence": {"id": "B", "type_id": 1}}, _token("[SEP]", 1)],
        "special_tokens": {
            name: {"id": name, "ids": [SPECIAL.index(name)], "tokens": [name]} for name in ("[CLS]", "[SEP]")
        },
        **changes,
    }


def write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value), encoding="utf-8")


def _token(name: str, segment: int) -> dict[str, Any]:
    return {"SpecialToken": {"id": name, "type_id": segment}}


def _linear(name: str, rows: int, columns: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (rows, columns), f"{name}.bias": (rows,)}


def _norm(name: str, width: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (width,), f"{name}.bias": (width,)}
