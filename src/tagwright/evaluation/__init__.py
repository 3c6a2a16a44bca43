"""How good suggestions are: metrics with stated definitions, reports, and what a difference is worth."""
