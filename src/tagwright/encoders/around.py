"""What an encoder is that leaves the vectors to another one and changes how they are come by."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from tagwright.encoders.base import Encoder
from tagwright.encoders.seen import Seen, Taught


@dataclass
class Around:
    """All that ``encoder`` says of itself; sent to another process it is the encoder alone."""

    encoder: Encoder

    @property
    def width(self) -> int:
        """Length of each vector."""
        return self.encoder.width

    @property
    def fingerprint(self) -> str:
        """That of the encoder: no vector is changed."""
        return self.encoder.fingerprint

    @property
    def seen(self) -> Seen:
        """The documents that the encoder was taught with."""
        return self.encoder.seen if isinstance(self.encoder, Taught) else Seen()

    def save(self, folder: Path) -> None:
        """Saves the encoder."""
        self.encoder.save(folder)

    def load(self, folder: Path) -> Self:
        """Loads the encoder."""
        self.encoder = self.encoder.load(folder)
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return _itself, (self.encoder,)


def _itself(encoder: Encoder) -> Encoder:
    return encoder
