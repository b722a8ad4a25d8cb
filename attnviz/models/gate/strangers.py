"""What a file really is when it isn't weights: said by its first bytes, so that the refusal can name the way out."""

from __future__ import annotations

from attnviz.errors import CheckpointError

FIRST_BYTES = 64


def refuse_strangers(first: bytes, name: str) -> None:
    """Raise CheckpointError with a specific hint if the file starts like a Git LFS pointer or a web page."""
    start = first.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith(b"version https://git-lfs"):
        sentence = f"{name} is a Git LFS pointer, not the weights; download the real file (git lfs pull)."
        raise CheckpointError(sentence, "GIT_LFS_POINTER")
    if start.startswith((b"<!doctype", b"<html", b"<head", b"<?xml", b"<body")):
        sentence = f"{name} is a web page, not the weights; the download failed, download the real file."
        raise CheckpointError(sentence, "WEB_PAGE")


def looks_like_safetensors(first: bytes, size: int) -> bool:
    """True if the file starts with a plausible header length and a JSON object."""
    return len(first) > 8 and first[8:9] == b"{" and int.from_bytes(first[:8], "little") <= size - 8


def foreign_kind(first: bytes) -> str | None:
    """The everyday name of a format that is sometimes renamed to a weights file, or None."""
    kinds = (
        (b"PK\x03\x04", "a zip archive or a PyTorch file"),
        (b"\x89HDF", "a TensorFlow/Keras HDF5 file"),
        (b"GGUF", "a GGUF file"),
        (b"\x80\x02", "a bare pickle"),
        (b"\x1f\x8b", "a gzip archive"),
    )
    return next((kind for magic, kind in kinds if first.startswith(magic)), None)
