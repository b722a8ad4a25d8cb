"""Tiny folders of BERT's relatives as `transformers` writes them, with random weights large enough for every word to matter."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
import transformers
from safetensors.torch import save_file
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors

from tests.badinputs import valid

TEXT = "the cat sat on a mat, and the dog sat in it with the cat"
SPECIAL = ("<s>", "<pad>", "</s>", "<unk>")
SIZES = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}


def write(path: Path, architecture: str, **settings: Any) -> torch.nn.Module:
    """A folder of that class with its own tokenizer; the model in `transformers`, for comparing."""
    bytewise = "roberta" in architecture.lower()
    cutter = byte_level() if bytewise else Tokenizer.from_str(_text(valid.tokenizer_json()))
    made = getattr(transformers, architecture)
    own = {"dim": 16, "n_layers": 2, "n_heads": 2, "hidden_dim": 32} if "Distil" in architecture else SIZES
    config = made.config_class(
        vocab_size=valid.SIZES["vocab_size"] if not bytewise else cutter.get_vocab_size(),
        max_position_embeddings=66 if bytewise else 64,
        pad_token_id=1 if bytewise else 0,
        **{**({"type_vocab_size": 1} if bytewise else {}), **own, **settings},
    )
    torch.manual_seed(3)
    model = made(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(0, 0.3)
    path.mkdir(parents=True, exist_ok=True)
    config.architectures = [architecture]
    (path / "config.json").write_text(json.dumps(config.to_dict()), encoding="utf-8")
    weights = {name: tensor.clone().contiguous() for name, tensor in model.state_dict().items()}
    save_file(weights, path / "model.safetensors", metadata={"format": "pt"})
    cutter.save(str(path / "tokenizer.json"))
    return model


def byte_level() -> Tokenizer:
    """RoBERTa's kind of tokenizer with its special pieces, over all bytes and a few merges."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    merges = [("Ġ", "t"), ("h", "e"), ("Ġt", "he"), ("a", "t"), ("c", "at"), ("Ġ", "cat"), ("s", "at"), ("Ġ", "sat")]
    pieces = [*SPECIAL, *letters, *(left + right for left, right in merges), "<mask>"]
    ids = {piece: number for number, piece in enumerate(pieces)}
    made = Tokenizer(models.BPE(ids, merges, unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    made.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), add_prefix_space=False)
    made.add_special_tokens(list(SPECIAL))
    made.add_special_tokens([AddedToken("<mask>", lstrip=True, normalized=False)])
    return made


def _text(found: dict[str, Any]) -> str:
    return json.dumps(found)
