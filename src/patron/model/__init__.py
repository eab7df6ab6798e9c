"""`PatronModel`: save, verify, load, score, explain."""

from patron.model._written import files_digest, model_files
from patron.model.explanation import Explanation
from patron.model.loading import load_model_folder
from patron.model.manifest import FORMAT_VERSION, is_model_name, read_model, write_model
from patron.model.patron_model import PatronModel

__all__ = [
    "FORMAT_VERSION",
    "Explanation",
    "PatronModel",
    "files_digest",
    "is_model_name",
    "load_model_folder",
    "model_files",
    "read_model",
    "write_model",
]
