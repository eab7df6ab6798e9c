"""The config: every key, every default, and every way to get it wrong."""

from __future__ import annotations

import datetime
import json
import re
from pathlib import Path

import pytest
from pydantic import BaseModel, ValidationError

import patron
from patron.columns import LEDGER_COLUMNS
from patron.config import Config, json_schema, load_config, make_config
from patron.errors import ConfigError

CONFIGS = Path(__file__).parents[1] / "configs"
MINIMAL = "name: shop\nledger:\n  transactions: orders.csv\n"

# The whole list, written down by hand from the definition of the config.
DEFAULTS = {
    "as_of": "latest",
    "freshness": {"max_age_days": None, "min_volume_ratio": 0.5},
    "churn": {
        "horizon_days": 90,
        "active_days": 180,
        "label": "silence",
        "rhythm": {"quantile": 0.9, "min_days": 30, "max_days": 400},
        "decline": {"share": 0.5},
        "model": "auto",
    },
    "snapshots": {"every_days": 30, "max_count": 24},
    "features": {"groups": "all", "attributes": [], "custom": []},
    "tune": {"trials": 0},
    "clv": {
        "horizon_months": 12,
        "margin": 1.0,
        "annual_discount_rate": 0.10,
        "model": "auto",
        "purchases": "auto",
        "backend": "native",
        "by": None,
    },
    "segments": {"new_days": 90, "growing_days": 365},
    "monitor": {"retrain_after_days": 365},
    "worklist": {"capacity": 20, "cost": 0, "save_rate": 0.2, "cooldown_days": 28},
    "playbook": None,
    "tracking": {"uri": "sqlite:///mlflow.db", "experiment": "patron"},
    "publish": {"url": None, "table": "patron_scores"},
    "engine": {"memory_limit": "4GB", "threads": None},
    "language": "en",
    "nps_scale": [0, 10],
    "simulated": False,
    "output": "runs",
    "seed": 7,
}
LEDGER_DEFAULTS = {
    "transactions": "orders.csv",
    "columns": {name: name for name in LEDGER_COLUMNS},
    "csv": {
        "encoding": "utf-8",
        "separator": ",",
        "decimal": ".",
        "thousands": None,
        "date_format": None,
    },
    "store": None,
    "customers": None,
    "events": None,
    "actions": None,
    "customer_merges": None,
    "currency": None,
    "timezone": None,
    "refunds": "net",
    "refund_prefix": None,
    "exclude": {"product_ids": [], "order_id_prefixes": []},
    "duplicates": "drop",
}


@pytest.fixture
def write(tmp_path):
    """Write a config into a folder of its own."""

    def write_config(text: str = "", start: str = MINIMAL) -> Path:
        path = tmp_path / "shop.yaml"
        path.write_text(start + text, encoding="utf-8")
        return path

    return write_config


def problems(path: Path, *overrides: str) -> list[str]:
    """What is wrong with a config."""
    with pytest.raises(ConfigError) as caught:
        load_config(path, overrides)
    return caught.value.problems


def test_a_name_and_a_file_are_enough(write):
    """Every other key has the default of the definition."""
    expected = {"name": "shop", "ledger": LEDGER_DEFAULTS, **DEFAULTS}
    assert load_config(write()).to_dict() == expected


def test_every_key_holds_every_key_with_its_default():
    """The example to copy from is complete and true."""
    example = load_config(CONFIGS / "every_key.yaml")
    expected = {
        "name": "every-key",
        "ledger": {**LEDGER_DEFAULTS, "transactions": "orders.parquet"},
        **DEFAULTS,
    }
    assert example.to_dict() == expected
    assert unset_keys(example) == []


def unset_keys(section: BaseModel) -> list[str]:
    """Keys of a section, and of those inside, that the file does not name."""
    missing = [key for key in type(section).model_fields if key not in section.model_fields_set]
    for value in dict(section).values():
        missing += unset_keys(value) if isinstance(value, BaseModel) else []
    return missing


@pytest.mark.parametrize("name", ["minimal", "online_retail_ii", "every_key"])
def test_the_examples_load(name):
    """Each file in configs/ is a valid config of that name."""
    assert load_config(CONFIGS / f"{name}.yaml").name == name.replace("_", "-")


def test_the_retail_example_is_judged_where_the_outcome_is_known():
    """Date, horizon and refund marks of the log."""
    config = load_config(CONFIGS / "online_retail_ii.yaml")
    assert (config.as_of, config.churn.horizon_days, config.churn.active_days) == (
        datetime.date(2011, 9, 10),
        90,
        180,
    )
    assert (config.ledger.refund_prefix, config.ledger.exclude.order_id_prefixes) == ("C", ("A",))


