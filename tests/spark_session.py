"""One Spark session for all tests of a process: starting the JVM takes eight seconds.

In: a folder. Out: the session; the mark of tests that need one. Not here: the tests.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest


def java_version() -> int:
    """The major version of the Java on the path, 0 without one."""
    if shutil.which("java") is None:
        return 0
    said = subprocess.run(["java", "-version"], capture_output=True, text=True, check=False).stderr
    found = re.search(r'version "(\d+)', said)
    return int(found[1]) if found else 0


#: CI has Java: there the tests run or fail.
needs_spark = [
    pytest.mark.skipif(
        os.environ.get("CI") != "true"
        and (importlib.util.find_spec("pyspark") is None or java_version() < 17),
        reason="needs pyspark (pip install patron[spark]) and Java 17",
    ),
    pytest.mark.filterwarnings("ignore"),
]

SETTINGS = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.shuffle.partitions": "2",
    "spark.default.parallelism": "2",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.session.timeZone": "UTC",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.memory": "1g",
    # a JVM that lives for a minute earns back neither its best compiler nor parallel collectors
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
}


def spark_session(warehouse: Path) -> Iterator[Any]:
    """Start Spark on two cores, and stop it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        patch.setenv("PYSPARK_DRIVER_PYTHON", sys.executable)
        patch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
        patch.setenv("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "false")
        from pyspark.sql import SparkSession

        builder = SparkSession.builder.master("local[2]").appName("patron")
        for key, value in {**SETTINGS, "spark.sql.warehouse.dir": str(warehouse)}.items():
            builder = builder.config(key, value)
        session = builder.getOrCreate()
        session.sparkContext.setLogLevel("ERROR")
        yield session
        session.stop()
