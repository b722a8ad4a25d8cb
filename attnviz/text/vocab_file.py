"""The older form of BERT's tokenizer: vocab.txt, one piece a line, made into the structure of a tokenizer.json."""

from __future__ import annotations

from typing import Any

from attnviz.errors import CheckpointError
from attnviz.text.tokenizer_model import refused
from attnviz.text.tokenizer_settings import SPECIAL, Settings

NAME = "vocab.txt"


def read_vocabulary(raw: bytes, settings: Settings) -> tuple[dict[str, Any], tuple[str, ...]]:
    """BERT's WordPiece tokenizer (Devlin et al. 2018) over the pieces in ``raw``, and remarks to show."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise CheckpointError(f"{NAME} is not UTF-8 text; download the file again.", "TOKENIZER_UNREADABLE") from None
    lines = text.replace("\r\n", "\n").removesuffix("\n").split("\n")
    vocabulary = {piece: number for number, piece in enumerate(lines)}
    chosen = {role: settings.choose(role, vocabulary, None) for role in SPECIAL}
    unknown = chosen["unknown"]
    if unknown is None:
        raise refused(NAME, "vocabulary", "has no token for unknown words such as [UNK]")
    doubles = len(lines) - len(vocabulary)
    notes = (f"{NAME} lists {doubles} pieces twice; the later line counts.",) if doubles else ()
    return _structure(vocabulary, unknown, chosen["cls"], chosen["sep"], settings), notes


def _structure(
    vocabulary: dict[str, int], unknown: str, cls: str | None, sep: str | None, settings: Settings
) -> dict[str, Any]:
    normalizer = {
        "type": "BertNormalizer",
        "clean_text": True,
        "handle_chinese_chars": settings.split_chinese,
        "strip_accents": settings.strip_accents,
        "lowercase": settings.lower,
    }
    framed = None if cls is None or sep is None else _template(vocabulary, cls, sep)
    return {
        "added_tokens": [],
        "normalizer": normalizer,
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": framed,
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
        "model": {
            "type": "WordPiece",
            "unk_token": unknown,
            "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100,
            "vocab": vocabulary,
        },
    }


def _template(vocabulary: dict[str, int], cls: str, sep: str) -> dict[str, Any]:
    """[CLS] A [SEP], and [CLS] A [SEP] B [SEP] with the second segment's type 1."""

    def special(token: str, kind: int) -> dict[str, Any]:
        return {"SpecialToken": {"id": token, "type_id": kind}}

    single = [special(cls, 0), {"Sequence": {"id": "A", "type_id": 0}}, special(sep, 0)]
    pair = [*single, {"Sequence": {"id": "B", "type_id": 1}}, special(sep, 1)]
    tokens = {token: {"id": token, "ids": [vocabulary[token]], "tokens": [token]} for token in (cls, sep)}
    return {"type": "TemplateProcessing", "single": single, "pair": pair, "special_tokens": tokens}
