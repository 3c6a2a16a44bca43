"""What a project remembers: kept documents, the growth log, cached answers, and who is at work."""
