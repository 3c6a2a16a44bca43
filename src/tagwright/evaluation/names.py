"""What each metric is called, how it is defined, and where it comes from."""

from __future__ import annotations

import re
from dataclasses import dataclass

ANNIF = {
    "Precision@1": "P@1(annif)",
    "Precision@3": "P@3(annif)",
    "Precision@5": "P@5(annif)",
    "F1@5": "F1@5",
    "NDCG@5": "nDCG@5",
    "NDCG@10": "nDCG@10",
    "Precision (doc avg)": "P@10(annif)",
    "Recall (doc avg)": "R@10",
    "F1 score (doc avg)": "F1@10",
}
"""Annif's names, which it promises not to change -> ours, at its default limit of 10 suggestions."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One line of the table; ``k``, ``n``, ``band`` and ``channel`` stand for what a report puts there."""

    name: str
    definition: str
    reference: str = ""


METRICS = (
    Metric("P@k", "hits among the first k / k; mean over documents", "the XMC literature"),
    Metric(
        "P@k(annif)", "hits among the first k / min(k, suggestions given), 0 for none; mean over documents", "Annif"
    ),
    Metric("R@k", "hits among the first k / gold tags; mean over documents"),
    Metric("F1@k", "2 hits / (min(k, suggestions given) + gold tags); mean over documents", "Annif"),
    Metric("F1@k(means)", "harmonic mean of P@k and R@k", "LLMs4Subjects"),
    Metric(
        "nDCG@k", "binary gain, 1/log2(place+1), ideal over min(k, gold tags); mean over documents", "Järvelin 2002"
    ),
    Metric(
        "PSP@k",
        "hits among the first k weighted by 1 + C(N_l+B)^-A, A=0.55, B=1.5, C=(ln N-1)(B+1)^A, N_l of the N training "
        "documents with the tag / the same of the best k gold tags; ratio of sums over documents",
        "Jain et al. 2016",
    ),
    Metric("RP@k", "hits among the first k / min(k, gold tags); mean over documents", "Chalkidis et al. 2019"),
    Metric("R-precision", "hits among the first |gold| / |gold|; mean over documents"),
    Metric("#Right", "gold tags among the first 20; mean over documents", "LLM4Tag"),
    Metric("HR#n", "share of documents with at least n gold tags among the first 20", "LLM4Tag"),
    Metric("microP", "right / given, sums over documents; given: confidence >= the cut"),
    Metric("microR", "right / gold tags, sums over documents; given: confidence >= the cut"),
    Metric("microF1", "2 right / (given + gold tags), sums over documents; given: confidence >= the cut"),
    Metric("tags/doc", "suggestions with confidence >= the cut; mean over documents"),
    Metric("F1(set)", "2 right / (given + gold tags) of each document; mean; given: by the project's own kind of cut"),
    Metric("P(set)", "right / given of each document, 0 for none; mean; given: by the project's own kind of cut"),
    Metric("R(set)", "right / gold tags of each document; mean; given: by the project's own kind of cut"),
    Metric("tags/doc(set)", "tags given by the project's own kind of cut; mean over documents"),
    Metric("macroF1", "F1 of each tag at the cut; mean over tags that are gold or given"),
    Metric("macroF1(gold)", "F1 of each tag at the cut; mean over tags that are gold"),
    Metric("macroF1(all)", "F1 of each tag at the cut; mean over the whole vocabulary, 0 for a tag never seen here"),
    Metric("macroF1(means)", "harmonic mean of precision and recall averaged over tags that are gold or given"),
    Metric("Acc@k", "right / min(k, given) at the cut; mean over documents given any; read with Coverage@k", "LLM4Tag"),
    Metric("Acc@k(every)", "the same, mean over all documents, 0 where none was given"),
    Metric("Coverage@k", "share of documents with at least k suggestions of confidence >= the cut", "LLM4Tag"),
    Metric("hP", "precision at the cut, ancestors added on both sides; ratio of sums", "Kiritchenko et al. 2006"),
    Metric("hR", "recall at the cut, ancestors added on both sides; ratio of sums", "Kiritchenko et al. 2006"),
    Metric("hF1", "F1 at the cut, ancestors added on both sides; ratio of sums", "Kiritchenko et al. 2006"),
    Metric("microF1*", "microF1 at the cut that is best on these very documents: an oracle"),
    Metric("microP*", "microP at that cut"),
    Metric("microR*", "microR at that cut"),
    Metric("tags/doc*", "tags/doc at that cut"),
    Metric("cut*", "that cut"),
    Metric("R@k[band]", "hits among the first k / gold tags; pooled over gold tags with so many training documents"),
    Metric("gold[band]", "number of such gold tags"),
    Metric(
        "ECE", "|mean confidence - share right|, weighted over 10 equal ranges; first 20 suggestions", "Guo et al. 2017"
    ),
    Metric("ECE[band]", "the same over suggested tags with so many training documents"),
    Metric("ECE@k", "the same over the first k suggestions"),
    Metric("Brier", "mean of (confidence - right)^2; first 20 suggestions", "Brier 1950"),
    Metric("overconfidence", "mean confidence - share right of suggestions with confidence >= 0.5"),
    Metric("confident", "number of suggestions with confidence >= 0.5"),
    Metric("R[channel]", "share of the gold tags that the channel found at its full depth; mean over documents"),
    Metric("alone[channel]", "share of the gold tags that only this channel found; mean over documents"),
)


def metric(name: str) -> Metric:
    """The line of the table that a name such as "nDCG@10" or "R@50[5-19]" belongs to."""
    pattern = re.sub(r"\[[^]]*\]$", "[*]", name)
    pattern = re.sub(r"#\d+", "#n", re.sub(r"@\d+", "@k", pattern))
    found = [m for m in METRICS if re.sub(r"\[[^]]*\]$", "[*]", m.name) == pattern]
    assert found, f"the metric {name!r} is not in the table of names"
    return found[0]
