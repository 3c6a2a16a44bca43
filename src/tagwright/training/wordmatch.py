"""Which tags written descriptions mean, by their words alone: a judge that needs no encoder and takes no time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tagwright.recall.matcher import Cosines, descriptions

# As the channel has it (LAGAMC, section 8.5).
_THRESHOLD = 0.4


@dataclass(frozen=True)
class WordMatch:
    """``tags`` and their texts as TF-IDF rows ``points``, which ``vectorizer`` makes of texts."""

    tags: list[int]
    vectorizer: Any
    points: Any

    @classmethod
    def over(cls, texts: Mapping[int, str]) -> WordMatch:
        """Over {tag: its description}; those without a word are left out."""
        from sklearn.feature_extraction.text import TfidfVectorizer

        known = {tag: text for tag, text in texts.items() if any(letter.isalnum() for letter in text)}
        vectorizer = TfidfVectorizer(token_pattern=r"(?u)\w+", sublinear_tf=True)
        points = vectorizer.fit_transform(known.values()) if known else None
        return cls(list(known), vectorizer, points)

    def of(self, written: Sequence[str]) -> list[list[int]]:
        """For each the tags that are meant, in the order of their descriptions."""
        lists = [descriptions(one) for one in written]
        flat = [text for own in lists for text in own]
        if self.points is None or not flat:
            return [[] for _ in written]
        product = (self.vectorizer.transform(flat) @ self.points.T).toarray().astype(np.float32)
        offsets = np.concatenate([[0], np.cumsum([len(own) for own in lists])]).astype(np.int64)
        matched = Cosines(product, offsets).match(_THRESHOLD)
        found: list[list[int]] = [[] for _ in written]
        for document, label in zip(matched.documents.tolist(), matched.labels.tolist(), strict=True):
            found[document].append(self.tags[label])
        return found
