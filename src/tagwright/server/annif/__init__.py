"""Annif's REST API (version 1.4.3), so that programs written for Annif work with tagwright: see `routes.routes`.

What Annif answers is answered alike, odd things included; where it fails, drops or cannot be asked safely, this does
not: texts of 50 MB, bytes that are no UTF-8, unknown subjects in ``learn``, requests of other origins, keys.
"""
