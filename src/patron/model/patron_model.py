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

from patron.errors import ModelError
from patron.ledger import Ledger, load_ledger, materialise
from patron.model._customer import tables_of_customer
from patron.model._json import to_json
from patron.model.explanation import Explanation, explain_customer
from patron.model.manifest import write_model
from patron.scoring import ScoringParts, as_rounded, score_customers
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

        Returns
        -------
        pandas or Polars frame
            One row per customer, `columns.SCORE_COLUMNS`; Polars in, Polars out.

        Raises
        ------
        LedgerError
            If the orders cannot be used.
        """
        ledger = load_ledger(orders, as_of=as_of, **self._reading_rules(orders))
        tables = customer_tables(
            ledger.lines, keep=materialise, attributes=customers, events=events, merges=tuple(merges)
        )
        scores = self.score_tables(tables, ledger)
        return _like(orders, scores)

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
        self._check_fit(tables, ledger)
        through = ledger.report.last_day
        day = to_day(ledger.as_of)
        through_day = day - 1 if through is None else to_day(through)
        settings = replace(self.parts.settings, language=language or self.parts.settings.language)
        parts = replace(self.parts, settings=settings)
        return as_rounded(score_customers(parts, tables, day, model=self.name, data_through_day=through_day))

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
        ledger = load_ledger(orders, as_of=as_of, **self._reading_rules(orders))
        tables = customer_tables(
            ledger.lines, keep=materialise, attributes=customers, events=events, merges=tuple(merges)
        )
        return self.explain_tables(tables, ledger, customer_id, language=language)

    def explain_tables(
        self, tables: CustomerTables, ledger: Ledger, customer_id: str, *, language: str | None = None
    ) -> Explanation:
        """Explain one customer from tables that are built already.

        Parameters
        ----------
        tables, ledger
            As in `score_tables`.
        customer_id, language
            As in `explain`.

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
        found = self.evaluation.get("churn_importance")
        if found is None:
            raise ModelError("This model does not hold the importance of its features. Train it again.")
        columns = ["driver", "driver_share", "feature", "feature_share"]
        rows = [
            (entry["driver"], entry["share"], feature["name"], feature["share"])
            for entry in found
            for feature in entry["features"]
        ]
        return pd.DataFrame(rows, columns=columns)

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
        return write_model(parent, str(self.manifest["name"]), self._files(), facts)

    def _files(self) -> dict[str, bytes]:
        parts = self.parts
        scoring = {
            "features": parts.recipe.to_dict(),
            "segments": parts.segments.to_dict(),
            "thresholds": vars(parts.thresholds),
            "peers": dict(parts.peers),
            "peers_by_risk": {risk: dict(typical) for risk, typical in parts.peers_by_risk.items()},
            "settings": parts.settings.to_dict(),
            "ledger": dict(self.ledger_rules),
        }
        files = {
            **parts.churn.to_files(),
            "clv.json": to_json(parts.clv.to_dict()),
            "scoring.json": to_json(scoring),
            "playbook.json": to_json(parts.playbook.to_dict()),
            "evaluation.json": to_json(dict(self.evaluation)),
        }
        if parts.forecast is not None:
            made = parts.forecast.to_files()
            files |= {n: c.encode() if isinstance(c, str) else to_json(c) for n, c in made.items()}
        if parts.purchases is not None:
            files["purchases.json"] = to_json(parts.purchases.to_dict())
        return files

    def _reading_rules(self, orders: Any) -> dict[str, Any]:
        """Read lines as in training; a rule about a column that is not there would be broken in silence."""
        names = getattr(orders, "columns", None)
        needs = {
            "refund_prefix": "order_id",
            "exclude_order_id_prefixes": "order_id",
            "exclude_product_ids": "product_id",
        }
        missing = sorted(
            {
                c
                for rule, c in needs.items()
                if self.ledger_rules.get(rule) and names is not None and c not in names
            }
        )
        if missing:
            raise ModelError(
                f"The model was trained with rules about {' and '.join(missing)} (refunds, exclusions), "
                "which the orders lack. Bring them."
            )
        return dict(self.ledger_rules)

    def _check_fit(self, tables: CustomerTables, ledger: Ledger) -> None:
        """Refuse orders that would be scored with other money or fewer columns than in training."""
        parts, problems = self.parts, []
        wanted, digits = parts.settings.currency, parts.recipe.minor_digits
        if wanted and ledger.currency and wanted != ledger.currency:
            problems.append(
                f"The model was trained in {wanted}, the orders are in {ledger.currency}. "
                "Convert them or train anew."
            )
        elif ledger.minor_digits != digits:
            problems.append(
                f"The model counts money with {digits} decimals, the orders "
                f"({ledger.currency or 'no currency'}) with {ledger.minor_digits}. "
                "Name the currency of training, or train anew."
            )
        has = {"cost": "cost" in tables.days.collect_schema().names()}
        has |= {"product_id": tables.products is not None, "category": tables.categories is not None}
        kinds = parts.recipe.kinds_of_items
        used = {
            "cost": parts.settings.base_margin is not None,
            "product_id": "products" in kinds,
            "category": "categories" in kinds,
        }
        lacking = [column for column, needed in used.items() if needed and not has[column]]
        if lacking:
            problems.append(
                f"The model was trained with the columns {', '.join(lacking)}, which the orders lack. "
                "Bring them or train anew."
            )
        by, attributes = parts.clv.by, tables.attributes
        if by is not None and (attributes is None or by not in attributes.columns):
            problems.append(
                f"The model values customers by their {by}, which is not given. "
                "Bring the customers' attributes with this column."
            )
        if problems:
            raise ModelError(problems)


def _like(orders: Any, scores: pd.DataFrame) -> Any:
    """Give back the kind of frame that came in."""
    if type(orders).__module__.split(".")[0] == "polars":
        import narwhals as nw

        return nw.from_native(scores, eager_only=True).to_polars()
    return scores
