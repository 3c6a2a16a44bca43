"""The folder of an exported encoder: ``model.onnx``, ``tokenizer.json`` and ``encoder.json``, which describes both.

One that was fine-tuned has ``seen.npy``, too: the documents it was taught with.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import tagwright.encoders.seen as seen
from tagwright.errors import ConfigError, FormatError, IntegrityError, ProjectError

FORMAT = 1
MANIFEST = "encoder.json"
MODEL = "model.onnx"
TOKENIZER = "tokenizer.json"
SEEN = seen.FILE
SERVED = (MODEL, TOKENIZER, SEEN)

_AGAIN = "make the folder again: tagwright encoder export MODEL OUT"


@dataclass(frozen=True)
class Manifest:
    """What ``encoder.json`` says.

    ``source`` is where the weights came from, ``width`` the length of a vector, ``max_length`` the tokens that are
    read of a text, ``pooling`` and ``precision`` words for people; ``files`` maps each file's name to its SHA-256.
    """

    source: str
    width: int
    max_length: int
    pooling: str
    precision: str
    files: Mapping[str, str]
    format: int = FORMAT

    @property
    def fingerprint(self) -> str:
        """Names the contents: equal for folders whose files are equal, wherever they lie."""
        said = json.dumps([self.format, self.max_length, sorted(self.files.items())])
        return "onnx-" + hashlib.sha256(said.encode()).hexdigest()[:32]

    def write(self, folder: Path) -> None:
        """Writes ``encoder.json``."""
        (folder / MANIFEST).write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")

    @property
    def served(self) -> list[str]:
        """The files that an encoder consists of, beside ``encoder.json``."""
        return [name for name in SERVED if name in self.files]

    @staticmethod
    def read(folder: Path) -> Manifest:
        """What ``encoder.json`` in the folder says; raises `ProjectError` or `FormatError` where it cannot be read."""
        path = folder / MANIFEST
        try:
            said = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ProjectError(f"{path} cannot be read: {error}", hint=_AGAIN) from error
        if not isinstance(said, dict) or said.get("format") != FORMAT:
            found = said.get("format") if isinstance(said, dict) else said
            raise FormatError(
                f"{path}: format {found!r}, this version reads {FORMAT}",
                hint=_AGAIN,
            )
        return _checked(path, said)


def checked_bytes(folder: Path, name: str, manifest: Manifest) -> bytes:
    """The contents of one file of the folder; raises `IntegrityError` where they are not what was exported."""
    return contents(folder / name, manifest.files[name])


def contents(path: Path, checksum: str = "") -> bytes:
    """What is in a file of an encoder's folder; raises `IntegrityError` where its SHA-256 is not the ``checksum``."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise IntegrityError(f"{path} cannot be read: {error.strerror}", hint=_AGAIN) from error
    if checksum and hashlib.sha256(content).hexdigest() != checksum:
        raise IntegrityError(f"{path} is not the file that was exported: its checksum differs", hint=_AGAIN)
    return content


def find(model: str) -> Path:
    """The folder called ``model``, else the one that the Hugging Face hub holds under that name.

    Raises `ConfigError` where there is neither, or where what is there was not exported for this encoder.
    """
    folder = Path(model)
    if model and folder.is_dir():
        if not (folder / MANIFEST).is_file():
            raise ConfigError(
                f"the folder {model!r} has no {MANIFEST}",
                hint=f"make one from it: tagwright encoder export {model} OUT",
            )
        return folder
    folder = fetched(model, MANIFEST, *SERVED)
    if not (folder / MANIFEST).is_file():
        raise ConfigError(
            f"the hub's model {model!r} has no {MANIFEST}", hint=f"make a folder: tagwright encoder export {model} OUT"
        )
    return folder


def fetched(model: str, *names: str) -> Path:
    """The folder with these files of a model of the Hugging Face hub, as far as it has them; raises `ConfigError`."""
    if model.count("/") != 1 or model.startswith((".", "/", "~")):
        raise ConfigError(
            f"encoder model {model!r} is neither a folder nor the name of a model on the Hugging Face hub",
            hint="tagwright encoder export MODEL OUT makes a folder",
        )
    try:
        from huggingface_hub import snapshot_download
    except ImportError as error:
        raise ConfigError(
            f"there is no folder {model!r}, and the library 'huggingface_hub' that could fetch it is not installed",
            hint="pip install huggingface_hub, or name a folder",
        ) from error
    try:
        return Path(snapshot_download(model, allow_patterns=list(names)))
    except Exception as error:  # the library's own, the network's and the disk's: there is no model to be had
        reason = str(error).partition("\n")[0]
        raise ConfigError(
            f"there is no folder {model!r}, and the hub does not give a model of that name: {reason}",
            hint="name a folder that `tagwright encoder export` made",
        ) from error


def _checked(path: Path, said: Mapping[str, Any]) -> Manifest:
    known = {field.name: said[field.name] for field in fields(Manifest) if field.name in said}
    right = (
        len(known) == len(fields(Manifest))
        and all(isinstance(known[name], int) and known[name] > 0 for name in ("width", "max_length"))
        and isinstance(known["files"], dict)
        and {MODEL, TOKENIZER} <= known["files"].keys()
    )
    if not right:
        raise ProjectError(f"{path} does not describe an encoder", hint=_AGAIN)
    return Manifest(**known)
