"""The plots for the tracking store."""

import struct

import fake_report_data
import matplotlib as mpl

from patron.reports import training_plots

VALUE_PLOTS = {"clv_tracking.png", "clv_frequency.png", "clv_alive.png", "clv_order_values.png"}


def test_seven_plots_with_the_same_bytes_each_time():
    """Same evaluation, same PNG bytes, and pictures of a real size."""
    first, second = (training_plots(fake_report_data.fake_evaluation()) for _ in range(2))
    assert set(first) == {"calibration.png", "clv_deciles.png", "lift.png", *VALUE_PLOTS}
    assert first == second
    for name, plot in first.items():
        assert plot.startswith(b"\x89PNG\r\n")
        assert struct.unpack(">II", plot[16:24]) == ((792, 506) if name in VALUE_PLOTS else (704, 528))


def test_plots_leave_matplotlib_s_settings_alone():
    """No global state: settings are the same before and after."""
    before = dict(mpl.rcParams)
    training_plots(fake_report_data.fake_evaluation())
    assert dict(mpl.rcParams) == before


def test_missing_parts_have_no_plot():
    """Without a churn evaluation only the values are drawn; nulls in it do no harm."""
    evaluation = fake_report_data.fake_evaluation()
    evaluation["churn"] = None
    for key in ("tracking", "frequency_classes", "alive_grid"):
        del evaluation["clv_holdout"][key]
    evaluation["clv_holdout"]["order_values"] = None
    evaluation["clv_holdout"]["deciles"][0]["expected_value"] = None
    assert list(training_plots(evaluation)) == ["clv_deciles.png"]
