"""Reports people read: one self-contained HTML file, three sentences, plots for the tracking store."""

from patron.reports.html import render_report, write_report
from patron.reports.plots import training_plots
from patron.reports.sentences import three_sentences

__all__ = ["render_report", "three_sentences", "training_plots", "write_report"]
