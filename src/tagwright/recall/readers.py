"""Encoders that came with taught weights: each is opened once, and knows the tags in its own space."""

from __future__ import annotations

from pathlib import Path

from tagwright.encoders.base import Encoder
from tagwright.encoders.onnx import Onnx
from tagwright.errors import IntegrityError
from tagwright.recall.matcher import WrittenPoints
from tagwright.recall.spaces import MeaningSpace
from tagwright.recall.tagpoints import TagPoints


class Readers:
    """The encoders of folders of weights, shared by all folds: no text is encoded twice."""

    def __init__(self) -> None:
        self._opened: dict[str, TagPoints] = {}
        self._written: dict[tuple[MeaningSpace, int], WrittenPoints] = {}
        self._remember = False

    def of(self, folder: Path, fingerprint: str) -> TagPoints:
        """Tags and documents in the space of the encoder in this folder, which has this fingerprint.

        Raises `IntegrityError` where it is another one, `ProjectError` where there is none.
        """
        if fingerprint not in self._opened:
            encoder: Encoder = Onnx().load(folder)
            if encoder.fingerprint != fingerprint:
                raise IntegrityError(
                    f"{folder} is not the encoder that its weights were taught with", hint="teach the model again"
                )
            meaning = MeaningSpace(encoder)
            meaning.remember = self._remember
            self._opened[fingerprint] = TagPoints(meaning)
        return self._opened[fingerprint]

    def written(self, meaning: MeaningSpace, words: int) -> WrittenPoints:
        """Tags in this space as what is to be written of them, with so many ``words`` of their descriptions."""
        return self._written.setdefault((meaning, words), WrittenPoints(meaning, words))

    def remember(self) -> None:
        """Keeps documents' vectors from now on, until `forget`."""
        self._remember = True
        for points in self._opened.values():
            points.meaning.remember = True

    def forget(self) -> None:
        """Drops what was remembered of documents."""
        self._remember = False
        for points in self._opened.values():
            points.meaning.remember = False
            points.meaning.forget()
