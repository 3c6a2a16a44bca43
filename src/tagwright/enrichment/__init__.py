"""Texts that the vocabulary and the training lack: descriptions and synonyms of tags, documents for rare tags."""
