"""Texts into tokens, stems, sentences and languages."""
