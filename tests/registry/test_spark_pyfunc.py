"""The registered model in PySpark: `spark_udf` on rows of customers, `mapInPandas` after grouping."""

import re
from typing import Any

import pandas as pd
import pytest
from spark_session import needs_spark
from trade_project import Project

from patron.model import load_model_folder
from patron.registry import Store
from patron.registry._quiet import in_words

AS_OF = "2023-07-02"

pytestmark = needs_spark


@pytest.fixture(scope="module")
def few(project: Project) -> pd.DataFrame:
    ids = [*sorted(set(project.orders["customer_id"]))[:19], "K-none"]
    return project.orders[project.orders["customer_id"].isin(ids)].reset_index(drop=True)


@pytest.fixture(scope="module")
def wanted(project: Project, few: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Customer to score row, as the model alone gives it."""
    scores = load_model_folder(project.trained.folder).score(few, as_of=AS_OF)
    return {row["customer_id"]: texts(row) for row in scores.to_dict("records")}


def texts(row: dict[str, Any]) -> dict[str, str | None]:
    """Without what the whole ledger or the way of loading says; floats with all their digits."""
    left_out = ("data_through", "model")
    missing = ("None", "nan")  # how MLflow's cast in `spark_udf` writes a text that is not there
    return {
        key: None if pd.isna(value) or value in missing else str(value)
        for key, value in row.items()
        if key not in left_out
    }


@pytest.fixture(scope="module")
def orders(spark: Any, few: pd.DataFrame) -> Any:
    return spark.createDataFrame(few).repartition(2)


def test_spark_udf_scores_one_row_per_customer(
    spark: Any, orders: Any, registered: Store, wanted: dict[str, dict[str, Any]]
) -> None:
    """As many rows out as in, equal to `model.score`; a customer without orders is `excluded`."""
    from pyspark.sql import functions as f

    line = f.struct("ordered_at", "amount", "order_id", "product_id", "category")
    customers = orders.groupBy("customer_id").agg(f.collect_list(line).alias("orders"))
    nobody = spark.createDataFrame([("nobody", [])], customers.schema)
    source = registered.client.get_model_version("trade", "1").source
    with in_words("make the function"):
        import mlflow.pyfunc

        score = mlflow.pyfunc.spark_udf(spark, source, env_manager="local", params={"as_of": AS_OF})
    rows = customers.union(nobody)
    scored = rows.withColumn("score", score(f.struct("customer_id", "orders"))).select(
        "customer_id", "score.*"
    )
    got = scored.toPandas()
    assert len(got) == len(wanted) + 1
    assert set(got["data_through"].fillna("None")) == {"None"}
    found = {row["customer_id"]: texts(row) for row in got.iloc[:, 1:].to_dict("records")}
    assert found.pop("nobody")["status"] == "excluded"
    assert {k: as_numbers(v) for k, v in found.items()} == {k: as_numbers(v) for k, v in wanted.items()}


def as_numbers(row: dict[str, str | None]) -> dict[str, str | float | None]:
    """Spark gives a column of whole numbers with a null back as floats: 11.0 is 11."""
    return {
        key: float(value) if value and re.fullmatch(r"\d+(\.0)?", value) else value
        for key, value in row.items()
    }


def test_map_in_pandas_after_grouping(
    orders: Any, project: Project, wanted: dict[str, dict[str, Any]]
) -> None:
    """Order rows, grouped by customer: every worker loads the folder itself, no MLflow needed."""
    folder = str(project.trained.folder)

    def score(rows: pd.DataFrame) -> pd.DataFrame:
        import patron

        scores = patron.load_model(folder).score(rows, as_of=AS_OF)
        return scores[["customer_id", "churn_probability", "clv", "status"]]

    schema = "customer_id string, churn_probability double, clv double, status string"
    got = orders.groupBy("customer_id").applyInPandas(score, schema).toPandas()
    found = {row["customer_id"]: texts(row) for row in got.to_dict("records")}
    assert found == {key: {name: row[name] for name in found[key]} for key, row in wanted.items()}
