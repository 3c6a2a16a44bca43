"""The home: a folder with settings, vocabulary, what was learned, and what is remembered."""

from tagwright.project.project import Project
from tagwright.project.reports import Finding, TagReport, TrainReport
from tagwright.project.settings import Settings

__all__ = ["Finding", "Project", "Settings", "TagReport", "TrainReport"]
