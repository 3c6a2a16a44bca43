"""Documents to candidates: one file a channel, all with the promise of `base`."""
