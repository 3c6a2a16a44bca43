"""Second looks at the shortlist, without a language model: what reads a document and a candidate together."""
