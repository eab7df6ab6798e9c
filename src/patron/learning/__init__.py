"""A ledger's tables in, a trained model and what is known of it out: `learn`.

Not here: scoring with the model (`scoring`, `model`), which needs none of this folder.
"""

from patron.learning.learn import Learned, Terms, learn

__all__ = ["Learned", "Terms", "learn"]