def test_columns_are_those_of_the_ledger():
    """One list of columns, in the order of `patron.columns`."""
    config = make_config({"name": "shop", "ledger": {"transactions": "x"}}, Path())
    assert list(type(config.ledger.columns).model_fields) == list(LEDGER_COLUMNS)


def test_only_named_columns_are_in_the_mapping(write):
    """The ledger looks for the others under our names; null leaves one out."""
    config = load_config(write("  columns: {customer_id: Kunde, cost: null}\n"))
    assert config.ledger.columns.mapping == {"customer_id": "Kunde", "cost": None}


def test_an_empty_block_means_its_defaults(write):
    """All of its keys are commented out."""
    assert load_config(write("churn:\n#  horizon_days: 60\n")).churn.horizon_days == 90


@pytest.mark.parametrize("text", ["2011-09-10", '"2011-09-10"', "2011-09-10 00:00:00"])
def test_as_of_takes_a_date_in_any_spelling(write, text):
    """YAML reads dates itself; quotes are allowed too."""
    assert load_config(write(f"as_of: {text}\n")).as_of == datetime.date(2011, 9, 10)


def test_overrides_win_over_the_file(write):
    """Their values are read as YAML."""
    config = load_config(
        write("churn: {horizon_days: 30}\n"), ["churn.horizon_days=60", "features.attributes=[industry]"]
    )
    assert (config.churn.horizon_days, config.features.attributes) == (60, ("industry",))


def test_paths_start_in_the_folder_of_the_config(write, tmp_path):
    """Wherever the program was started."""
    config = load_config(write("output: out/../scores\n"))
    assert (config.folder, config.output_folder) == (tmp_path.resolve(), tmp_path.resolve() / "scores")
    assert config.path(config.ledger.transactions) == tmp_path.resolve() / "orders.csv"


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("sqlite:///a/mlflow.db", "sqlite:////shop/a/mlflow.db"),
        ("sqlite:////elsewhere/mlflow.db", "sqlite:////elsewhere/mlflow.db"),
        ("mlruns", "/shop/mlruns"),
        ("https://mlflow.example.com", "https://mlflow.example.com"),
        ("postgresql://me:${PW}@db/mlflow", "postgresql://me:${PW}@db/mlflow"),
        ("databricks", "databricks"),
    ],
)
def test_local_stores_start_in_the_folder_of_the_config(uri, expected):
    """Addresses of servers and variables are left alone."""
    content = {"name": "shop", "ledger": {"transactions": "x"}, "tracking": {"uri": uri}}
    assert make_config(content, Path("/shop")).tracking_uri == expected


