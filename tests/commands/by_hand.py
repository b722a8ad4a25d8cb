"""A recurrent encoder–decoder with dot attention in numpy and double precision, from nothing but the stored weights."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file

Doubles = NDArray[np.float64]


def sigmoid(values: Doubles) -> Doubles:
    return 1 / (1 + np.exp(-values))


def softmax(values: Doubles) -> Doubles:
    shares = np.exp(values - values.max(-1, keepdims=True))
    found: Doubles = shares / shares.sum(-1, keepdims=True)
    return found


@dataclass
class Translator:
    """The weights and vocabularies of a folder. ``decode`` fills the lists, one entry a step."""

    weights: Mapping[str, Doubles]
    config: Mapping[str, Any]
    source: Mapping[str, int]
    target: tuple[str, ...]
    made: dict[str, list[Doubles]] = field(default_factory=dict)

    @classmethod
    def of(cls, folder: Path) -> Translator:
        weights = {name: array.astype(np.float64) for name, array in load_file(folder / "model.safetensors").items()}
        config, sides = (json.loads((folder / f"{name}.json").read_text("utf-8")) for name in ("config", "tokenizer"))
        source, target = (sides[side]["model"]["vocab"] for side in ("source", "target"))
        return cls(weights, config, source, tuple(sorted(target, key=target.__getitem__)))

    def gru(self, name: str, direction: str, value: Doubles, state: Doubles) -> Doubles:
        """One step of torch's GRU: reset, update and candidate rows below each other."""
        part = [
            self.weights[f"{name}.{kind}_l0{direction}"] for kind in ("weight_ih", "bias_ih", "weight_hh", "bias_hh")
        ]
        inputs = np.split(part[0] @ value + part[1], 3)
        states = np.split(part[2] @ state + part[3], 3)
        reset, update = sigmoid(inputs[0] + states[0]), sigmoid(inputs[1] + states[1])
        candidate = np.tanh(inputs[2] + reset * states[2])
        return (1 - update) * candidate + update * state

    def encode(self, text: str) -> tuple[Doubles, Doubles]:
        """States (source, encoder_width) of the letters, and the decoder's first state."""
        letters = [self.weights["encoder.embedding.weight"][self.source[letter]] for letter in text]
        halves = []
        for direction, order in (("", letters), ("_reverse", letters[::-1])):
            state, states = np.zeros(self.config["encoder_width"] // 2), []
            for letter in order:
                state = self.gru("encoder.recurrence", direction, letter, state)
                states.append(state)
            halves.append(states if not direction else states[::-1])
        ends = np.concatenate([halves[0][-1], halves[1][0]])
        bridge = self.weights["encoder.bridge.weight"] @ ends + self.weights["encoder.bridge.bias"]
        return np.concatenate([np.stack(half) for half in halves], axis=1), np.tanh(bridge)

    def decode(
        self, text: str, forced: tuple[str, ...] = (), hidden: tuple[int, ...] = (), limit: int = 40
    ) -> list[str]:
        """Greedy words, the end sign included; ``hidden`` source letters get no attention."""
        states, state = self.encode(text)
        self.made = {name: [] for name in ("hidden", "scores", "weights", "context", "attentional", "logits")}
        words, fed = [], self.target[1]
        for step in range(limit):
            state = self.gru("recurrence", "", self.weights["embedding.weight"][self.target.index(fed)], state)
            scores = states @ state
            scores[list(hidden)] = -np.inf
            weights = softmax(scores)
            context = weights @ states
            attentional = np.tanh(self.weights["combine.weight"] @ np.concatenate([state, context]))
            logits = self.weights["embedding.weight"] @ attentional + self.weights["output_bias"]
            for name, row in zip(self.made, (state, scores, weights, context, attentional, logits), strict=True):
                self.made[name].append(row)
            fed = forced[step] if step < len(forced) else self.target[int(logits.argmax())]
            words.append(fed)
            if fed == self.target[2]:
                break
        return words

    def probabilities(self, words: list[str]) -> list[float]:
        """Of the words of the last decoding."""
        rows = softmax(np.stack(self.made["logits"]))
        return [float(rows[step, self.target.index(word)]) for step, word in enumerate(words)]
