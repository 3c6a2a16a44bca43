"""Tags in: SKOS, JSONL, CSV and Annif's forms into one lean columnar vocabulary."""
