"""The command line: every command in its group, and what happens when one fails."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from typing import Annotated, Any

import typer

import patron
from patron.cli import campaign, models, monitor, run, screen, start, store, study, weekly
from patron.errors import PatronError, saying_what_to_free

app = typer.Typer(
    name="patron",
    help="Which B2B customers are about to stop buying, what each is worth, and whom to call first.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)

#: Group of the overview -> its commands, in the order they are shown.
GROUPS: dict[str, dict[str, Callable[..., Any]]] = {
    "Start": {"demo": start.demo, "init": start.init_project, "check": start.check},
    "Weekly": {
        "run": run.run,
        "store": store.store,
        "score": weekly.score,
        "actions": weekly.actions,
        "worklist": weekly.worklist,
        "report": weekly.report,
        "account": weekly.account,
        "monitor": monitor.monitor,
    },
    "Study": {
        "train": study.train,
        "backtest": study.backtest,
        "retention": study.retention,
        "verify": study.verify,
        "features": study.features,
    },
    "Models": {
        "models": models.models,
        "promote": models.promote,
        "rollback": models.rollback,
        "export": models.export,
    },
}


def _version(wanted: bool) -> None:
    if wanted:
        screen.say(f"patron {patron.__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[  # noqa: ARG001
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    from patron.registry import disable_telemetry

    disable_telemetry()


for _group, _commands in GROUPS.items():
    for _name, _command in _commands.items():
        app.command(_name, rich_help_panel=_group)(_command)
app.add_typer(campaign.app, name="campaign", rich_help_panel="Weekly")


def main() -> None:
    """Run the command line: 0 done, 1 the user can fix it, 2 wrong usage, 3 refused."""
    # a terminated training must end as failed, not stay open for ever
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        with saying_what_to_free():
            app(standalone_mode=True)
    except PatronError as error:
        screen.complain(error)
        sys.exit(error.exit_code)
    except OSError as error:  # a full disk, a folder that may not be written
        screen.complain(PatronError(f"{error.strerror or error}: '{error.filename or ''}'."))
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
