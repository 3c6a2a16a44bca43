"""The channels of a tagger with what they share, and how everything is fitted without leaking."""
