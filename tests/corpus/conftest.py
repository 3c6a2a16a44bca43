"""Library records for the tests, as ISO 2709 and as MARCXML."""

from __future__ import annotations

from types import SimpleNamespace
from xml.sax.saxutils import escape, quoteattr

import pytest

Field = tuple[str, str | list[tuple[str, str]]]

RECORD: list[Field] = [
    ("001", "990001"),
    ("008", "s".ljust(35) + "eng" + "  "),
    ("041", [("a", "ger"), ("h", "eng")]),
    ("245", [("a", "\x98Der\x9c Wind :"), ("b", "über Böden /"), ("c", "A. Bé")]),
    ("505", [("t", "Kapitel 1"), ("r", "X")]),
    ("520", [("a", "Zusammenfassung.")]),
    ("650", [("a", "Wind"), ("0", "(DE-588)4136216-0"), ("0", "(DE-627)104")]),
    ("651", [("a", "Kiel"), ("0", "https://d-nb.info/gnd/4030481-4")]),
    ("653", [("a", "Böen"), ("a", "Sturm")]),
    ("655", [("a", "Buch")]),
]


def iso2709(fields: list[Field], *, encoding: str = "utf-8", leader9: str = "a") -> bytes:
    directory, data = b"", b""
    for tag, content in fields:
        if isinstance(content, str):
            value = content.encode(encoding)
        else:
            value = b"  " + b"".join(b"\x1f" + code.encode() + text.encode(encoding) for code, text in content)
        value += b"\x1e"
        directory += f"{tag}{len(value):04d}{len(data):05d}".encode()
        data += value
    base = 24 + len(directory) + 1
    length = base + len(data) + 1
    leader = f"{length:05d}nam {leader9}22{base:05d}   4500".encode()
    assert len(leader) == 24
    return leader + directory + b"\x1e" + data + b"\x1d"


def marcxml(fields: list[Field], prefix: str = "") -> str:
    lines = [f"<{prefix}record>", f"<{prefix}leader>00000nam a2200000   4500</{prefix}leader>"]
    for tag, content in fields:
        if isinstance(content, str):
            lines.append(f"<{prefix}controlfield tag={quoteattr(tag)}>{escape(content)}</{prefix}controlfield>")
            continue
        lines.append(f'<{prefix}datafield tag={quoteattr(tag)} ind1=" " ind2=" ">')
        for code, text in content:
            lines.append(f"<{prefix}subfield code={quoteattr(code)}>{escape(text)}</{prefix}subfield>")
        lines.append(f"</{prefix}datafield>")
    lines.append(f"</{prefix}record>")
    return "\n".join(lines)


@pytest.fixture(scope="session")
def marc() -> SimpleNamespace:
    """``record`` (fields), ``numbered(n)`` (the same with n in 001), ``iso2709(fields)``, ``xml(fields)``."""

    def numbered(number: int) -> list[Field]:
        return [("001", str(number)), *RECORD[1:]]

    return SimpleNamespace(record=RECORD, numbered=numbered, iso2709=iso2709, xml=marcxml)
