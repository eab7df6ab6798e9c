"""Make the tiny model that every later version must still load: `python tests/golden/make_model.py [FOLDER]`.

Writes a model folder of the newest format, the order lines of a few customers, their features and their
scores. Run it once per format, and keep what it wrote: an old folder is never made again.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from trade_simulation import simulate_orders  # noqa: E402

from patron.churn.trees import TreeSettings  # noqa: E402
from patron.clv.challenger import fit_challenger  # noqa: E402
from patron.config import load_config  # noqa: E402
from patron.features import build_features  # noqa: E402
from patron.learning import learn  # noqa: E402
from patron.ledger import load_ledger, materialise  # noqa: E402
from patron.model import PatronModel, load_model_folder  # noqa: E402
from patron.model.manifest import FORMAT_VERSION  # noqa: E402
from patron.snapshots import customer_tables, history_before, to_day  # noqa: E402
from patron.workflows.base import open_base, reading_rules  # noqa: E402
from patron.workflows.train import _days, _facts, terms_of  # noqa: E402

AS_OF = "2023-07-02"
CONFIG = f"""\
name: golden
ledger: {{transactions: orders.parquet, currency: EUR}}
as_of: {AS_OF}
churn: {{horizon_days: 60, active_days: 150, model: average}}
clv: {{model: blend}}
snapshots: {{every_days: 60, max_count: 4}}
engine: {{threads: 1}}
"""
_CUSTOMERS = 140
_KEPT_CUSTOMERS = 12
_TREES = 10


def make(parent: Path) -> Path:
    """Train, save, score; return the model folder."""
    parent.mkdir(parents=True, exist_ok=True)
    for old in parent.glob("golden@*"):
        shutil.rmtree(old)
    orders = simulate_orders(customers=_CUSTOMERS)
    folder = _trained(orders).save(parent)
    kept = sorted(orders["customer_id"].unique())[:: _CUSTOMERS // _KEPT_CUSTOMERS][:_KEPT_CUSTOMERS]
    lines = orders[orders["customer_id"].isin(kept)].sort_values(["customer_id", "ordered_at", "product_id"])
    lines.to_csv(parent / "orders.csv", index=False, lineterminator="\n")
    _write_expected(parent, load_model_folder(folder), lines)
    return folder


def _trained(orders) -> PatronModel:  # type: ignore[no-untyped-def]
    """Train with few trees, so that the folder stays small."""
    assert fit_challenger.__kwdefaults__ is not None
    usual = fit_challenger.__kwdefaults__["rounds"]
    fit_challenger.__kwdefaults__["rounds"] = _TREES
    try:
        with tempfile.TemporaryDirectory() as place:
            orders.to_parquet(Path(place) / "orders.parquet")
            (Path(place) / "patron.yaml").write_text(CONFIG, encoding="utf-8")
            config = load_config(Path(place) / "patron.yaml")
            base = open_base(config)
            terms = terms_of(config, base)
            terms = replace(terms, churn=replace(terms.churn, trees=TreeSettings(rounds=_TREES)))
            learned = learn(base.tables, *_days(base.ledger), terms)
            facts = _facts(config, base, learned)
            return PatronModel("", learned.parts, facts, learned.evaluation, reading_rules(config))
    finally:
        fit_challenger.__kwdefaults__["rounds"] = usual


def _write_expected(parent: Path, model: PatronModel, lines) -> None:  # type: ignore[no-untyped-def]
    """Write what the model says of the kept customers, and what it reads of them."""
    ledger = load_ledger(lines, as_of=AS_OF, **model.ledger_rules)
    tables = customer_tables(ledger.lines, keep=materialise)
    scores = model.score(lines, AS_OF).drop(columns="model")
    history = history_before(tables, to_day(ledger.as_of))
    features = build_features(history, model.parts.recipe, purchases=model.parts.purchases)
    for name, frame in (("scores", scores), ("features", features)):
        rows = frame.astype(object).where(frame.notna(), None).to_dict("records")
        text = json.dumps(rows, indent=1, ensure_ascii=False, sort_keys=True, default=str)
        (parent / f"{name}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / f"format_{FORMAT_VERSION}"
    print(make(target))
