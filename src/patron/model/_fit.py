"""Whether orders fit a trained model: the same money, the same columns, read by the same rules.

In:  the rules and parts of a model, orders or what they became. Out: nothing, or one error with all problems.
Not here: scoring (`patron_model`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from patron.errors import ModelError
from patron.ledger import Ledger
from patron.scoring import ScoringParts
from patron.snapshots import CustomerTables


def reading_rules(rules: Mapping[str, Any], orders: Any) -> dict[str, Any]:
    """Read lines as in training; a rule about a column that is not there would be broken in silence."""
    names = getattr(orders, "columns", None)
    needs = {
        "refund_prefix": "order_id",
        "exclude_order_id_prefixes": "order_id",
        "exclude_product_ids": "product_id",
    }
    missing = sorted(
        {c for rule, c in needs.items() if rules.get(rule) and names is not None and c not in names}
    )
    if missing:
        raise ModelError(
            f"The model was trained with rules about {' and '.join(missing)} (refunds, exclusions), "
            "which the orders lack. Bring them."
        )
    return dict(rules)


def check_fit(parts: ScoringParts, tables: CustomerTables, ledger: Ledger) -> None:
    """Refuse orders that would be scored with other money or fewer columns than in training."""
    problems = []
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
    kinds = parts.recipe.items
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


def like(orders: Any, scores: pd.DataFrame) -> Any:
    """Give back the kind of frame that came in."""
    if type(orders).__module__.split(".")[0] == "polars":
        import narwhals as nw

        return nw.from_native(scores, eager_only=True).to_polars()
    return scores


def as_pandas(frame: Any) -> pd.DataFrame:
    """Take a pandas or Polars frame as pandas.

    Raises
    ------
    ModelError
        For anything else.
    """
    if isinstance(frame, pd.DataFrame):
        return frame
    if type(frame).__module__.split(".")[0] == "polars" and hasattr(frame, "columns"):
        import narwhals as nw

        eager = nw.from_native(frame)
        eager = eager.collect() if isinstance(eager, nw.LazyFrame) else eager
        # column by column: Polars' own way goes through pyarrow, which a service need not have
        return pd.DataFrame({name: eager[name].to_list() for name in eager.columns})
    raise ModelError(f"Rows come as a pandas or Polars frame, not as {type(frame).__name__}.")
