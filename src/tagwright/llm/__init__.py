"""Prompts to completions: servers, local models, and what stands before them: a cache and a budget."""
