"""Text to ids and back to readable pieces, with the span of characters that each token stands for."""

from __future__ import annotations

from functools import cached_property
from itertools import count
from typing import TYPE_CHECKING

from tokenizers import Encoding, Tokenizer

from attnviz.errors import CheckpointError, TextError
from attnviz.text.spans import MASK
from attnviz.text.vocabulary import Vocabulary, vocabulary
from attnviz.trace import Span, Tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

    from attnviz.text.readable import Spelling
    from attnviz.text.tokenizer_file import TokenizerSpec


class Codec:
    """One tokenizer with its special tokens. Reads only; safe to share.

    Raises CheckpointError ``TOKENIZER_UNREADABLE`` when the library refuses the specification. ``spelling`` says how its pieces
    are made readable; without it they are shown as they are.
    """

    def __init__(self, spec: TokenizerSpec, spelling: Spelling | None = None) -> None:
        self.spec = spec
        self._spelling = spelling
        try:
            self._tokenizer = self._cutter = Tokenizer.from_str(spec.json)
            if spec.kind != "WordPiece":
                # Spans are trimmed by the post-processor, which runs when both texts are put together: once must be enough.
                self._cutter = Tokenizer.from_str(spec.json)
                self._cutter.post_processor = None
        except BaseException as error:  # the Rust library panics with a BaseException
            raise _unless_interrupt(
                error, CheckpointError("The tokenizer can't be built from its file.", "TOKENIZER_UNREADABLE")
            ) from error
        self.mask = self._id(spec.mask)
        self._unwritable: dict[int, tuple[int, ...]] = {}

    @property
    def size(self) -> int:
        """One more than the highest id, the number of rows an embedding needs."""
        return max(self._tokenizer.get_vocab(with_added_tokens=True).values(), default=-1) + 1

    @cached_property
    def special(self) -> frozenset[int]:
        """Ids that are no word: the template's, the mask, the unknown token, and whatever the tokenizer calls special."""
        named = map(self._id, (self.spec.cls, self.spec.sep, self.spec.pad, self.spec.unknown, self.spec.mask))
        added = self._tokenizer.get_added_tokens_decoder()
        return frozenset(number for number in named if number is not None) | {
            number for number, token in added.items() if token.special
        }

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """What masking draws from; special tokens are left alone. Raises TextError."""
        return vocabulary(self._tokenizer.get_vocab(with_added_tokens=True), self.mask, self.special)

    def same_pieces(self, other: Codec) -> bool:
        """Whether every id is the same piece in both: then one model reads what another writes."""
        return self.spec.json == other.spec.json or self._by_piece == other._by_piece

    @cached_property
    def _by_piece(self) -> dict[str, int]:
        found: dict[str, int] = self._tokenizer.get_vocab(with_added_tokens=True)
        return found

    def piece(self, index: int) -> str:
        """The vocabulary's own string of an id; an id outside the vocabulary is shown as its number."""
        return self._tokenizer.id_to_token(index) or f"#{index}"

    def label(self, index: int) -> str:
        """The readable form of an id."""
        piece = self.piece(index)
        return piece if self._spelling is None else self._spelling.label(piece)

    def index(self, piece: str) -> int | None:
        """The id of one of the vocabulary's own strings, None where it has no such string."""
        return self._tokenizer.token_to_id(piece)

    def unwritable(self, size: int) -> tuple[int, ...]:
        """The ids below ``size`` that no text should be given: added tokens such as [SEP], and numbers without a piece."""
        if size not in self._unwritable:
            written = set(self._tokenizer.get_vocab(with_added_tokens=True).values())
            closed = set(range(size)) - written | self._tokenizer.get_added_tokens_decoder().keys()
            self._unwritable[size] = tuple(sorted(number for number in closed if number < size))
        return self._unwritable[size]

    def ids(self, text: str) -> tuple[int, ...]:
        """The ids of a text without the template's special tokens. Raises TextError ``TOKENIZER_FAILED``."""
        return tuple(self._pieces(text).ids)

    def decode(self, ids: Sequence[int]) -> str:
        """The text that ids stand for, special tokens left out; a library that gives up leaves pieces side by side."""
        try:
            return self._tokenizer.decode(list(ids), skip_special_tokens=True)
        except BaseException as error:  # the Rust library panics with a BaseException
            if isinstance(error, (KeyboardInterrupt, SystemExit, GeneratorExit)):
                raise
            return " ".join(map(self.piece, ids))

    def encode(
        self, text: str, pair: str | None = None, masked: Sequence[Span] = (), limit: int | None = None
    ) -> Tokens:
        """Tokenize ``text`` (and ``pair``), mask every token that touches a span of ``masked``, cut at ``limit`` tokens.

        ``masked`` counts in code points of ``text``, a line break, ``pair``. Raises TextError ``EMPTY_TEXT`` when no token is
        left and ``TOKENIZER_FAILED`` when the tokenizer gives up on this text.
        """
        first, second = self._pieces(text), None if pair is None else self._pieces(pair)
        if not len(first) and not (second and len(second)):
            raise TextError("There is nothing to compute on: the text has no tokens; type a sentence.", "EMPTY_TEXT")
        total = (
            len(first) + (len(second) if second else 0) + self._tokenizer.num_special_tokens_to_add(second is not None)
        )
        if limit is not None:
            _truncate(first, second, limit - (total - len(first) - (len(second) if second else 0)))
        encoding = self._tokenizer.post_process(first, second, add_special_tokens=True)
        return self._tokens(encoding, text, pair, masked, total, len(first))

    def _id(self, token: str | None) -> int | None:
        return None if token is None else self._tokenizer.token_to_id(token)

    def _pieces(self, text: str) -> Encoding:
        try:
            return self._cutter.encode(self._respelled(text), add_special_tokens=False)
        except BaseException as error:  # the Rust library panics with a BaseException
            sentence = "This checkpoint's tokenizer gave up on the text; try another text, or check its tokenizer.json."
            raise _unless_interrupt(error, TextError(sentence, "TOKENIZER_FAILED")) from error

    def _respelled(self, text: str) -> str:
        """``[MASK]`` is every model's mask: one that spells its own with as many letters, as ``<mask>``, is given that."""
        own = self.spec.mask
        return text if own is None or len(own) != len(MASK) else text.replace(MASK, own)

    def _tokens(
        self, encoding: Encoding, text: str, pair: str | None, masked: Sequence[Span], total: int, firsts: int
    ) -> Tokens:
        sequence = _sequences(encoding.special_tokens_mask, firsts)
        shift = {0: 0, 1: len(text) + 1}
        spans = tuple(
            None if part is None else (start + shift[part], end + shift[part])
            for part, (start, end) in zip(sequence, encoding.offsets, strict=True)
        )
        chosen = [
            span is not None and any(span[0] < end and start < span[1] for start, end in masked) for span in spans
        ]
        if any(chosen) and self.mask is None:
            raise TextError("This checkpoint's tokenizer has no mask token, so no word can be masked.", "NO_MASK_TOKEN")
        ids = tuple(
            self.mask if hide and self.mask is not None else number
            for number, hide in zip(encoding.ids, chosen, strict=True)
        )
        originals = tuple(number if hide else None for number, hide in zip(encoding.ids, chosen, strict=True))
        return Tokens(
            text=text,
            pair=pair,
            ids=ids,
            pieces=tuple(map(self.piece, ids)),
            labels=tuple(map(self.label, ids)),
            spans=spans,
            segments=tuple(encoding.type_ids),
            special=tuple(bool(added) for added in encoding.special_tokens_mask),
            words=_words(sequence, encoding.word_ids),
            masks=tuple(place for place, number in enumerate(ids) if number == self.mask),
            originals=originals,
            original_labels=tuple(None if number is None else self.label(number) for number in originals),
            total=total,
        )


