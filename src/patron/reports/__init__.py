"""Reports people read: one self-contained HTML file, three sentences, plots for the tracking store."""

from patron.errors import saying_what_to_install

with saying_what_to_install():
    from patron.reports.account_history import account_histories
    from patron.reports.account_page import Account, account_lines, render_account
    from patron.reports.backtest_page import render_backtest, write_backtest_page
    from patron.reports.desk import AccountHistory, Desk, Trialled
    from patron.reports.html import render_report, write_report
    from patron.reports.owner_page import render_owner_page
    from patron.reports.plots import training_plots
    from patron.reports.readout_page import render_readout
    from patron.reports.sentences import three_sentences
    from patron.reports.value_plots import (
        plot_alive_grid,
        plot_frequency_classes,
        plot_order_values,
        plot_tracking,
    )

__all__ = [
    "Account",
    "AccountHistory",
    "Desk",
    "Trialled",
    "account_histories",
    "account_lines",
    "plot_alive_grid",
    "plot_frequency_classes",
    "plot_order_values",
    "plot_tracking",
    "render_account",
    "render_backtest",
    "render_owner_page",
    "render_readout",
    "render_report",
    "three_sentences",
    "training_plots",
    "write_backtest_page",
    "write_report",
]
