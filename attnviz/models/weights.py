"""Reads the tensors that the gate allowed into float32, by our own parameter names; nothing is mapped into memory."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from attnviz.errors import CheckpointError

if TYPE_CHECKING:
    from attnviz.models.gate import Verdict


def read_weights(verdict: Verdict) -> dict[str, Tensor]:
    """Our parameter names → float32 CPU tensors of the expected shapes. Raises CheckpointError."""
    wanted = verdict.agreement.sources  # ours → theirs
    files = {verdict.tensors[theirs].file for theirs in wanted.values()}
    read = _pickled if verdict.format == "pickle" else _safe
    stored: dict[str, Tensor] = {}
    for name in sorted(files):
        here = {theirs for theirs in wanted.values() if verdict.tensors[theirs].file == name}
        stored.update(read(Path(verdict.folder) / name, here))
    numbers = {theirs: _float(theirs, tensor) for theirs, tensor in stored.items()}  # once where layers share them
    return {ours: numbers[theirs] for ours, theirs in wanted.items()}


def _safe(path: Path, names: set[str]) -> dict[str, Tensor]:
    """Read by ``pread``: a memory map would kill the process when the file shrinks later."""
    try:
        with safe_open(path, framework="pt", backend="pread") as file:
            return {name: file.get_tensor(name) for name in names}
    except (SafetensorError, OSError) as error:
        raise _unreadable(path) from error


def _pickled(path: Path, names: set[str]) -> dict[str, Tensor]:
    """A zip archive whose every opcode the gate has read; still loaded with ``weights_only``."""
    try:
        loaded = torch.load(io.BytesIO(path.read_bytes()), map_location="cpu", weights_only=True)
    except Exception as error:
        raise _unreadable(path) from error
    tensors = {name: loaded.get(name) for name in names}
    for name, tensor in tensors.items():
        if (
            not isinstance(tensor, Tensor)
            or tensor.layout is not torch.strided
            or tensor.device.type != "cpu"
            or tensor.is_quantized
        ):
            raise CheckpointError(
                f"'{path.name}' holds something other than a plain tensor under {name}.", "UNSAFE_PICKLE"
            )
    return tensors


def _float(name: str, tensor: Tensor) -> Tensor:
    if not tensor.is_floating_point():
        raise CheckpointError(
            f"Tensor {name} holds {str(tensor.dtype).removeprefix('torch.')} numbers where real ones are needed; "
            "quantised checkpoints can't be opened.",
            "WEIGHTS_DTYPE",
        )
    return tensor.to(torch.float32).contiguous()


def _unreadable(path: Path) -> CheckpointError:
    return CheckpointError(
        f"'{path.name}' changed or broke while it was read; open the checkpoint again.", "WEIGHTS_UNREADABLE"
    )