def test_sections_are_frozen(write):
    """Nothing changes a config after it was read."""
    config = load_config(write())
    with pytest.raises(ValidationError, match="frozen"):
        config.churn.horizon_days = 60


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("churn: {horizon_day: 60}", "churn.horizon_day is not a setting. Did you mean churn.horizon_days?"),
        ("horizon_days: 60", "horizon_days is not a setting. Did you mean churn.horizon_days?"),
        ("churn: {rhythm: {qantile: 0.8}}", "Did you mean churn.rhythm.quantile?"),
        (
            "churn: {horizon_days: 6}",
            "horizon_days is 6 (a whole number); it must be a whole number from 7 to 730 (days).",
        ),
        ("churn: {horizon_days: ninety}", "churn.horizon_days is 'ninety' (text); it must be a whole number"),
        ("churn: {horizon_days: true}", "churn.horizon_days is true (yes/no); it must be a whole number"),
        ("churn: {active_days: 0}", "it must be a whole number from 1 to 3650 (days)."),
        ("churn: 90", "churn is 90 (a whole number); it must be a block with horizon_days"),
        (
            "churn: {rhythm: {min_days: 90, max_days: 60}}",
            "churn.rhythm: min_days 90 is larger than max_days 60.",
        ),
        (
            "churn: {label: decline, horizon_days: 400}",
            "churn: label decline compares with last year: it needs horizon_days of 365 or less.",
        ),
        ("churn: {model: xgboost}", "one of auto, lightgbm, logistic, average, btyd, rule."),
        (
            "clv: {margin: 0}",
            "clv.margin is 0 (a whole number); it must be a number above 0, up to 1 (ratio).",
        ),
        ("clv: {annual_discount_rate: -0.1}", "clv.annual_discount_rate is -0.1 (a number)"),
        ("clv: {horizon_months: 61}", "a whole number from 1 to 60 (months)."),
        ("clv: {purchases: paretonbd}", "clv: purchases paretonbd needs backend lifetimes."),
        (
            "clv: {purchases: mbgcnbd, backend: lifetimes}",
            "clv: purchases mbgcnbd needs backend native.",
        ),
        ("clv: {by: industry, backend: lifetimes}", "clv: by needs backend native."),
        ("segments: {new_days: 400}", "segments: new_days 400 is not less than growing_days 365."),
        ("as_of: yesterday", "as_of is 'yesterday' (text); it must be latest, or a date such as 2011-09-10."),
        ("as_of: 2011-02-30", "as_of is '2011-02-30' (text); it must be latest, or a date"),
        ("as_of: 2011-09-10 12:00:00", "a day without a time"),
        ("engine: {memory_limit: lots}", "an amount of memory, such as 4GB"),
        ("language: de", "language is 'de' (text); it must be one of en, zh."),
        ("nps_scale: [10, 0]", "nps_scale is a list of 2; it must be two whole numbers, the lower one first"),
        ("output: 5", "output is 5 (a whole number); it must be text; put it in quotes."),
        (
            "features: {attributes: industry}",
            "features.attributes is 'industry' (text); it must be a list of text.",
        ),
        ("on: 5", "True is not a setting."),
    ],
)
def test_each_mistake_is_named_in_words(write, text, message):
    """The path of the key, what it is, what it must be."""
    assert message in "\n".join(problems(write(text + "\n")))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "columns: {customer_id: a, amount: a}",
            "ledger.columns: customer_id and amount are both mapped to 'a'",
        ),
        ("columns: {custmer_id: a}", "Did you mean ledger.columns.customer_id?"),
        ("columns: {customer_id: null}", "ledger.columns.customer_id is empty; it must be text."),
        ("csv: {separator: ';;'}", "it must be one character"),
        ("csv: {decimal: ','}", "ledger.csv: separator and decimal are both ','"),
        ("csv: {encoding: utf-99}", "a known encoding"),
        ("currency: gbp", "an ISO code of three capital letters"),
        ("timezone: Europe/Londn", "the name of a time zone"),
        (
            "exclude: {product_ids: [22423]}",
            "ledger.exclude.product_ids[0] is 22423 (a whole number); it must be text",
        ),
    ],
)
def test_each_mistake_in_the_ledger_is_named_in_words(write, text, message):
    """The path of the key, what it is, what it must be."""
    assert message in "\n".join(problems(write(f"  {text}\n")))


@pytest.mark.parametrize("keys", ["", "sql: 1, ", 'sql: "", ', "sql: s, foo: 1, "])
def test_a_wrong_query_is_refused_without_showing_its_address(write, keys):
    """The password stays out of the message."""
    (found,) = problems(
        write(start=f"name: shop\nledger:\n  transactions: {{{keys}url: postgresql://me:hunter2@db/x}}\n")
    )
    assert found.endswith("it must be text or a block with sql, url.")
    assert "hunter2" not in found


def test_a_model_folder_learns_no_secret_of_a_database():
    """Neither where orders come from nor where scores go."""
    url = "postgresql://me:hunter2@db/x?password=hunter3"
    query = {"sql": "select 1", "url": url}
    content = {"name": "shop", "ledger": {"transactions": query}, "publish": {"url": url}}
    kept = make_config(content, Path("/home/me")).to_dict()
    shown = "postgresql://***@db/x?password=***"
    assert kept["ledger"]["transactions"] == {"sql": "select 1", "url": shown}
    assert kept["publish"] == {"url": shown, "table": "patron_scores"}


def test_all_problems_come_at_once(write):
    """A user mends a config in one go, overrides included."""
    path = write("churn: {horizon_days: 5}\nworklist: {cooldown_days: -9}\nfoo: 1\nseed: 1\nseed: 2\n")
    found = "\n".join(problems(path, "seed"))
    for part in (
        "'seed' is given twice",
        "'seed' sets nothing",
        "horizon_days is 5",
        "foo is not",
        "cooldown_days is -9",
    ):
        assert part in found


def test_name_and_transactions_are_needed(write):
    """The only two keys without a default."""
    assert problems(write(start="seed: 7\n")) == [
        "name is missing; it is needed.",
        "ledger.transactions is missing; it is needed.",
    ]


