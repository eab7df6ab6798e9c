"""The Spark session: whoever started one decides its settings, otherwise one on this machine.

In: nothing but the number of threads. Out: a session. Not here: what is done with it.
"""

from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING

from patron.errors import PatronError, saying_what_to_install

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

#: Set by ``spark-submit`` before Python starts.
_SUBMITTED = "PYSPARK_GATEWAY_PORT"
_LOCAL = {
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    "spark.sql.adaptive.enabled": "false",  # it pays on large shuffles and costs a job for each small one
}


@saying_what_to_install()
def open_session(threads: int | None = None) -> SparkSession:
    """Return the session that runs, that of ``spark-submit``, or a new one on this machine.

    Parameters
    ----------
    threads : int, optional
        Of a new one; all cores when None.

    Returns
    -------
    pyspark.sql.SparkSession
        A new one shows times in UTC and listens on the loopback address only.

    Raises
    ------
    PatronError
        If Java is not found.
    """
    from pyspark.sql import SparkSession

    if SparkSession.getActiveSession() is not None or _SUBMITTED in os.environ:
        return SparkSession.builder.getOrCreate()
    _check_java()
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # not whichever python3 is first on the path
    cores = threads or os.cpu_count() or 1
    builder = SparkSession.builder.appName("patron").master(f"local[{cores}]")
    for key, value in {**_LOCAL, "spark.sql.shuffle.partitions": str(cores)}.items():
        builder = builder.config(key, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    return session


def _check_java() -> None:
    home = os.environ.get("JAVA_HOME")
    if shutil.which("java") is None and not (home and shutil.which("java", path=os.path.join(home, "bin"))):
        raise PatronError(
            "Spark runs on Java 17 or newer, and there is no java on the path.",
            next_step="Install a Java runtime (Debian: apt-get install openjdk-17-jre-headless), or leave "
            "--engine spark out.",
        )
