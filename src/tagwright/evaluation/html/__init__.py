"""The evaluation report as one HTML file that needs nothing else: pictures, tables, and what they were made from."""

from tagwright.evaluation.html.page import page

__all__ = ["page"]
