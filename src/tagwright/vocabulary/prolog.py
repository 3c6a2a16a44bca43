"""What stands before the root element of an XML file: refused where it could make a small file grow.

Old OWL files abbreviate namespaces by entities, so plain ones are let through: internal, at most 64 of at most 1 KiB,
without references to other entities.
"""

from __future__ import annotations

import re

_MISC = re.compile(rb"\s+|<\?.*?\?>|<!--.*?-->", re.DOTALL)
_DOCTYPE = re.compile(rb"<!doctype\s+[^\s\[\]<>]+\s*", re.IGNORECASE)
_ENTITY = re.compile(rb"""<!ENTITY\s+([^\s%&;<>"']+)\s+(?:"([^"]*)"|'([^"']*)')\s*>""")
_REFERENCE = re.compile(rb"&|%[^\s;%&]+;")
_END = re.compile(rb"\]\s*>")
_ROOT = re.compile(rb"<[^\s!?/>]")

LONGEST_PROLOG = 1 << 18
_ENTITIES = 64
_LONGEST_ENTITY = 1024


class RefusedError(Exception):
    """The file is not to be trusted; the message says why."""


def plain_prolog(head: bytes) -> tuple[bytes, int]:
    """A prolog that declares the same entities as that in ``head`` and nothing else, and where the root begins.

    ``head`` is the beginning of an XML file in UTF-8. Raises `RefusedError` for a prolog that is not harmless.
    """
    place, entities = 0, None
    while True:
        if match := _MISC.match(head, place):
            place = match.end()
        elif entities is None and (match := _DOCTYPE.match(head, place)):
            place, entities = _doctype(head, match.end())
        else:
            break
    if not _ROOT.match(head, place) and head[place:].strip():
        raise RefusedError("what stands before its root element is no plain XML prolog")
    if place >= LONGEST_PROLOG:
        raise RefusedError(f"what stands before its root element is longer than {LONGEST_PROLOG >> 10} KiB")
    declared = b"".join(b'<!ENTITY %s "%s">' % entity for entity in entities or ())
    return b"<!DOCTYPE root [%s]>" % declared if declared else b"", place


def _doctype(head: bytes, place: int) -> tuple[int, list[tuple[bytes, bytes]]]:
    """Where the DTD whose name ends at ``place`` ends, and its entities."""
    entities: list[tuple[bytes, bytes]] = []
    if head.startswith(b">", place):
        return place + 1, entities
    if not head.startswith(b"[", place):
        raise RefusedError("its DTD lies in another file")
    place += 1
    while not (end := _END.match(head, place)):
        if match := _MISC.match(head, place):
            place = match.end()
        elif match := _ENTITY.match(head, place):
            place = match.end()
            entities.append((match.group(1), _value(match.group(2) or match.group(3) or b"")))
        else:
            raise RefusedError("its DTD declares something else than plain internal entities")
    if len(entities) > _ENTITIES:
        raise RefusedError(f"its DTD has more than {_ENTITIES} entities")
    return end.end(), entities


def _value(value: bytes) -> bytes:
    if _REFERENCE.search(value):
        raise RefusedError("its DTD has entities within entities")
    if len(value) > _LONGEST_ENTITY:
        raise RefusedError(f"its DTD has an entity of more than {_LONGEST_ENTITY} bytes")
    return value
