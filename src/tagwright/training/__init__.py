"""Gradient work: what is learned beforehand, and lands in a folder of weights that a component names."""
