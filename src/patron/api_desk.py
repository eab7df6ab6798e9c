"""What an analyst calls in a notebook: `patron.retention_metrics`, `patron.assign_segments`.

In:  order lines, or the customer tables of a ledger.
Out: frames.
Not here: the definitions (`retention`, `segments`).
"""

from __future__ import annotations
