"""What campaigns mean for the lists of a day: who is left alone, and which save rates were measured."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from patron.actions import MeasuredRates
from patron.campaigns import CONTROL, Campaign, SaveRate, posterior_save_rate, running
from patron.config import Config


def campaigns_folder(config: Config) -> Path:
    """Return where the campaigns of a config lie."""
    return config.output_folder / "campaigns"


def held_out(campaigns: Sequence[Campaign], day: date) -> dict[str, date]:
    """Return the accounts that running campaigns leave alone, and until when.

    Parameters
    ----------
    campaigns : sequence of Campaign
        All there are.
    day : date
        Of the lists.

    Returns
    -------
    dict
        Customer -> the day after the window.
    """
    return {
        str(customer): one.plan.ends_on
        for one in running(campaigns, day)
        for customer in one.assignment.loc[one.assignment["arm"] == CONTROL, "customer_id"]
    }


def measured_rates(campaigns: Sequence[Campaign], day: date, assumed: float) -> MeasuredRates | None:
    """Return the save rates of the newest campaign that ended before a day and was carried out as drawn.

    Parameters
    ----------
    campaigns : sequence of Campaign
        The one that began first first.
    day : date
        Of the lists.
    assumed : float
        Save rate of the config: the prior that a measurement is combined with.

    Returns
    -------
    MeasuredRates or None
        None where no campaign has been read out.
    """
    for one in reversed(campaigns):
        read = one.readout
        if read is None or one.plan.ends_on > day or read["verdict"]["code"] in ("invalid", "too_early"):
            continue
        rates = {
            str(rate["tier"]): _combined(SaveRate(**rate), assumed)
            for rate in (*read["save_rates"], read["save_rate"])
        }
        others = rates.pop("overall")
        return MeasuredRates(one.plan.name, one.plan.ends_on, rates, others)
    return None


def _combined(measured: SaveRate, assumed: float) -> tuple[float, float, float]:
    """Return mean, low and high to count on; the measured ones where nothing was assumed."""
    if assumed <= 0:
        return measured.save_rate, measured.low, measured.high
    return posterior_save_rate(measured, assumed)
