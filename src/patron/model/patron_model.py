"""`PatronModel`: everything a service needs to score, as a folder of data.

Loading needs numpy, scipy, pandas, narwhals and lightgbm; no MLflow, no YAML, and no code from the folder.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from patron.ledger import Ledger, at_hand, load_ledger, materialise
from patron.model import horizons
from patron.model._customer import tables_of_customer
from patron.model._fit import as_pandas, check_fit, like, reading_rules
from patron.model._written import model_files
from patron.model.card import CARD, card_markdown, card_of
from patron.model.explanation import Explanation, explain_customer, importance_table
from patron.model.manifest import write_model
from patron.scoring import (
    Rows,
    ScoringParts,
    checked_rows,
    ledger_rows,
    no_scores,
    rows_of,
    score_rows,
)
from patron.snapshots import CustomerMerge, CustomerTables, customer_tables, to_day


@dataclass(frozen=True)
class PatronModel:
    """A trained model.

    Parameters
    ----------
    name : str
        Shown in the column ``model``: ``name/version``, or the folder's name.
    parts : ScoringParts
        Churn, value, segments, playbook.
    manifest : dict
        Facts: ``as_of``, counts, package versions, config, recipe, metrics.
    evaluation : dict
        ``evaluation.json``.
    ledger_rules : dict
        How order lines were read in training (refunds, exclusions, time zone), for `score`.
    """

    name: str
    parts: ScoringParts
    manifest: Mapping[str, Any] = field(default_factory=dict)
    evaluation: Mapping[str, Any] = field(default_factory=dict)
    ledger_rules: Mapping[str, Any] = field(default_factory=dict)

    def score(
        self,
        orders: Any,
        as_of: str | date = "latest",
        *,
        customers: pd.DataFrame | None = None,
        events: pd.DataFrame | None = None,
        merges: Sequence[CustomerMerge] = (),
        language: str | None = None,
    ) -> Any:
        """Score customers from their order lines.

        Parameters
        ----------
        orders : pandas or Polars frame, or a path
            ``customer_id``, ``ordered_at``, ``amount`` and what else the training ledger had, under patron's
            names; all lines of the customers to be scored.
        as_of : str or date
            Only what lies before the start of this day is used.
        customers, events : pandas.DataFrame, optional
            As in training, of `ledger.load_customers` and `ledger.load_events`.
        merges : sequence of CustomerMerge
            Customers that were given a new id.
        language : str, optional
            ``en`` or ``zh`` for reasons, actions and notes; that of training when None.

        Returns
        -------
        pandas or Polars frame
            One row per customer, `columns.SCORE_COLUMNS`; Polars in, Polars out.

        Raises
        ------
        LedgerError
            If the orders cannot be used.
        """
        frame = self._features(orders, as_of, customers, events, merges)
        return like(orders, self._scored(rows_of(frame, self.parts) if len(frame) else None, language))

    def features(
        self,
        orders: Any,
        as_of: str | date = "latest",
        *,
        customers: pd.DataFrame | None = None,
        events: pd.DataFrame | None = None,
        merges: Sequence[CustomerMerge] = (),
    ) -> Any:
        """Build everything that a score row reads from the ledger, for services that keep it themselves.

        Parameters
        ----------
        orders, as_of, customers, events, merges
            As in `score`.

        Returns
        -------
        pandas or Polars frame
            One row per customer of texts, float64 and ISO days, missing where unknown (documented in
            ``docs/serving.md``). ``features_digest`` tells which models can score it.

        Raises
        ------
        LedgerError
            If the orders cannot be used.
        """
        return like(orders, self._features(orders, as_of, customers, events, merges))

    def score_features(self, frame: Any, *, language: str | None = None) -> Any:
        """Score customers from rows of `features`; a row is scored alike alone and among others.

        Parameters
        ----------
        frame : pandas or Polars frame
            Of `features` of the same model, also after a round trip through JSON.
        language : str, optional
            As in `score`.

        Returns
        -------
        pandas or Polars frame
            `columns.SCORE_COLUMNS`, in the order of the rows.

        Raises
        ------
        ModelError
            If the rows are another model's or hold what no ledger gives: all problems, with the number of
            rows and the position of the first.
        """
        return like(frame, self._scored(self._rows(frame), language))

    def expected_orders(
        self, data: Any, as_of: str | date = "latest", *, horizon_days: float
    ) -> pd.DataFrame:
        """Return the purchase days to expect within any horizon, by the purchase model.

        Parameters
        ----------
        data : frame or path
            Order lines as in `score`, or rows of `features` (``as_of`` is then theirs).
        as_of : str or date
            As in `score`.
        horizon_days : float
            Positive.

        Returns
        -------
        pandas.DataFrame
            ``customer_id``, ``expected_orders``; missing for a customer who never ordered.
        """
        rows = self._rows_of_any(data, as_of)
        return horizons.by_customer(rows, horizons.expected_orders(self.parts, rows, horizon_days))

    def no_order_probability(
        self, data: Any, as_of: str | date = "latest", *, horizon_days: float
    ) -> pd.DataFrame:
        """Return the chance of no order within any horizon, by the purchase model alone.

        It is not `churn_probability`: it knows nothing but when a customer ordered, and is not calibrated
        against what happened to this base.

        Parameters
        ----------
        data, as_of, horizon_days
            As in `expected_orders`.

        Returns
        -------
        pandas.DataFrame
            ``customer_id``, ``no_order_probability``.
        """
        rows = self._rows_of_any(data, as_of)
        return horizons.by_customer(rows, horizons.no_order_probability(self.parts, rows, horizon_days))

    def churn_probability(
        self, data: Any, as_of: str | date = "latest", *, horizon_days: int | None = None
    ) -> pd.DataFrame:
        """Return the calibrated probability of churn, for the horizon of the training.

        Parameters
        ----------
        data, as_of
            As in `expected_orders`.
        horizon_days : int, optional
            That of the training.

        Returns
        -------
        pandas.DataFrame
            ``customer_id``, ``churn_probability``; missing as in the score row.

        Raises
        ------
        ModelError
            For another horizon: a classifier has seen only the outcomes of its own.
        """
        horizons.check_churn_horizon(self.parts, horizon_days)
        return self._scored(self._rows_of_any(data, as_of), None)[["customer_id", "churn_probability"]]

    def clv(
        self, data: Any, as_of: str | date = "latest", *, horizon_months: int | None = None
    ) -> pd.DataFrame:
        """Return the value of the next months with its interval, for any horizon the model can tell.

        Parameters
        ----------
        data, as_of
            As in `expected_orders`.
        horizon_months : int, optional
            That of the training when None.

        Returns
        -------
        pandas.DataFrame
            ``customer_id``, ``clv``, ``clv_low``, ``clv_high`` (currency, discounted margin). Where a value
            forecast ships, its prediction is carried further as in the score row.

        Raises
        ------
        ModelError
            For a horizon shorter than what the value forecast has learned to predict.
        """
        rows = self._rows_of_any(data, as_of)
        return horizons.by_customer(rows, horizons.value(self.parts, rows, horizon_months))

    def score_tables(
        self, tables: CustomerTables, ledger: Ledger, *, language: str | None = None
    ) -> pd.DataFrame:
        """Score from tables that are built already.

        Parameters
        ----------
        tables : CustomerTables
            Of `snapshots.customer_tables`.
        ledger : Ledger
            Where they came from: its ``as_of`` and last day.
        language : str, optional
            ``en`` or ``zh`` for reasons, actions and notes; that of training when None.

        Returns
        -------
        pandas.DataFrame
            Floats rounded to 10 significant digits, as they are written.
        """
        frame = self.features_of_tables(tables, ledger)
        return self._scored(rows_of(frame, self.parts) if len(frame) else None, language)

    def features_of_tables(self, tables: CustomerTables, ledger: Ledger) -> pd.DataFrame:
        """Build the rows of `features` from tables that are built already (as in `score_tables`)."""
        check_fit(self.parts, tables, ledger)
        through, day = ledger.report.last_day, to_day(ledger.as_of)
        through_day = day - 1 if through is None else to_day(through)
        return ledger_rows(self.parts, tables, day, data_through_day=through_day)

    def _tables(
        self, orders: Any, as_of: str | date, customers: Any, events: Any, merges: Sequence[CustomerMerge]
    ) -> tuple[CustomerTables, Ledger]:
        ledger = load_ledger(orders, as_of=as_of, **reading_rules(self.ledger_rules, orders))
        tables = customer_tables(
            ledger.lines,
            keep=materialise,
            settle=at_hand,
            items=self.parts.recipe.items,
            attributes=customers,
            events=events,
            merges=tuple(merges),
        )
        return tables, ledger

    def _features(
        self, orders: Any, as_of: str | date, customers: Any, events: Any, merges: Sequence[CustomerMerge]
    ) -> pd.DataFrame:
        return self.features_of_tables(*self._tables(orders, as_of, customers, events, merges))

    def _rows(self, frame: Any) -> Rows | None:
        table = as_pandas(frame)
        return checked_rows(table, self.parts) if len(table) else None

    def _rows_of_any(self, data: Any, as_of: str | date) -> Rows | None:
        if "features_digest" in getattr(data, "columns", ()):
            return self._rows(data)
        table = self._features(data, as_of, None, None, ())
        return rows_of(table, self.parts) if len(table) else None

    def _scored(self, rows: Rows | None, language: str | None) -> pd.DataFrame:
        if rows is None:
            return no_scores()
        said = language or self.parts.settings.language
        return score_rows(self.parts, rows, model=self.name, language=said, rounded=True)

    def explain(
        self,
        orders: Any,
        customer_id: str,
        as_of: str | date = "latest",
        *,
        customers: pd.DataFrame | None = None,
        events: pd.DataFrame | None = None,
        merges: Sequence[CustomerMerge] = (),
        language: str | None = None,
    ) -> Explanation:
        """Explain one customer's churn probability, in numbers and in a paragraph to read aloud.

        Parameters
        ----------
        orders, as_of, customers, events, merges
            As in `score`.
        customer_id : str
            As in the orders; an id that was given up stands for the one that replaced it.
        language : str, optional
            ``en`` or ``zh``; that of training when None.

        Returns
        -------
        Explanation
            ``print`` reads it aloud, a notebook shows it as a table.

        Raises
        ------
        PatronError
            If the orders cannot be used, or hold nothing of the customer before ``as_of``.
        """
        tables, ledger = self._tables(orders, as_of, customers, events, merges)
        return self.explain_tables(tables, ledger, customer_id, language=language)

    def explain_tables(
        self, tables: CustomerTables, ledger: Ledger, customer_id: str, *, language: str | None = None
    ) -> Explanation:
        """Explain one customer from tables that are built already.

        Parameters
        ----------
        tables, ledger, customer_id, language
            As in `score_tables` and `explain`.

        Returns
        -------
        Explanation
        """
        alone = tables_of_customer(tables, str(customer_id), to_day(ledger.as_of))
        row = {str(k): v for k, v in self.score_tables(alone, ledger, language=language).iloc[0].items()}
        settings = replace(self.parts.settings, language=language or self.parts.settings.language)
        label = self.evaluation.get("label_in_words")
        return explain_customer(replace(self.parts, settings=settings), alone, row, label)

    def importance(self) -> pd.DataFrame:
        """Return what the churn model looks at, on the active customers of the training day.

        Returns
        -------
        pandas.DataFrame
            ``driver``, ``driver_share`` (of the mean size of all drivers' contributions), ``feature``,
            ``feature_share`` (what the feature holds of it); largest first. Both add up to 1.

        Raises
        ------
        ModelError
            If the model was trained before this was measured.
        """
        return importance_table(self.evaluation)

    def save(self, parent: Path) -> Path:
        """Write the model folder.

        Parameters
        ----------
        parent : Path
            Folder that holds model folders.

        Returns
        -------
        Path
            ``parent/name@<12 hex>``.
        """
        facts = {k: v for k, v in self.manifest.items() if k != "name"}
        card = card_markdown(card_of(self.manifest, self.evaluation, self.parts.settings.language))
        files = {**self._files(), CARD: card.encode()}
        return write_model(parent, str(self.manifest["name"]), files, facts)

    def _files(self) -> dict[str, bytes]:
        return model_files(self.parts, self.evaluation, self.ledger_rules)
