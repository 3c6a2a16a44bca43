"""The project's own API, ``/api/v1``: a file a subject, each with a ``router``."""
