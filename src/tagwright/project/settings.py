"""``tagwright.toml``: every value in force, where it comes from, and which ones a trained model depends on."""

from __future__ import annotations

import dataclasses
import difflib
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tagwright import registry
from tagwright.errors import ConfigError
from tagwright.pipeline.settings import DEFAULT_CHANNELS, Fitting, TaggerSettings
from tagwright.text.tfidf import TfIdf

FILE = "tagwright.toml"
DEFAULT, OVERRIDE = "default", "--set"
Tree = dict[str, Any]

# Values that change how a trained model is asked, not what it learned.
_AT_RUN_TIME = ("shortlist", "encoder.threads", "store.", "fitting.")
_DEPTH = ".k"


class Settings:
    """The defaults, what ``tagwright.toml`` says, and overrides ``"channels.graph.k=50"``, the later ones winning.

    An unknown key is refused with the nearest known one. A channel is switched off by ``channels.NAME = false``.
    """

    def __init__(self, given: Mapping[str, Any] | None = None, overrides: Sequence[str] = (), source: str = FILE) -> None:
        self._source = source
        self._origins: dict[str, str] = {}
        self.switched_off: list[str] = []
        self._tree: Tree = {
            "encoder": {"kind": "lsa"}, "words": {}, "fusion": {"kind": "ranker"}, "calibration": {"kind": "isotonic"},
            "fitting": {}, "store": {"kind": "sqlite"}, "shortlist": TaggerSettings().shortlist,
            "channels": {name: dict(options) for name, options in DEFAULT_CHANNELS.items()},
        }  # fmt: skip
        self._merge(self._tree, given or {}, "", source)
        for override in overrides:
            self._merge(self._tree, _parse(override), "", OVERRIDE)
        self._check()

    @classmethod
    def read(cls, folder: Path, overrides: Sequence[str] = ()) -> Settings:
        """The settings of a project folder; raises `ConfigError` naming the file and the line."""
        path = folder / FILE
        try:
            given = tomllib.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            given = {}
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise ConfigError(f"{path} cannot be read: {error}", hint="mend the file, or delete it") from error
        return cls(given, overrides, str(path))

    def rows(self) -> list[tuple[str, Any, str]]:
        """(dotted key, value, origin) of every value in force, options at their defaults included."""
        return [(key, value, self._origins.get(key, DEFAULT)) for key, value in self._values()]

    def learned_with(self) -> dict[str, Any]:
        """{dotted key: value} of what a trained model depends on."""
        return {
            key: value
            for key, value in self._values()
            if not key.startswith(_AT_RUN_TIME) and not (key.startswith("channels.") and key.endswith(_DEPTH))
        }

    def part(self, name: str) -> tuple[str, dict[str, Any]]:
        """(kind, options) of a part such as "encoder" or "store"."""
        options = dict(self._tree[name])
        return str(options.pop("kind")), options

    def tagger(self) -> TaggerSettings:
        """The settings as the tagger takes them."""
        return TaggerSettings(
            channels=self._tree["channels"], fusion=self._tree["fusion"], calibration=self._tree["calibration"],
            words=self._tree["words"], fitting=Fitting(**self._tree["fitting"]), shortlist=self._tree["shortlist"],
        )  # fmt: skip

    def _merge(self, tree: Tree, given: Mapping[str, Any], path: str, origin: str) -> None:
        for key, value in given.items():
            dotted = f"{path}{key}"
            if path == "" and key not in tree:
                raise ConfigError(f"{origin}: there is no setting {key!r}", hint=_nearest(key, tree))
            if path == "channels." and value is False:
                tree.pop(key, None)
                self.switched_off.append(dotted)
            elif isinstance(value, Mapping):
                below = tree.setdefault(key, {"kind": key} if path == "channels." else {})
                if not isinstance(below, dict):
                    raise ConfigError(f"{origin}: {dotted!r} is a value, not a table")
                self._merge(below, value, f"{dotted}.", origin)
            else:
                if isinstance(tree.get(key), dict):
                    raise ConfigError(f"{origin}: {dotted!r} is a table, not a value", hint=f"write [{dotted}]")
                tree[key] = value
                self._origins[dotted] = origin

    def _check(self) -> None:
        if not isinstance(self._tree["shortlist"], int) or self._tree["shortlist"] < 1:
            raise ConfigError(f"{self._source}: 'shortlist' must be a whole number from 1 on")
        for dotted, options, known in self._sections():
            for key, value in options.items():
                if key not in known:
                    origin = self._origins.get(f"{dotted}.{key}", self._source)
                    raise ConfigError(f"{origin}: {dotted!r} has no option {key!r}", hint=_nearest(key, known))
                _check_type(f"{dotted}.{key}", value, known[key])

    def _sections(self) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
        """(dotted name, options given, all options with their defaults) of every component."""
        fitting = {field.name: field.default for field in dataclasses.fields(Fitting)}
        yield "fitting", self._tree["fitting"], fitting
        words = registry.options(TfIdf)
        words.pop("analyzer", None)
        yield "words", self._tree["words"], words
        for name in ("encoder", "store", "fusion", "calibration"):
            yield name, *self._component(name, self._tree[name])
        for name, options in self._tree["channels"].items():
            yield f"channels.{name}", *self._component("channel", {"kind": name, **options})

    def _component(self, kind: str, given: Tree) -> tuple[dict[str, Any], dict[str, Any]]:
        options = {key: value for key, value in given.items() if key != "kind"}
        known = registry.options(registry.resolve(kind, str(given["kind"])))
        return options, {key: value for key, value in known.items() if key not in ("path", "clock")}

    def _values(self) -> Iterator[tuple[str, Any]]:
        yield "shortlist", self._tree["shortlist"]
        for dotted, options, known in self._sections():
            below: Any = self._tree
            for part in dotted.split("."):
                below = below[part]
            if "kind" in below:
                yield f"{dotted}.kind", below["kind"]
            for key in known:
                value = options.get(key, known[key])
                yield f"{dotted}.{key}", None if value is dataclasses.MISSING else value


def _parse(override: str) -> Tree:
    key, equals, text = override.partition("=")
    if not equals or not key.strip():
        raise ConfigError(f"--set {override!r} is not KEY=VALUE", hint="for example --set channels.lexical.k=50")
    try:
        value = tomllib.loads(f"x = {text}")["x"]
    except tomllib.TOMLDecodeError:
        value = text
    tree: Tree = {}
    below = tree
    *path, last = key.strip().split(".")
    for part in path:
        below = below.setdefault(part, {})
    below[last] = value
    return tree


def _check_type(key: str, value: Any, default: Any) -> None:
    """A number stays a number: a wrong type is told here, with its key, not deep inside a library."""
    if default is None or default is dataclasses.MISSING:
        return
    wanted: tuple[type, ...] = (int, float) if isinstance(default, float) else (type(default),)
    if not isinstance(value, wanted) or (isinstance(value, bool) and bool not in wanted):
        raise ConfigError(f"{key!r} is {value!r}, but must be like {default!r} ({wanted[-1].__name__})")


def _nearest(name: str, known: Mapping[str, Any]) -> str:
    close = difflib.get_close_matches(name, list(known), n=1)
    return f"did you mean {close[0]!r}?" if close else f"known are: {', '.join(known)}"
