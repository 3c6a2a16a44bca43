"""What a user calls an encoder ("lsa", a folder, a hub name), as a registered kind and its settings."""

from __future__ import annotations

from pathlib import Path

from tagwright.encoders.folder import MANIFEST, fetched, find
from tagwright.encoders.static import CONFIG, is_static
from tagwright.errors import ConfigError
from tagwright.registry import names

# A file that every sentence-transformers folder has.
_SENTENCES = "modules.json"


def choose(said: str) -> tuple[str, dict[str, str]]:
    """(kind, settings) for `tagwright.registry.build`.

    A registered name that needs no model ("lsa") is itself; a folder is known by what is in it; everything else is
    looked for on the hub. Raises `ConfigError` where nothing fits.
    """
    folder = Path(said)
    if (folder / MANIFEST).is_file():
        return "onnx", {"model": said}
    if is_static(folder):  # before the next: model2vec's folders have such a file, too
        return "static", {"model": said}
    if (folder / _SENTENCES).is_file():
        return "transformer", {"model": said}
    if said in ("onnx", "static", "transformer"):
        raise ConfigError(f"encoder {said!r} needs a model", hint="name the model's folder itself")
    if said in names("encoder"):
        return said, {}
    if folder.is_dir():
        raise ConfigError(
            f"the folder {said!r} holds no encoder: no {MANIFEST}, no {_SENTENCES}, no {CONFIG} of token vectors",
            hint="tagwright encoder export MODEL OUT makes a folder",
        )
    if is_static(fetched(said, MANIFEST, CONFIG)):
        return "static", {"model": said}
    find(said)
    return "onnx", {"model": said}
