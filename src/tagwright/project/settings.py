"""``tagwright.toml``: every value in force, where it comes from, and which ones a trained model depends on."""

from __future__ import annotations

import dataclasses
import difflib
import json
import math
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import tagwright.registry as registry
from tagwright.enrichment.options import Enrichment
from tagwright.errors import ConfigError
from tagwright.generation.asking import DEFAULT_STAGES, RESERVED, Generation
from tagwright.generation.knowledge import Knowledge
from tagwright.llm.budget import Budget
from tagwright.pipeline.settings import DEFAULT_CHANNELS, Fitting, Hierarchy, TaggerSettings
from tagwright.project.serving import FeedbackOptions, ScaleOptions, ServerOptions
from tagwright.recall.shelf import Shelf
from tagwright.text.tfidf import TfIdf
from tagwright.training.described import GeneratorTraining
from tagwright.training.labeldata import LabelTraining
from tagwright.training.options import CrossTraining, EncoderTraining
from tagwright.training.pairdata import PairTraining

FILE = "tagwright.toml"
DEFAULT, OVERRIDE = "default", "--set"
Tree = dict[str, Any]

# What a language model is asked, and by which: a model without one is trained, and answers, the same.
OF_LLM = ("llm.", "stages.", "generation.", "knowledge.", "budget.")
# How it is offered, and what guards what people decide.
OF_SERVICE = ("server.", "feedback.", "scale.")
# Values that change nothing about a trained model: how quickly it answers, how it was made, where it lies.
_NO_CHANGE = (
    "encoder.threads", "encoder.model", "store.", "fitting.", "teaching", "enrichment.", *OF_LLM, *OF_SERVICE,
)  # fmt: skip
# Values that change how a trained model is asked, not what it learned.
_AT_RUN_TIME = ("shortlist", "hierarchy.", "index.", *_NO_CHANGE)
# Tables of named components: what one is called, for messages.
_NAMED = {"channels.": "channel", "stages.": "stage", "rerank.": "reranker"}
_DEPTH = ".k"
# Tables that are the options of one class, without kinds.
_TABLES: dict[str, type[Any]] = {
    "fitting": Fitting, "hierarchy": Hierarchy, "generation": Generation, "knowledge": Knowledge, "budget": Budget,
    "enrichment": Enrichment, "server": ServerOptions, "feedback": FeedbackOptions, "scale": ScaleOptions,
    "teaching": EncoderTraining, "teaching_pairs": PairTraining, "teaching_cross": CrossTraining,
    "teaching_labelguided": LabelTraining, "teaching_described": GeneratorTraining,
}  # fmt: skip
_OF_RANKING = ("fusion.", "calibration.", "cuts.")
# Inner tables are of documents that are in neither of two folds.
_LEAST_FOLDS = 3
_FROM_NOTHING = ("fitting.seed", "fitting.few")
_TYPES: dict[str, tuple[tuple[type, ...], str]] = {
    "int": ((int,), "a whole number"),
    "float": ((int, float), "a number"),
    "bool": ((bool,), "true or false"),
    "str": ((str,), "a text"),
}


