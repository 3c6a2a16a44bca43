"""The network of a label-guided classifier in PyTorch, as `tagwright.recall.labelweights` serves it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tagwright.recall.labelweights import ARRAYS, TAGS, Floats, Form, Weights, attention
from tagwright.training.contrastive import classification_loss, document_loss, label_loss
from tagwright.training.crossgroups import level
from tagwright.training.labeldata import LabelTraining, Step

# What cosines are multiplied with before they are logits, at first; learned.
_SCALE = 20.0
# How far scale, offset and biases of logits may go a step; at the rate of the layers they would never get there.
_QUICK = 0.01
# Of the maps: a step of Adam moves every entry, and 384 of them together move a vector.
_MAPS = 0.2
# Documents by which the offset is set before the first step.
_LEVELLED = 16

Tensor = Any


class Network:
    """The parameters of a network of this ``form`` for ``n_tags`` tags, drawn by the settings' seed, and its losses.

    Vectors that come in are of length 1. The head "labels" adds what it has learned to the document's own vector.
    """

    def __init__(self, form: Form, n_tags: int, settings: LabelTraining, device: str) -> None:
        import torch

        self.form, self.settings, self.n_tags = form, settings, n_tags
        self._start, quick = 0.0, _QUICK / settings.learning_rate
        self._gains = {
            "documents": _MAPS, "tags": _MAPS, "weight1": 1.0, "bias1": 1.0, "weight2": 1 / form.hidden,
            "bias2": 1 / form.hidden, "level": quick, "biases": quick,
        } | ({"weight2": 1.0, "bias2": quick} if form.head == "linear" else {})  # fmt: skip
        torch.manual_seed(settings.seed)
        shapes = form.shapes(n_tags)
        made = {name: torch.zeros(shapes[name]) for name in ARRAYS}
        torch.nn.init.kaiming_normal_(made["weight1"], nonlinearity="relu")
        self.parameters = {name: torch.nn.Parameter(values.to(device)) for name, values in made.items()}

    @property
    def learned(self) -> list[Any]:
        """In the order of `ARRAYS`."""
        return [self.parameters[name] for name in ARRAYS]

    def begin(self, documents: Floats, tags: Floats, step: Step) -> None:
        """Sets the offset so that probabilities of the step's first documents add up to the number of right tags."""
        weights = Weights(self.form, self.arrays(), [""] * self.n_tags)
        logits = weights.logits(documents[:_LEVELLED], weights.placed(tags, step.tags))
        columns = np.repeat(np.arange(len(step.tags)), np.round(step.counts).astype(np.int64))
        right = step.right[:_LEVELLED][:, columns]
        if right.any() and not right.all():
            self._start = level(logits[:, columns].astype(np.float64), right)

    def loss(self, documents: Tensor, tags: Tensor, step: Step) -> Tensor:
        """Eq. 21 for the vectors (b, d) and (m, d) of a step, whose ``tags`` are numbers among the ``n_tags``."""
        import torch

        x, y = (self.moved(name, rows) for name, rows in (("documents", documents), ("tags", tags)))
        logits = self.logits(x, y, step)
        right, counts = (torch.from_numpy(values).to(logits) for values in (step.right, step.counts))
        settings, own = self.settings, step.own
        total = classification_loss(logits, right, counts, loss=settings.loss)
        options: dict[str, Any] = {"weighting": settings.weighting, "tau": settings.tau}
        if settings.labels_weight:
            picked = y[torch.from_numpy(own).to(y.device)]
            total = total + settings.labels_weight * label_loss(picked, step.right[:, own], **options)
        if settings.documents_weight:
            total = total + settings.documents_weight * document_loss(x, step.right, **options)
        return total

    def moved(self, name: str, vectors: Tensor) -> Tensor:
        """(n, d) of length 1: the "documents" or "tags" after their map."""
        import torch

        return torch.nn.functional.normalize(vectors + vectors @ self._now(name), dim=-1)

    def logits(self, documents: Tensor, tags: Tensor, step: Step, *, training: bool = True) -> Tensor:
        """(b, m) of moved vectors; in the attention, too, each tag counts for as many as it stands for."""
        import torch

        form, now = self.form, self._now
        places, stands = (torch.from_numpy(values).to(documents.device) for values in (step.tags, step.stands))
        given = form.width**0.5 * documents
        if form.guided:
            labels = form.width**0.5 * tags
            alpha = torch.softmax(given @ labels.T / form.temperature + torch.log(stands), dim=1)
            given = torch.cat([alpha @ labels, given], dim=1)
        hidden = torch.relu(given @ now("weight1").T + now("bias1"))
        hidden = torch.nn.functional.dropout(hidden, self.settings.dropout, training=training)
        scale, offset = self._level()
        if form.head == "linear":
            return hidden @ now("weight2", places).T + now("bias2", places) + offset
        ends = documents + hidden @ now("weight2").T + now("bias2")
        return scale * (ends @ tags.T) + offset + now("biases", places)

    def _now(self, name: str, rows: Tensor | None = None) -> Tensor:
        """One of `ARRAYS` as it counts, or these rows of it."""
        raw = self.parameters[name]
        return self._gains[name] * (raw if rows is None else raw[rows])

    def _level(self) -> tuple[Tensor, Tensor]:
        import torch

        raw = self._now("level")
        return _SCALE * torch.exp(raw[0]), self._start + raw[1]

    def arrays(self) -> dict[str, Floats]:
        """Each of `ARRAYS` as it is served."""
        import torch

        with torch.no_grad():
            found = {name: self._now(name).clone() for name in ARRAYS}
            scale, offset = self._level()
            found["level"] = torch.stack([scale, offset])
            if self.form.head == "linear":
                found["bias2"] += offset
        return {name: values.cpu().numpy().astype(np.float32) for name, values in found.items()}

    def write(self, folder: Path, tags: Sequence[str]) -> dict[str, Any]:
        """Writes weights and the ids of their tags; what the manifest says of them."""
        for name, values in self.arrays().items():
            np.save(folder / f"{name}.npy", values)
        (folder / TAGS).write_text(json.dumps(list(tags), ensure_ascii=False), encoding="utf-8")
        form = self.form
        return {
            "width": form.width, "hidden": form.hidden, "guided": form.guided, "head": form.head,
            "temperature": form.temperature, "loss": self.settings.loss,
        }  # fmt: skip


def entropy(weights: Weights, documents: Floats, tags: Floats) -> float:
    """The mean entropy (nats) of the attention of documents (n, d) to tags (m, d): 0 = to one, log m = to all alike."""
    length = np.float32(weights.form.width**0.5)
    placed = weights.placed(tags, np.full(len(tags), -1))
    alpha = attention(length * weights.moved(documents), length * placed.tags, weights.form.temperature)
    return float(-(alpha * np.log(np.maximum(alpha, 1e-30))).sum(axis=1).mean())
