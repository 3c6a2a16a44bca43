"""A small demonstration library that the project wrote itself: a town, its tags, its documents."""
