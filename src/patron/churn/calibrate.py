"""Turn scores into probabilities that may be multiplied by money: none, sigmoid or isotonic.

In:  out-of-time scores and what followed. Out: a monotone map.
Not here: which kind is taken (`train`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit


@dataclass(frozen=True)
class Calibrator:
    """A monotone map from a score to a probability.

    Parameters
    ----------
    kind : str
        ``none`` (the score is a log-odds already), ``sigmoid`` or ``isotonic``.
    slope, intercept : float
        Of the sigmoid.
    knots_score, knots_probability : tuple of float
        Of the isotonic map, linear in between.
    """

    kind: str = "none"
    slope: float = 1.0
    intercept: float = 0.0
    knots_score: tuple[float, ...] = ()
    knots_probability: tuple[float, ...] = ()

    def probability(self, score: np.ndarray) -> np.ndarray:
        """Map scores to probabilities.

        Parameters
        ----------
        score : numpy.ndarray, shape (n,)
            Log-odds, or any score that rises with the risk.

        Returns
        -------
        numpy.ndarray, shape (n,)

        Examples
        --------
        >>> Calibrator("sigmoid", slope=1.0, intercept=0.0).probability(np.array([0.0]))
        array([0.5])
        """
        if self.kind == "isotonic":
            return np.asarray(np.interp(score, self.knots_score, self.knots_probability))
        return np.asarray(expit(self.slope * score + self.intercept))

    def to_dict(self) -> dict[str, Any]:
        """Return the calibrator as JSON-able data."""
        if self.kind == "isotonic":
            return {
                "kind": self.kind,
                "knots_score": list(self.knots_score),
                "knots_probability": list(self.knots_probability),
            }
        return {"kind": self.kind, "slope": self.slope, "intercept": self.intercept}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Calibrator:
        """Read what `to_dict` wrote."""
        values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in data.items()}
        return cls(**values)


def fit_calibrator(kind: str, score: np.ndarray, churned: np.ndarray) -> Calibrator:
    """Fit one kind of calibrator.

    Parameters
    ----------
    kind : str
        ``none``, ``sigmoid`` or ``isotonic``.
    score : numpy.ndarray, shape (n,)
        Out-of-time scores.
    churned : numpy.ndarray of int, shape (n,)
        Outcomes.

    Returns
    -------
    Calibrator

    References
    ----------
    Platt (1999), "Probabilistic outputs for support vector machines": the targets are pulled in by one
    pseudo-observation per class, so a base where nobody churns still gets a finite answer.
    """
    if kind == "none":
        return Calibrator()
    return _sigmoid(score, churned) if kind == "sigmoid" else _isotonic(score, churned)


def _sigmoid(score: np.ndarray, churned: np.ndarray) -> Calibrator:
    n_churned, n = int(churned.sum()), len(churned)
    target = np.where(churned == 1, (n_churned + 1) / (n_churned + 2), 1 / (n - n_churned + 2))
    centre, scale = float(np.mean(score)), float(np.std(score)) or 1.0
    x = (score - centre) / scale

    def loss(theta: np.ndarray) -> tuple[float, np.ndarray]:
        z = theta[0] * x + theta[1]
        error = expit(z) - target
        # a ridge worth one observation keeps a perfect separation finite
        value = float(np.sum(np.logaddexp(0, z) - target * z)) + 0.5 * theta[0] ** 2
        # not error @ x: a threaded dot product depends on the number of threads
        return value, np.array([float(np.sum(error * x)) + theta[0], float(error.sum())])

    # the map must not turn the ranking round, hence the bound
    from scipy.optimize import minimize  # at use: scoring does without

    found = minimize(
        loss, np.array([1.0, 0.0]), jac=True, method="L-BFGS-B", bounds=[(0, None), (None, None)]
    )
    slope = float(found.x[0]) / scale
    return Calibrator("sigmoid", slope=slope, intercept=float(found.x[1]) - slope * centre)


def _isotonic(score: np.ndarray, churned: np.ndarray) -> Calibrator:
    # imported here: a service that only loads a model does without scikit-learn
    from sklearn.isotonic import IsotonicRegression

    n = len(churned)
    # never 0 or 1: what has not been seen in n customers is not impossible
    model = IsotonicRegression(y_min=1 / (n + 2), y_max=(n + 1) / (n + 2), out_of_bounds="clip")
    model.fit(score, churned)
    return Calibrator(
        "isotonic",
        knots_score=tuple(float(v) for v in model.X_thresholds_),
        knots_probability=tuple(float(v) for v in model.y_thresholds_),
    )
