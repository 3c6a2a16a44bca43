"""The weights of a label-guided classifier (SEP-MLDC, Eq. 16 to 19), served by plain matrix products."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logsumexp, softmax

from tagwright.encoders.weights import Folder
from tagwright.errors import ProjectError
from tagwright.recall.products import unit

MANIFEST = "labelguided.json"
# Of an encoder that was taught together with the rest, within the folder of weights; absent where it stayed as it was.
ENCODER = "encoder"
# Ids of the tags that have weights of their own, in the order of these.
TAGS = "tags.json"
FROZEN = "frozen"
HEADS = ("labels", "linear")
CLASSIFICATIONS = ("bce", "softmax")
# The map of documents and of tags, the two layers, the scale and the offset of logits, and each tag's own bias.
ARRAYS = ("documents", "tags", "weight1", "bias1", "weight2", "bias2", "level", "biases")

# Documents whose products with all tags are held at a time: 25 MB a product for 100,000 tags.
_ROWS = 64

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Form:
    """What a network looks like.

    Vectors have ``width`` numbers. ``guided``: whether it selects features by labels. ``head``: "labels" ends in a
    vector that is compared with the tags' vectors, "linear" in a number a tag. ``temperature`` of the attention.
    """

    width: int
    hidden: int
    guided: bool
    head: str
    temperature: float

    @property
    def entrance(self) -> int:
        """The length of what the first layer reads: 2 d, or d without the selection."""
        return (1 + self.guided) * self.width

    def shapes(self, n_tags: int) -> dict[str, tuple[int, ...]]:
        """That of each of `ARRAYS` where ``n_tags`` tags were taught."""
        out = self.width if self.head == "labels" else n_tags
        square, own = (self.width, self.width), n_tags if self.head == "labels" else 0
        return {
            "documents": square, "tags": square, "weight1": (self.hidden, self.entrance), "bias1": (self.hidden,),
            "weight2": (out, self.hidden), "bias2": (out,), "level": (2,), "biases": (own,),
        }  # fmt: skip


def attention(documents: Floats, tags: Floats, temperature: float) -> Floats:
    """(n, m), rows of sum 1: alpha, the softmax over tags of e_x · e_y / temperature (SEP-MLDC, Eq. 17).

    ``documents`` (n, d), ``tags`` (m, d). The paper has no temperature, which is 1 here.
    """
    weights: Floats = softmax(documents @ tags.T / np.float32(temperature), axis=1)
    return weights


def selected(documents: Floats, tags: Floats, temperature: float) -> Floats:
    """(n, 2 d): [alpha e_y; e_x] (Eq. 16 and 18). No gold tag has a part in it, and it has no weights of its own."""
    return np.concatenate([attention(documents, tags, temperature) @ tags, documents], axis=1)


@dataclass(frozen=True, eq=False)
class Weights:
    """A network as it was taught: its ``form``, its ``arrays`` by name, and the ids of the tags that it was taught.

    Documents and tags are moved by a linear map each and scaled to length 1; for the selection and the layers to
    length sqrt(d), so that an entry is about 1, as in the encoders of the paper.
    """

    form: Form
    arrays: Mapping[str, Floats]
    tags: list[str]
    loss: str = "bce"

    @classmethod
    def read(cls, folder: Folder) -> Weights:
        """Those of a folder.

        Raises `IntegrityError` where a file is not the one that was saved, `ProjectError` where they do not fit.
        """
        said, wrong = folder.said, ProjectError(
            f"{folder.path / MANIFEST} does not describe its weights", hint="teach the model again"
        )  # fmt: skip
        _ = folder.seen  # a changed file is refused before anything is found, not when a training asks for it
        try:
            tags = json.loads(folder.content(TAGS))
            form = Form(**{name: kind(said[name]) for name, kind in _KINDS.items()})
        except (KeyError, TypeError, ValueError) as error:
            raise wrong from error
        arrays = {name: folder.array(f"{name}.npy") for name in ARRAYS}
        shapes = {name: array.shape for name, array in arrays.items()}
        fits = isinstance(tags, list) and form.head in HEADS and shapes == form.shapes(len(tags))
        if not fits or any(array.dtype != np.float32 for array in arrays.values()) or form.temperature <= 0:
            raise wrong
        return cls(form, arrays, list(map(str, tags)), str(said.get("loss")))

    def moved(self, documents: Floats) -> Floats:
        """(n, d) of length 1: where documents are compared with tags; 0 stays 0."""
        return unit(documents + documents @ self.arrays["documents"])

    def placed(self, tags: Floats, rows: NDArray[np.integer]) -> Placed:
        """Tags (m, d) to ask for; ``rows`` (m,): the place of each among the taught ones, -1 for one that is not."""
        shape = self.form.shapes(len(self.tags))["weight2"]
        known, biases = rows >= 0, np.zeros(len(rows), dtype=np.float32)
        if self.form.head == "labels":
            biases[known] = self.arrays["biases"][rows[known]]
            return Placed(unit(tags + tags @ self.arrays["tags"]), biases, None)
        own = np.zeros((len(rows), shape[1]), dtype=np.float32)
        own[known] = self.arrays["weight2"][rows[known]]
        # Of a tag that it was not taught it says nothing.
        biases[~known] = -np.inf
        biases[known] = self.arrays["bias2"][rows[known]]
        return Placed(unit(tags + tags @ self.arrays["tags"]), biases, own)

    def logits(self, documents: Floats, placed: Placed) -> Floats:
        """(n, m) float32: of each document (n, d) and each tag; -inf where it cannot say anything of the tag."""
        found = np.empty((len(documents), len(placed.biases)), dtype=np.float32)
        for start in range(0, len(documents), _ROWS):
            part = slice(start, start + _ROWS)
            found[part] = self._logits(self.moved(documents[part]), placed)
        return found

    def probabilities(self, logits: Floats, rows: NDArray[np.integer], columns: NDArray[np.integer]) -> Floats:
        """(n_pairs,) from 0 to 1, at these places of `logits`; NaN where it cannot say anything.

        Sigmoids, or the softmax over tags where it was taught with that.
        """
        said = logits[rows, columns]
        if self.loss == "softmax":
            totals = np.full(len(logits), np.nan, dtype=np.float32)
            asked = np.unique(rows)
            totals[asked] = logsumexp(logits[asked], axis=1)
            found = np.exp(said - totals[rows])
        else:
            found = expit(said)
        return np.where(np.isneginf(said), np.float32(np.nan), found).astype(np.float32)

    def _logits(self, documents: Floats, placed: Placed) -> Floats:
        arrays, length = self.arrays, np.float32(np.sqrt(self.form.width))
        given = length * documents
        if self.form.guided:
            given = selected(given, length * placed.tags, self.form.temperature)
        hidden = np.maximum(given @ arrays["weight1"].T + arrays["bias1"], 0)
        if placed.own is not None:
            linear: Floats = hidden @ placed.own.T + placed.biases
            return linear
        ends = documents + hidden @ arrays["weight2"].T + arrays["bias2"]
        logits: Floats = arrays["level"][0] * (ends @ placed.tags.T)
        logits += arrays["level"][1] + placed.biases
        return logits


@dataclass(frozen=True, eq=False)
class Placed:
    """Tags where documents are compared with them: ``tags`` (m, d), ``biases`` (m,); ``own`` (m, hidden) or None."""

    tags: Floats
    biases: Floats
    own: Floats | None


_KINDS: dict[str, Any] = {"width": int, "hidden": int, "guided": bool, "head": str, "temperature": float}
