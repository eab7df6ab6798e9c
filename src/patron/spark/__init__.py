"""Customer tables and scores on Spark, by the same definitions as everywhere."""
