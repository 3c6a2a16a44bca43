"""Suggestions as a cataloguer takes them over: fields 650, and 883 that says where each comes from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from xml.sax.saxutils import escape, quoteattr

from tagwright.corpus.marcrecord import AUTHORITIES, MarcField
from tagwright.types import Suggestion

# How a heading's thesaurus is told: the second indicator, and where that is 7 the code in $2.
_SOURCES = {"(DLC)": ("0", ""), "(DNLM)": ("2", ""), "(DE-588)": ("7", "gnd")}
_UNKNOWN = ("4", "")
# What would end a subfield or begin another field; MARCMaker has names for them.
_MAKER = str.maketrans({"$": "{dollar}", "{": "{lcub}", "}": "{rcub}", "\n": " ", "\r": " "})
_BLANK = "\\"
_NAMESPACE = "http://www.loc.gov/MARC21/slim"
# A record of a monograph in UTF-8, whose lengths whoever reads it works out.
_LEADER = "00000nam a2200000uu 4500"


def subject_fields(headings: Sequence[Suggestion], day: date, *, process: str = "tagwright") -> list[MarcField]:
    """A 650 for each, and an 883 linked to it by ``$8``: made by a machine, by what, how sure (``$c``) and when."""
    subjects = [_subject(one, number) for number, one in enumerate(headings, start=1)]
    origins = [
        MarcField(
            "883",
            subfields=(
                ("8", f"{number}\\p"), ("a", process), ("c", f"{one.confidence:.2f}"), ("d", f"{day:%Y%m%d}"),
            ),
            indicators="0 ",
        )
        for number, one in enumerate(headings, start=1)
    ]  # fmt: skip
    return subjects + origins


def mnemonic(fields: Iterable[MarcField]) -> str:
    """The fields as lines of text, as catalogue editors take them (MARCMaker)."""
    return "".join(f"={one.tag}  {one.indicators.replace(' ', _BLANK)}{_joined(one)}\n" for one in fields)


def marcxml(fields: Iterable[MarcField]) -> str:
    """The fields as a record in MARCXML."""
    return "".join(_xml(fields))


def _subject(heading: Suggestion, number: int) -> MarcField:
    identifier, (indicator, code) = _identified(heading.tag)
    source = (("2", code),) if code else ()
    subfields = (("8", f"{number}\\p"), ("a", heading.name), ("0", identifier), *source)
    return MarcField("650", subfields=subfields, indicators=f" {indicator}")


def _identified(tag: str) -> tuple[str, tuple[str, str]]:
    """What stands in $0, with the issuer where it is known, and how the thesaurus is told."""
    for issuer, address in AUTHORITIES.items():
        if issuer in _SOURCES and (tag.startswith(address) or tag.startswith(issuer)):
            shown = f"{issuer}{tag.removeprefix(address)}" if issuer == "(DE-588)" and tag.startswith(address) else tag
            return shown, _SOURCES[issuer]
    return tag, _UNKNOWN


def _joined(field: MarcField) -> str:
    return "".join(f"${code}{value.translate(_MAKER)}" for code, value in field.subfields)


def _xml(fields: Iterable[MarcField]) -> Iterator[str]:
    yield f'<?xml version="1.0" encoding="UTF-8"?>\n<record xmlns="{_NAMESPACE}">\n  <leader>{_LEADER}</leader>\n'
    for field in fields:
        first, second = map(quoteattr, field.indicators)
        yield f'  <datafield tag="{field.tag}" ind1={first} ind2={second}>\n'
        for code, value in field.subfields:
            yield f"    <subfield code={quoteattr(code)}>{escape(value)}</subfield>\n"
        yield "  </datafield>\n"
    yield "</record>\n"
