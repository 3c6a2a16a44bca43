"""The RDF properties that say something about a tag, as numbers."""

from __future__ import annotations

_SKOS = "http://www.w3.org/2004/02/skos/core#"
_XL = "http://www.w3.org/2008/05/skos-xl#"
_ISO = "http://purl.org/iso25964/skos-thes#"
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"

PREDICATES: tuple[tuple[str, ...], ...] = (
    (f"{_RDF}type",),
    (f"{_SKOS}prefLabel",),
    (f"{_SKOS}altLabel",),
    (f"{_SKOS}hiddenLabel",),
    (f"{_XL}prefLabel",),
    (f"{_XL}altLabel",),
    (f"{_XL}hiddenLabel",),
    (f"{_XL}literalForm",),
    (f"{_SKOS}definition",),
    (f"{_SKOS}scopeNote",),
    (f"{_SKOS}notation",),
    (f"{_SKOS}broader", f"{_ISO}broaderGeneric", f"{_ISO}broaderInstantial", f"{_ISO}broaderPartitive"),
    (f"{_SKOS}narrower", f"{_ISO}narrowerGeneric", f"{_ISO}narrowerInstantial", f"{_ISO}narrowerPartitive"),
    (f"{_SKOS}related",),
    ("http://www.w3.org/2002/07/owl#deprecated",),
    ("http://purl.org/dc/terms/isReplacedBy",),
    (f"{_RDF}value",),
    ("http://www.w3.org/2000/01/rdf-schema#label",),
)
(
    TYPE, PREF, ALT, HIDDEN, XL_PREF, XL_ALT, XL_HIDDEN, LITERAL_FORM, DEFINITION, SCOPE_NOTE, NOTATION, BROADER,
    NARROWER, RELATED, DEPRECATED, REPLACED_BY, VALUE, LABEL,
) = range(len(PREDICATES))  # fmt: skip
CONCEPT = f"{_SKOS}Concept"
NO_CONCEPTS = (f"{_SKOS}ConceptScheme", f"{_SKOS}Collection", f"{_SKOS}OrderedCollection")
