"""Vectors to their nearest neighbours: the promise (`base`) and the kinds that keep it."""
