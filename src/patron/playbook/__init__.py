"""Tier, stage, risk and reason in, what to do in words out.

In:  score rows, a language, optionally a playbook of one's own.
Out: one sentence per customer.
Not here: whom to call first.
"""

from patron.playbook.load import load_playbook
from patron.playbook.rules import Playbook, Rule

__all__ = ["Playbook", "Rule", "load_playbook"]
