"""What stands before the root element of an XML file: refused where it could make a small file grow.

Old OWL files abbreviate namespaces by entities, so plain ones are let through: internal, at most 64 of at most 1 KiB,
without references to other entities.
"""

from __future__ import annotations

import re

_MISC = re.compile(rb"\s+|<\?.*?\?>|<!--.*?-->", re.DOTALL)
_DOCTYPE = re.compile(rb"<!doctype\s+[^\s\[\]<>]+\s*", re.IGNORECASE)
_ENTITY = re.compile(rb"""<!ENTITY\s+[^\s%&;<>"']+\s+(?:"([^"]*)"|'([^']*)')\s*>""")
_REFERENCE = re.compile(rb"&|%[^\s;%&]+;")
_END = re.compile(rb"\]\s*>")
_ROOT = re.compile(rb"<[^\s!?/>]")

LONGEST_PROLOG = 1 << 18
_ENTITIES = 64
_LONGEST_ENTITY = 1024


class RefusedError(Exception):
    """The file is not to be trusted; the message says why."""


def check_prolog(head: bytes) -> None:
    """Raises `RefusedError` unless the beginning of an XML file (UTF-8) is a harmless prolog and a root element."""
    place, declared = 0, False
    while True:
        if match := _MISC.match(head, place):
            place = match.end()
        elif not declared and (match := _DOCTYPE.match(head, place)):
            place, declared = _after_doctype(head, match.end()), True
        else:
            break
    if not _ROOT.match(head, place) and head[place:].strip():
        raise RefusedError("what stands before its root element is no plain XML prolog")
    if place >= LONGEST_PROLOG:
        raise RefusedError(f"what stands before its root element is longer than {LONGEST_PROLOG >> 10} KiB")


def _after_doctype(head: bytes, place: int) -> int:
    """Behind the DTD whose name ends at ``place``."""
    if head.startswith(b">", place):
        return place + 1
    if not head.startswith(b"[", place):
        raise RefusedError("its DTD lies in another file")
    place, entities = place + 1, 0
    while not (end := _END.match(head, place)):
        if match := _MISC.match(head, place):
            place = match.end()
            continue
        match = _ENTITY.match(head, place)
        if not match:
            raise RefusedError("its DTD declares something else than plain internal entities")
        value = match.group(1) or match.group(2) or b""
        entities += 1
        if _REFERENCE.search(value):
            raise RefusedError("its DTD has entities within entities")
        if entities > _ENTITIES or len(value) > _LONGEST_ENTITY:
            raise RefusedError(f"its DTD has more than {_ENTITIES} entities or one over {_LONGEST_ENTITY} bytes")
        place = match.end()
    return end.end()
