"""Language codes as BCP 47 has them, from the three-letter codes of library records."""

from __future__ import annotations

# ISO 639-2 codes (bibliographic and terminological) that have a two-letter ISO 639-1 code; those that records hold.
_PAIRS = """
afr:af alb:sq sqi:sq ara:ar arm:hy hye:hy baq:eu eus:eu bel:be ben:bn bos:bs bul:bg cat:ca chi:zh zho:zh cze:cs ces:cs
dan:da dut:nl nld:nl eng:en epo:eo est:et fin:fi fre:fr fra:fr ger:de deu:de geo:ka kat:ka gle:ga glg:gl gre:el ell:el
heb:he hin:hi hrv:hr hun:hu ice:is isl:is ind:id ita:it jpn:ja kaz:kk kor:ko kur:ku lat:la lav:lv lit:lt ltz:lb mac:mk
mkd:mk may:ms msa:ms mlt:mt nno:nn nob:nb nor:no per:fa fas:fa pol:pl por:pt rum:ro ron:ro rus:ru slo:sk slk:sk slv:sl
sme:se spa:es srp:sr swa:sw swe:sv tam:ta tel:te tha:th tib:bo bod:bo tur:tr ukr:uk urd:ur vie:vi wel:cy cym:cy yid:yi
"""
_TWO_LETTERS = dict(pair.split(":") for pair in _PAIRS.split())
_NONE = {"", "und", "mul", "zxx", "mis", "|||", "xx", "unknown"}


def language_code(code: str | None) -> str | None:
    """The BCP 47 code for what a source states ("ger" -> "de", "EN_gb" -> "en-GB"); ``None`` for no certain one."""
    if code is None:
        return None
    primary, _, rest = code.strip().replace("_", "-").partition("-")
    primary = primary.lower()
    if primary in _NONE or not (primary.isascii() and primary.isalpha() and len(primary) <= 3):
        return None
    primary = _TWO_LETTERS.get(primary, primary)
    return f"{primary}-{rest.upper() if len(rest) == 2 else rest}" if rest else primary
