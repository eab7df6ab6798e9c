"""The parts of a model as the files of its folder.

In:  the parts, the evaluation, the rules of reading orders. Out: file name -> bytes.
Not here: manifest and checksums (`manifest`), reading them back (`loading`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from patron.model._json import to_json
from patron.scoring import ScoringParts


def model_files(
    parts: ScoringParts, evaluation: Mapping[str, Any], ledger_rules: Mapping[str, Any]
) -> dict[str, bytes]:
    """Return the files of a model but for its manifest and card, by name."""
    scoring = {
        "features": parts.recipe.to_dict(),
        "segments": parts.segments.to_dict(),
        "thresholds": vars(parts.thresholds),
        "peers": dict(parts.peers),
        "peers_by_risk": {risk: dict(typical) for risk, typical in parts.peers_by_risk.items()},
        "settings": parts.settings.to_dict(),
        "ledger": dict(ledger_rules),
    }
    files = {
        **parts.churn.to_files(),
        "clv.json": to_json(parts.clv.to_dict()),
        "scoring.json": to_json(scoring),
        "playbook.json": to_json(parts.playbook.to_dict()),
        "evaluation.json": to_json(dict(evaluation)),
    }
    if parts.forecast is not None:
        made = parts.forecast.to_files()
        files |= {n: c.encode() if isinstance(c, str) else to_json(c) for n, c in made.items()}
    if parts.purchases is not None:
        files["purchases.json"] = to_json(parts.purchases.to_dict())
    return files


def files_digest(files: Mapping[str, bytes]) -> str:
    """Return a SHA-256 of named bytes, in hex digits."""
    each = {name: hashlib.sha256(data).hexdigest() for name, data in sorted(files.items())}
    return hashlib.sha256(to_json(each)).hexdigest()