def test_a_key_given_twice_is_refused_with_both_lines(write):
    """YAML would keep the last one without a word."""
    assert problems(write("seed: 1\nlanguage: zh\nseed: 2\n")) == [
        "'seed' is given twice, in lines 4 and 6; keep one of them."
    ]


def test_a_missing_file_is_said(tmp_path):
    """With the name that was given."""
    with pytest.raises(ConfigError, match=r"nowhere\.yaml: no such config file"):
        load_config(tmp_path / "nowhere.yaml")


def test_a_folder_is_no_config(tmp_path):
    """No traceback for a path that leads to a folder."""
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(tmp_path)


def test_broken_yaml_is_said_with_its_line(write):
    """A bracket that is never closed."""
    with pytest.raises(ConfigError, match=r"is not YAML: line 5, column 5"):
        load_config(write("churn: {horizon_days: 60\nseed: 7\n"))


@pytest.mark.parametrize("text", ["", "just words", "- a\n- b\n"])
def test_a_file_that_is_no_block_of_keys_is_refused(write, text):
    """An empty file, a sentence, a list."""
    with pytest.raises(ConfigError, match="it must be a block of keys"):
        load_config(write(start=text))


def test_text_in_another_encoding_is_said(tmp_path):
    """GB18030 is for ledgers; configs are UTF-8."""
    path = tmp_path / "shop.yaml"
    path.write_bytes("name: 客户".encode("gb18030"))
    with pytest.raises(ConfigError, match="not text in UTF-8"):
        load_config(path)


def test_an_override_cannot_reach_into_text(write):
    """There is nothing below a file name."""
    (found,) = problems(write(), "ledger.transactions.url=x")
    assert found.startswith("ledger.transactions.url cannot be set: ledger.transactions is 'orders.csv'")


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("postgresql://me:p@ss@db.example.com/x", "postgresql://***@db.example.com/x"),
        ("https://h.example.com/?token=abc&x=1", "https://h.example.com/?token=***&x=1"),
        ("sqlite:////home/me/mlflow.db", "sqlite:///mlflow.db"),
        ("mlruns", "mlruns"),
    ],
)
def test_a_model_folder_learns_no_password_and_no_folder(uri, expected):
    """What is stored beside a model can be shown to anybody."""
    content = {"name": "shop", "ledger": {"transactions": "x"}, "tracking": {"uri": uri}}
    assert make_config(content, Path("/home/me")).to_dict()["tracking"]["uri"] == expected


def test_a_stored_config_is_the_same_in_every_folder(write, tmp_path):
    """The same file on another machine makes the same bytes; absolute paths lose their folders."""
    config = load_config(write(f"  customers: {tmp_path}/customers.csv\n"))
    text = json.dumps(config.to_dict())
    assert str(tmp_path) not in text
    assert config.to_dict()["ledger"]["customers"] == "customers.csv"


def test_a_stored_config_can_be_read_again(write):
    """Defaults written out are still a valid config."""
    config = load_config(write())
    assert make_config(config.to_dict(), config.folder).to_dict() == config.to_dict()


def test_the_shipped_schema_is_fresh():
    """If this fails, write json_schema() to the file again, as below."""
    shipped = Path(patron.__file__).with_name("config.schema.json").read_text(encoding="utf-8")
    assert shipped == json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


def settings(section: type[BaseModel]) -> list[tuple[str, str | None, object]]:
    """Name, description and type of every setting."""
    found = []
    for key, field in section.model_fields.items():
        found.append((key, field.description, field.annotation))
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            found += settings(field.annotation)
    return found


def test_every_setting_is_documented():
    """A description each; numbers say their unit."""
    rows = settings(Config)
    assert len(rows) > 60  # the walk must reach the blocks
    assert [key for key, description, _ in rows if not description] == []
    numbers = [(key, text) for key, text, kind in rows if kind in (int, float) and key != "seed"]
    assert [key for key, text in numbers if not re.search(r"\[.+\]$", str(text))] == []


@pytest.mark.parametrize("label", ["silence", "rhythm", "decline"])
def test_every_definition_of_churn_can_be_asked_for(write, label):
    """With its settings."""
    text = f"churn: {{label: {label}, rhythm: {{quantile: 0.8, min_days: 20}}, decline: {{share: 0.4}}}}"
    churn = load_config(write(text)).churn
    assert (churn.label, churn.rhythm.quantile, churn.decline.share) == (label, 0.8, 0.4)
