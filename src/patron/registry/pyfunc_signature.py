"""What a registered model takes and gives, declared for MLflow.

In: nothing. Out: the signature of every model of patron and a description of its columns. Not here: checking
the values (see `pyfunc_rows`), because MLflow neither casts whole numbers to `double` nor knows ranges.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from patron.columns import CUSTOMER_ID, LEDGER_COLUMNS, SCORE_COLUMNS

if TYPE_CHECKING:
    from mlflow.models import ModelSignature

#: Parameter -> default.
PARAMS = {"as_of": "latest", "language": ""}
ORDERS = "orders"
FEATURES = "features"

# "any" is not checked by MLflow: `double` would refuse whole numbers, `string` dates and `datetime` texts
_INPUT_TYPES = {"text": "string", "date": "any", "float": "any"}
_OUTPUT_TYPES = {"text": "string", "date": "string", "json": "string", "int": "long", "float": "double"}
_OUTPUT = {"orders_last_12_months": "double"}  # null for who never bought, and Spark's `long` has no null
_WORDS = {"text": "string", "date": "ISO text or timestamp", "float": "number"}


def signature() -> ModelSignature:
    """Return the signature: rows of orders, or rows of customers with their orders or features inside.

    Returns
    -------
    ModelSignature
        Only `customer_id` is declared as required: the other columns depend on the kind of rows, and the
        model itself says which ones it lacks.
    """
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, ParamSchema, ParamSpec, Schema, TensorSpec
    from mlflow.types.schema import AnyType

    def spec(name: str, kind: str) -> ColSpec:
        anything = AnyType()  # type: ignore[no-untyped-call]
        return ColSpec(anything if kind == "any" else kind, name, required=name == CUSTOMER_ID)

    taken: list[ColSpec | TensorSpec] = [
        spec(name, _INPUT_TYPES[column.kind]) for name, column in LEDGER_COLUMNS.items()
    ]
    taken += [spec(ORDERS, "any"), spec(FEATURES, "any")]
    given: list[ColSpec | TensorSpec] = [
        spec(name, _OUTPUT.get(name, _OUTPUT_TYPES[column.kind])) for name, column in SCORE_COLUMNS.items()
    ]
    params = [ParamSpec(name, "string", default) for name, default in PARAMS.items()]
    return ModelSignature(inputs=Schema(taken), outputs=Schema(given), params=ParamSchema(params))


def description() -> dict[str, str]:
    """Describe the input columns in words: what the types of the signature leave open.

    Examples
    --------
    >>> description()["amount"]
    'number, currency: value of the line; negative for a refund'
    """
    said = {
        name: f"{_WORDS[column.kind]}{f', {column.unit}' if column.unit else ''}: {column.meaning}"
        for name, column in LEDGER_COLUMNS.items()
    }
    said[ORDERS] = "instead of order rows: one row per customer, a list of orders (ordered_at, amount, ...)"
    said[FEATURES] = "instead of order rows: one row per customer, a row of PatronModel.features as a mapping"
    return said