class Settings:
    """The defaults, what ``tagwright.toml`` says, and overrides ``"channels.graph.k=50"``, the later ones winning.

    An unknown key is refused with the nearest known one. A channel is switched off by ``channels.NAME = false``.
    """

    def __init__(
        self, given: Mapping[str, Any] | None = None, overrides: Sequence[str] = (), source: str = FILE
    ) -> None:
        self._source = source
        self._origins: dict[str, str] = {}
        self.switched_off: list[str] = []
        self._tree: Tree = {
            "encoder": {"kind": "lsa"}, "words": {}, "fusion": {"kind": "ranker"}, "calibration": {"kind": "best"},
            "cuts": {"kind": "document"}, "index": {"kind": "auto"},
            "shelf": {}, "store": {"kind": "sqlite"}, "llm": {"kind": "local"}, "rerank": {},
            **{name: {} for name in _TABLES},
            "stages": {name: dict(options) for name, options in DEFAULT_STAGES.items()},
            "shortlist": TaggerSettings().shortlist,
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
        """{dotted key: plain value} of what a trained model depends on."""
        kept = {key: value for key, value in self._values() if not key.startswith(_AT_RUN_TIME)}
        return _plain({key: value for key, value in kept.items() if not _is_depth(key)})

    def answers_with(self) -> dict[str, Any]:
        """{dotted key: plain value} of what a suggestion depends on, beside what was learned."""
        return _plain({key: value for key, value in self._values() if not key.startswith(_NO_CHANGE)})

    def differences(self, then: Mapping[str, Any], *, ranking: bool) -> list[tuple[str, str]]:
        """(what, next step) for every value that is not the one of ``then``, a former `learned_with`.

        ``ranking``: whether something was learned about ranking, so that its settings matter.
        """
        now = self.learned_with()
        found: dict[str, str] = {}
        for key in {**then, **now}:
            if not ranking and key.startswith(_OF_RANKING):
                continue
            channel = _channel_of(key)
            if channel and f"channels.{channel}.kind" not in now:
                found[f"channel {channel!r} is off, but the model was trained with it"] = ""
            elif channel and f"channels.{channel}.kind" not in then:
                found[f"channel {channel!r} is on, but the model was trained without it"] = ""
            elif key not in self._origins and (key not in then or key == "fusion.many"):
                continue  # a former version had no such option, or another default for what the model's files say
            elif now.get(key) != then.get(key):
                what = f"setting {key!r} is {now.get(key)!r}, but the model was trained with {then.get(key)!r}"
                found[what] = f" ({key} = {json.dumps(then.get(key))})"
        return [(what, f"train again (tagwright train), or set it back{how}") for what, how in found.items()]

    def part(self, name: str) -> tuple[str, dict[str, Any]]:
        """(kind, options) of a part such as "encoder" or "store"."""
        options = dict(self._tree[name])
        return str(options.pop("kind")), options

    def stages(self) -> dict[str, dict[str, Any]]:
        """{name: options with their ``kind``} of the stages that are switched on, in their order."""
        return {name: {"kind": name, **options} for name, options in self._tree["stages"].items()}

    def options(self, name: str) -> dict[str, Any]:
        """What is given of a section without kinds, such as "budget"."""
        return dict(self._tree[name])

    def server(self) -> ServerOptions:
        """How the project is offered ([server]); raises `ConfigError` for a value out of range."""
        return ServerOptions(**self._tree["server"])

    def feedback(self) -> FeedbackOptions:
        """How decisions teach it ([feedback]); raises `ConfigError` for a value out of range."""
        return FeedbackOptions(**self._tree["feedback"])

    def tagger(self) -> TaggerSettings:
        """The settings as the tagger takes them."""
        return TaggerSettings(
            channels=self._tree["channels"], fusion=self._tree["fusion"], calibration=self._tree["calibration"],
            cuts=self._tree["cuts"],
            words=self._tree["words"], shelf=self._tree["shelf"], index=self._tree["index"],
            fitting=Fitting(**self._tree["fitting"]), hierarchy=Hierarchy(**self._tree["hierarchy"]),
            shortlist=self._tree["shortlist"],
        )  # fmt: skip

    def _merge(self, tree: Tree, given: Mapping[str, Any], path: str, origin: str) -> None:
        for key, value in given.items():
            dotted = f"{path}{key}"
            if path == "" and key not in tree:
                raise ConfigError(f"{origin}: there is no setting {key!r}", hint=_nearest(key, tree))
            if path in _NAMED and value is False:
                if tree.pop(key, None) is None:
                    what = f"there is no {_NAMED[path]} {key!r} to switch off"
                    raise ConfigError(f"{origin}: {what}", hint=_nearest(key, tree))
                self.switched_off.append(dotted)
            elif isinstance(value, Mapping):
                below = tree.setdefault(key, {"kind": key} if path in _NAMED else {})
                if not isinstance(below, dict):
                    raise ConfigError(f"{origin}: {dotted!r} is a value, not a table")
                self._merge(below, value, f"{dotted}.", origin)
            else:
                if isinstance(tree.get(key), dict):
                    raise ConfigError(f"{origin}: {dotted!r} is a table, not a value", hint=f"write [{dotted}]")
                tree[key] = value
                self._origins[dotted] = origin

    def _check(self) -> None:
        _check_value("shortlist", self._tree["shortlist"], "int")
        for kind in ("stages", "rerank"):
            for name in self._tree[kind]:
                if name in RESERVED or name in self._tree["channels"] or not name.isidentifier():
                    what = f"{kind}.{name} cannot be called so: columns of that name are there, or would be odd"
                    raise ConfigError(f"{self._source}: {what}", hint=f"call it otherwise: [{kind}.NAME]")
        for section in self._sections():
            for key, value in section.given.items():
                if key not in section.defaults:
                    origin = self._origins.get(f"{section.name}.{key}", self._source)
                    hint = _nearest(key, section.defaults)
                    raise ConfigError(f"{origin}: {section.name!r} has no option {key!r}", hint=hint)
                _check_value(f"{section.name}.{key}", value, section.types.get(key, ""))

    def _sections(self) -> Iterator[_Section]:
        for name, cls in _TABLES.items():
            yield _Section(name, "", self._tree[name], cls)
        for name, options in self._tree["rerank"].items():
            yield _section(f"rerank.{name}", "rerank", {"kind": name, **options})
        yield _Section("words", "", self._tree["words"], TfIdf, hidden=("analyzer",))
        yield _Section("shelf", "", self._tree["shelf"], Shelf, hidden=("space", "version"))
        for name in ("encoder", "index", "store", "fusion", "calibration", "cuts", "llm"):
            yield _section(name, name, self._tree[name])
        for name, options in self._tree["channels"].items():
            yield _section(f"channels.{name}", "channel", {"kind": name, **options})
        for name, options in self._tree["stages"].items():
            yield _section(f"stages.{name}", "stage", {"kind": name, **options})

    def _values(self) -> Iterator[tuple[str, Any]]:
        yield "shortlist", self._tree["shortlist"]
        for section in self._sections():
            if section.kind:
                yield f"{section.name}.kind", section.kind
            for key, default in section.defaults.items():
                value = section.given.get(key, default)
                yield f"{section.name}.{key}", None if value is dataclasses.MISSING else value


class _Section:
    """The options of one component: those given, all with their defaults, and their types as they are written."""

    def __init__(self, name: str, kind: str, given: Tree, cls: type[Any], hidden: Sequence[str] = ()) -> None:
        self.name, self.kind, self.given = name, kind, given
        self.defaults = {key: value for key, value in registry.options(cls).items() if key not in hidden}
        self.types = {field.name: str(field.type) for field in dataclasses.fields(cls)}


def _section(name: str, kind: str, given: Tree) -> _Section:
    options = {key: value for key, value in given.items() if key != "kind"}
    chosen = given["kind"]
    if not isinstance(chosen, str):
        raise ConfigError(f"'{name}.kind' is {chosen!r}, but must be a name", hint=_nearest("", registry.names(kind)))
    return _Section(name, chosen, options, registry.resolve(kind, chosen))


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


def _check_value(key: str, value: Any, written: str) -> None:
    """A number stays a number: a wrong type is told here, with its key, not deep inside a library."""
    types, what = _TYPES.get(written.removesuffix(" | None"), ((object,), ""))
    if not isinstance(value, types) or (isinstance(value, bool) and bool not in types and what):
        raise ConfigError(f"{key!r} is {value!r}, but must be {what}")
    least = _least(key)
    if isinstance(value, int) and value < least:
        raise ConfigError(f"{key!r} is {value!r}, but must be {least} at least")


def _least(key: str) -> float:
    """The smallest number that makes sense, as far as that is known here."""
    if key.endswith("folds"):
        return _LEAST_FOLDS
    counted = key == "shortlist" or _is_depth(key) or (key.startswith("fitting.") and key not in _FROM_NOTHING)
    return 1 if counted else -math.inf


def _channel_of(key: str) -> str:
    """The channel that a dotted key is about; "" = none."""
    first, _, rest = key.partition(".")
    return rest.partition(".")[0] if first == "channels" else ""


def _is_depth(key: str) -> bool:
    return bool(_channel_of(key)) and key.endswith(_DEPTH)


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """As JSON gives them back."""
    plain: dict[str, Any] = json.loads(json.dumps(values))
    return plain


def _nearest(name: str, known: Iterable[str]) -> str:
    listed = list(known)
    close = difflib.get_close_matches(name, listed, n=1)
    return f"did you mean {close[0]!r}?" if close else f"known are: {', '.join(listed)}"
