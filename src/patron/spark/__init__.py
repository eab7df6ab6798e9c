"""Customer tables and scores on Spark, by the same definitions as everywhere."""

from patron.spark.scores import score_tables_with_spark, score_with_spark
from patron.spark.session import open_session

__all__ = ["open_session", "score_tables_with_spark", "score_with_spark"]
