"""Reports people read: one self-contained HTML file, three sentences, plots for the tracking store."""

from patron.reports.backtest_page import render_backtest, write_backtest_page
from patron.reports.html import render_report, write_report, write_text
from patron.reports.plots import training_plots
from patron.reports.sentences import three_sentences
from patron.reports.value_plots import (
    plot_alive_grid,
    plot_frequency_classes,
    plot_order_values,
    plot_tracking,
)

__all__ = [
    "plot_alive_grid",
    "plot_frequency_classes",
    "plot_order_values",
    "plot_tracking",
    "render_backtest",
    "render_report",
    "three_sentences",
    "training_plots",
    "write_backtest_page",
    "write_report",
    "write_text",
]
