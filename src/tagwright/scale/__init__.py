"""Big batches: shards with a ledger, done by workers of this machine or of a Ray cluster."""
