"""`PatronModel`: learn, save, verify, load, score."""

from patron.model._evaluation import status_counts
from patron.model.explanation import Explanation
from patron.model.learn import Learned, Terms, learn
from patron.model.manifest import FORMAT_VERSION, is_model_name, read_model, write_model
from patron.model.patron_model import PatronModel, load_model_folder

__all__ = [
    "FORMAT_VERSION",
    "Explanation",
    "Learned",
    "PatronModel",
    "Terms",
    "is_model_name",
    "learn",
    "load_model_folder",
    "read_model",
    "status_counts",
    "write_model",
]
