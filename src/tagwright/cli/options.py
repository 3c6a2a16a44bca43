"""The options that several verbs share, each written once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

HERE = Path(".")

ProjectFolder = Annotated[
    Path,
    typer.Option("--project", "-p", metavar="DIR", help="The project's folder.", show_default="the current folder"),
]
ProjectFolders = Annotated[
    list[Path],
    typer.Option(
        "--project",
        "-p",
        metavar="DIR",
        help="A project's folder (may be repeated).",
        show_default="the current folder",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON and nothing else.")]
Overrides = Annotated[
    list[str],
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Use this value for one setting, this once: channels.lexical.k=50.",
        show_default=False,
    ),
]
HowMany = Annotated[int, typer.Option("-k", min=1, max=1000, help="How many tags a document at most.")]

# How tags are read: the verbs that take a vocabulary share these.
TagsKind = Annotated[
    str | None,
    typer.Option("--kind", help="How to read the file (skos, jsonl, table) where its name does not tell."),
]
TagsColumns = Annotated[
    list[str],
    typer.Option(
        "--column",
        metavar="PART=NAME",
        help="Which column or key holds the id, name, synonyms, description, …: name=heading.",
        show_default=False,
    ),
]
TagsSeparator = Annotated[str | None, typer.Option("--separator", help="What stands between the values in one cell.")]
TagsLanguage = Annotated[str | None, typer.Option("--language", help="Show the tags' names in this language: en.")]

# How documents are read: the verbs that take a corpus share these.
Sources = Annotated[
    list[str],
    typer.Argument(metavar="CORPUS", help="Files, folders or patterns; '-' is standard input.", show_default=False),
]
Kind = Annotated[
    str | None,
    typer.Option(
        "--kind",
        help="How to read the files (jsonl, table, parquet, annif, marc, text) where their names do not tell.",
    ),
]
Columns = Annotated[
    list[str],
    typer.Option(
        "--column",
        metavar="PART=NAME",
        help="Which column or key holds the id, title, text, tags or language: text=abstract.",
        show_default=False,
    ),
]
Separator = Annotated[str | None, typer.Option("--separator", help="What stands between the tags in one cell.")]
TagPrefixes = Annotated[
    list[str],
    typer.Option(
        "--tag-prefix",
        metavar="OLD=NEW",
        help="Rewrite how tag ids begin: '(DE-588)=https://d-nb.info/gnd/'.",
        show_default=False,
    ),
]
Language = Annotated[str | None, typer.Option("--language", help="The language of documents that state none: en.")]

# What a language model may be asked: the verbs that can ask one share these.
WithLlm = Annotated[bool, typer.Option("--llm", help="Let the project's language model have its say.")]
MaxCalls = Annotated[
    float | None, typer.Option("--max-calls", min=0, help="Ask at most so many questions.", show_default=False)
]
MaxTokens = Annotated[
    float | None, typer.Option("--max-tokens", min=0, help="Spend at most so many tokens.", show_default=False)
]
MaxCost = Annotated[
    float | None,
    typer.Option(
        "--max-cost", min=0, help="Spend at most this, by the prices in the settings (budget.…).", show_default=False
    ),
]


def caps(calls: float | None, tokens: float | None, cost: float | None) -> dict[str, float]:
    """The caps that were given, as a budget takes them."""
    given = {"calls": calls, "tokens": tokens, "cost": cost}
    return {name: value for name, value in given.items() if value is not None}
