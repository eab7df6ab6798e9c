"""The file that MLflow runs when it loads a registered model as a pyfunc; it travels with the model as it is.

In: the model folder beside it. Out: score rows. Not here: `patron.load_model`, which never runs this file.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pandas as pd
from mlflow.models import set_model
from mlflow.pyfunc.model import PythonModel, PythonModelContext

from patron.registry.pyfunc_refusal import refusals
from patron.registry.pyfunc_rows import answer, as_json, load_served

_SERVING = "_MLFLOW_IS_IN_SERVING_ENVIRONMENT"  # set by MLflow's scoring server


class PatronRows(PythonModel):
    """Order rows in, score rows out."""

    def load_context(self, context: PythonModelContext) -> None:
        """Read and verify the model folder."""
        with refusals("load the model"):
            self.model = load_served(Path(context.artifacts["model"]))

    def predict(
        self,
        context: PythonModelContext,  # noqa: ARG002  (MLflow gives it)
        model_input: pd.DataFrame,
        params: dict[str, Any] | None = None,
    ) -> pd.DataFrame:
        """Score."""
        with refusals("score"):
            scores = answer(self.model, model_input, params or {})
            return as_json(scores) if os.environ.get(_SERVING) == "true" else scores


set_model(PatronRows())