def _truncate(first: Encoding, second: Encoding | None, room: int) -> None:
    """Cut the longer of the two until both fit into ``room`` tokens, as BERT's pre-training did."""
    other = 0 if second is None else len(second)
    kept = min(len(first), max(room - other, (room + 1) // 2 if second else room))
    first.truncate(kept)
    if second is not None:
        second.truncate(min(other, room - kept))


def _sequences(added: Sequence[int], firsts: int) -> list[int | None]:
    """0 or 1 for the tokens of the first and the second text, None for the template's; templates put the first first.

    Encodings that were made apart and joined by ``post_process`` don't remember where their tokens come from.
    """
    own = count()
    return [None if template else int(next(own) >= firsts) for template in added]


def _words(sequence: Sequence[int | None], word_ids: Sequence[int | None]) -> tuple[int | None, ...]:
    """Word numbers that run on through the second sentence."""
    ahead = 1 + max(
        (word for part, word in zip(sequence, word_ids, strict=True) if part == 0 and word is not None), default=-1
    )
    return tuple(
        None if part is None or word is None else word + (ahead if part == 1 else 0)
        for part, word in zip(sequence, word_ids, strict=True)
    )


def _unless_interrupt(error: BaseException, otherwise: Exception) -> BaseException:
    return error if isinstance(error, (KeyboardInterrupt, SystemExit, GeneratorExit)) else otherwise
