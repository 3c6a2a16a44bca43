"""The rules of the house that a machine can keep: short files and functions, no code from data, a quick start."""

from __future__ import annotations

import ast
import importlib
import re
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from tagwright.registry import BUILT_IN

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ["src", "tests", "benchmarks", "examples"]
PYTHON_FILES = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))
LONGEST_FILE, LONGEST_FUNCTION = 300, 40

# "path" or "path:function" -> why it may be longer. Empty is best.
EXCEPTIONS: dict[str, str] = {}

# Calls that run code hidden in data.
FORBIDDEN_MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal", "yaml"}
FORBIDDEN_CALLS = {"eval", "exec", "compile", "__import__"}
FORBIDDEN_METHODS = {("torch", "load"), ("yaml", "load")}

# A path of somebody's machine, and the hosts that packages come from.
MACHINE_PATH = re.compile(r"(?<![\w./:~$)}\]-])/(?:root|home|work|opt|mnt|Users)/\w")
REGISTRY_HOST = re.compile(r"\b(?:pypi|pythonhosted|npmjs|anaconda|debian)\.(?:org|com)\b")
TEXT_ENDINGS = {".py", ".md", ".toml", ".cfg", ".json", ".jsonl", ".csv", ".tsv", ".ttl", ".txt", ".yml", ".sh", ""}


def place(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def functions(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def test_a_file_has_at_most_300_lines() -> None:
    lengths = {place(path): len(path.read_text(encoding="utf-8").splitlines()) for path in PYTHON_FILES}
    assert {name: n for name, n in lengths.items() if n > LONGEST_FILE and name not in EXCEPTIONS} == {}


def test_a_function_has_at_most_40_lines() -> None:
    lengths = {
        f"{place(path)}:{node.name}": (node.end_lineno or 0) - node.lineno + 1
        for path in PYTHON_FILES
        for node in functions(path)
    }
    assert {name: n for name, n in lengths.items() if n > LONGEST_FUNCTION and name not in EXCEPTIONS} == {}


def test_an_exception_from_these_lengths_is_still_needed() -> None:
    assert all((ROOT / name.split(":")[0]).exists() for name in EXCEPTIONS)


def test_nothing_in_the_package_runs_code_that_stands_in_data() -> None:
    faults = []
    for path in sorted((ROOT / "src").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            faults += [f"{place(path)}:{node.lineno}: {what}" for what in forbidden(node)]
    assert faults == []


def forbidden(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [a.name for a in node.names if a.name.split(".")[0] in FORBIDDEN_MODULES]
    if isinstance(node, ast.ImportFrom):
        return [str(node.module)] if str(node.module).split(".")[0] in FORBIDDEN_MODULES else []
    if not isinstance(node, ast.Call):
        return []
    if any(k.arg == "allow_pickle" and getattr(k.value, "value", True) for k in node.keywords):
        return ["allow_pickle"]
    function = node.func
    if isinstance(function, ast.Name):
        return [function.id] if function.id in FORBIDDEN_CALLS else []
    if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
        name = (function.value.id, function.attr)
        return [".".join(name)] if name in FORBIDDEN_METHODS else []
    return []


def test_the_rule_about_code_in_data_sees_what_it_should() -> None:
    bad = ["import pickle", "from joblib import load", "eval('1')", "torch.load(p)", "np.load(p, allow_pickle=True)"]
    good = ["re.compile('a')", "np.load(p, allow_pickle=False)", "json.load(f)"]
    assert [any(forbidden(n) for n in ast.walk(ast.parse(code))) for code in bad] == [True] * len(bad)
    assert [any(forbidden(n) for n in ast.walk(ast.parse(code))) for code in good] == [False] * len(good)


def test_help_loads_no_heavy_library() -> None:
    code = (
        "import sys\nfrom tagwright.cli.main import run\n"
        "try:\n    run(['--help'])\nexcept SystemExit:\n    pass\n"
        "print(sorted({m.split('.')[0] for m in sys.modules}), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(ast.literal_eval(done.stderr.splitlines()[-1]))
    assert loaded & {"numpy", "scipy", "sklearn", "lightgbm", "pyoxigraph", "simplemma", "torch"} == set()
    assert "suggest" in done.stdout


def test_opening_a_project_loads_nothing_that_only_a_few_commands_need() -> None:
    code = "import sys, tagwright.project; print(sorted(m for m in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(ast.literal_eval(done.stdout))
    assert loaded & {"scipy.stats", "scipy.optimize", "lightgbm", "sklearn", "pyoxigraph", "httpx", "pyarrow"} == set()


def test_help_takes_at_most_three_tenths_of_a_cpu_second() -> None:
    assert min(cpu_seconds([sys.executable, "-m", "tagwright", "--help"]) for _ in range(3)) <= 1.0


def cpu_seconds(command: list[str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@pytest.mark.parametrize("entry", [entry for table in BUILT_IN.values() for entry in table.values()])
def test_every_entry_of_the_registry_can_be_imported_without_its_extra(entry: str) -> None:
    module, _, name = entry.partition(":")
    assert isinstance(getattr(importlib.import_module(module), name), type)


def test_no_path_of_a_machine_and_no_host_of_a_registry_stands_in_the_repository() -> None:
    faults = []
    for path in repository_files():
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if MACHINE_PATH.search(line) or REGISTRY_HOST.search(line):
                faults.append(f"{place(path)}:{number}: {line.strip()[:100]}")
    assert faults == []


def repository_files() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("this is no checkout")
    paths = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    return [path for path in paths if path.is_file() and path.suffix in TEXT_ENDINGS]
