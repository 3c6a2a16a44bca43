"""The command line: one file a verb; a verb reads its options, calls the library, shows the result."""
