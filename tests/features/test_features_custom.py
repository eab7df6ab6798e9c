"""Features of the user's own: what they are given, what they may return, and which of them peek."""

from __future__ import annotations

import dataclasses
import datetime
import functools
import hashlib
import json
import random
import re
import textwrap
import types
from collections.abc import Callable
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest
from synthetic_ledger import Line, number, raw_orders, synthetic_rows, tables_of

import patron
from patron.errors import PatronError
from patron.features import (
    CustomFeature,
    FeatureCheck,
    FeatureRecipe,
    build_features,
    check_custom_feature,
    feature_names,
    with_functions,
)
from patron.features._own_code import code_of, digest_of
from patron.features.custom import order_history
from patron.snapshots import CustomerTables, history_before
from patron.workflows.own_features import own_functions

AS_OF = number("2024-03-01")
ALL_ORDERS = raw_orders(synthetic_rows())
SPEND_EVER = {str(k): float(v) for k, v in ALL_ORDERS.groupby("customer_id")["amount"].sum().items()}
NEWEST_ORDER = ALL_ORDERS["ordered_at"].max()
WINDOW_DAYS = 90
HOLIDAYS = {2022: ["2022-02-01"], 2023: ["2023-01-22"], 2024: ["2024-02-10"]}


class Shelf:
    """Holds a table where it is not seen at once."""

    def __init__(self, table: pd.DataFrame) -> None:
        self.table = table


SHELF = Shelf(ALL_ORDERS)


def each(history: pd.DataFrame) -> pd.DataFrame:
    """One row per customer."""
    return pd.DataFrame({"customer_id": history["customer_id"].unique()})


# --- features that are as they should be


def silence(history, as_of):
    """Days since the last row, by another route than the built-in feature."""
    last = history.groupby("customer_id")["day"].max()
    return pd.DataFrame({"days": (pd.Timestamp(as_of) - last).dt.days}).reset_index()


def many(history, as_of):
    """Several columns, customer_id in the index, order of the days, calendar, missing values."""
    recent = history[history["day"] >= pd.Timestamp(as_of) - pd.Timedelta(days=WINDOW_DAYS)]
    gaps = history.assign(
        gap=history.groupby("customer_id")["day"].diff().dt.days, monday=history["day"].dt.day_of_week == 0
    )
    made = gaps.groupby("customer_id").agg(
        gap=("gap", "mean"), spread=("spend", "std"), last=("spend", "last"), mondays=("monday", "sum")
    )
    return made.assign(recent=recent.groupby("customer_id")["spend"].sum(), month=as_of.month)


def holidays(history, as_of):
    """A table of plain values may be read, even if the values then depend on the year."""
    days = pd.to_datetime([day for days in HOLIDAYS.values() for day in days])
    hit = history["day"].isin(days + pd.Timedelta(days=1))
    return hit.groupby(history["customer_id"]).sum().rename("orders").reset_index()


# --- features that peek, each in its way


def closes_over_the_orders(history, as_of):
    """Reads the whole ledger, the future included."""
    sums = ALL_ORDERS.groupby("customer_id")["amount"].sum()
    return each(history).assign(spend=lambda rows: rows["customer_id"].map(sums))


def reads_a_table_on_a_shelf(history, as_of):
    """The same through an object."""
    sums = SHELF.table.groupby("customer_id")["amount"].sum()
    return each(history).assign(spend=lambda rows: rows["customer_id"].map(sums))


def hides_it_in_a_default(history, as_of, table=ALL_ORDERS):
    """Captured when it was defined."""
    return each(history).assign(rows=len(table))


def looks_customers_up(history, as_of):
    """A dictionary of plain values, made from the future."""
    return each(history).assign(spend=lambda rows: rows["customer_id"].map(SPEND_EVER))


def knows_the_newest_order(history, as_of):
    """One day from outside that later orders have set."""
    last = history.groupby("customer_id")["day"].max()
    return pd.DataFrame({"days": (NEWEST_ORDER - last).dt.days}).reset_index()


def goes_by_the_clock(history, as_of):
    """Today instead of as_of."""
    last = history.groupby("customer_id")["day"].max()
    return pd.DataFrame({"days": (datetime.datetime.now() - last).dt.days}).reset_index()


def today():
    """A helper that reads the clock."""
    return pd.Timestamp("today").normalize()


def goes_by_the_clock_of_a_helper(history, as_of):
    """The same, one call away."""
    last = history.groupby("customer_id")["day"].max()
    return pd.DataFrame({"days": (today() - last).dt.days}).reset_index()


def ranks_the_base(history, as_of):
    """Depends on who else is there."""
    return history.groupby("customer_id")["spend"].sum().rank(pct=True).reset_index()


def goes_by_the_place(history, as_of):
    """Depends on where a customer's rows stand."""
    first = history.drop_duplicates("customer_id")
    return pd.DataFrame({"customer_id": first["customer_id"], "place": first.index})


def changes_the_history(history, as_of):
    """Works on what it was given."""
    history["spend"] *= 2
    return history.groupby("customer_id")["spend"].sum().reset_index()


def draws_at_random(history, as_of):
    """Never the same twice."""
    return each(history).assign(luck=lambda rows: [random.random() for _ in range(len(rows))])


def reads_a_file(history, as_of):
    """Whatever the file holds."""
    return each(history).assign(n=0) if history.empty else pd.read_csv("spend.csv")


PEEKING: dict[Callable[..., Any], set[str]] = {
    closes_over_the_orders: {"outside", "renamed"},
    reads_a_table_on_a_shelf: {"outside", "renamed"},
    hides_it_in_a_default: {"outside"},
    looks_customers_up: {"renamed"},
    knows_the_newest_order: {"clock"},
    goes_by_the_clock: {"clock"},
    goes_by_the_clock_of_a_helper: {"clock"},
    ranks_the_base: {"part", "strangers", "renamed"},
    goes_by_the_place: {"part", "strangers", "renamed"},
    changes_the_history: {"untouched"},
    draws_at_random: {"again"},
}


def checked(function: Callable[..., Any], tables: CustomerTables) -> FeatureCheck:
    return check_custom_feature(function.__name__, function, tables, AS_OF)


@pytest.mark.parametrize("function", [silence, many, holidays], ids=lambda f: f.__name__)
def test_an_honest_feature_passes(function: Callable[..., Any], plain_tables: CustomerTables) -> None:
    """Nothing is held against it, and the text says what was tried."""
    check = checked(function, plain_tables)
    assert check.problems == ()
    assert check.ok
    assert len(check.days) == 3
    assert max(check.days) == date(2024, 3, 1)
    assert "may be used" in check.text
    assert check.text.count("holds:") == 8
    assert str(check) == check.text


@pytest.mark.parametrize("function", PEEKING, ids=lambda f: f.__name__)
def test_a_feature_that_peeks_is_caught(function: Callable[..., Any], plain_tables: CustomerTables) -> None:
    """Each by the tries that concern it, and by no other."""
    check = checked(function, plain_tables)
    assert not check.ok
    assert set(check.failed) == PEEKING[function]
    assert len(check.problems) == len(check.failed)
    assert "must not be used" in check.text
    assert check.text.count("FAILED:") == len(check.failed)


def test_a_feature_that_reads_a_file_is_caught(plain_tables: CustomerTables) -> None:
    """By its code: what stands in the file is not known."""

    def reads(history, as_of):
        rows = each(history)
        return rows.assign(n=len(open(__file__).read()))

    with pytest.warns(ResourceWarning, match="unclosed file"):
        check = check_custom_feature("reads", reads, plain_tables, AS_OF)
    assert check.failed == ("outside",)
    assert check.problems == ("it reads a file (open); a feature may look at history only.",)
    assert "read_csv" in code_of(reads_a_file).names


def test_a_feature_that_goes_by_the_year_gets_a_note(plain_tables: CustomerTables) -> None:
    """It is no leak, but seldom what is meant."""

    def in_2023(history, as_of):
        hit = history["day"].dt.year == 2023
        return hit.groupby(history["customer_id"]).sum().rename("orders").reset_index()

    check = check_custom_feature("in_2023", in_2023, plain_tables, AS_OF)
    assert check.ok
    (note,) = check.notes
    assert note.startswith("it goes by the year itself")


def test_what_is_found_is_said_with_a_customer_and_a_day(plain_tables: CustomerTables) -> None:
    """One instance each, of the earliest day."""
    (problem,) = checked(goes_by_the_clock, plain_tables).problems
    assert re.search(
        r"looks at the clock \(now\), where as_of is meant: .*customer \d{4} has days \d+", problem
    )
    problem = checked(ranks_the_base, plain_tables).problems[0]
    assert re.search(
        r"other customers: with \d+ of \d+ customers on 2022-.*, customer \d{4} has spend", problem
    )


def test_the_public_door_reads_orders(orders: pd.DataFrame) -> None:
    """`patron.check_feature` on order lines as a user brings them."""
    check = patron.check_feature(silence, orders, as_of="2024-03-01")
    assert check.ok
    assert check.columns == ("days",)
    assert check.name == "silence"
    assert not patron.check_feature(closes_over_the_orders, orders, as_of="2024-03-01").ok
    with pytest.raises(PatronError, match=r"'<lambda>' cannot name a feature\. Define the function with def"):
        patron.check_feature(lambda history, _: history, orders)


def test_the_example_of_the_docs_passes(capsys: pytest.CaptureFixture[str]) -> None:
    """The code under "Your own features", as it stands there."""
    text = (Path(__file__).parents[2] / "docs" / "concepts.md").read_text(encoding="utf-8")
    section = text.split("### Your own features")[1]
    code = section.split("```python\n")[1].split("```")[0]
    exec(compile(code, "concepts.md", "exec"), {})
    assert "weekend: may be used. It gives custom_weekend_spend." in capsys.readouterr().out


# --- what a function is given


def test_the_history_is_what_was_known_before_the_day() -> None:
    """Worked by hand: an order of two lines, a later refund of a part, an order on as_of itself."""
    rows = [
        Line("b", 100, 1050, False, "b1"),
        Line("a", 101, 2000, False, "a1"),
        Line("a", 101, 500, False, "a1"),
        Line("a", 105, -300, True, "Ca1"),
        Line("b", 110, 9900, False, "b2"),
    ]
    columns = ("customer_id", "day", "amount_minor", "is_refund", "order_id")
    frame = order_history(history_before(tables_of(rows, columns=columns), 110), 2)
    expected = pd.DataFrame(
        {
            "customer_id": ["a", "a", "b"],
            "day": pd.to_datetime(["1970-04-12", "1970-04-16", "1970-04-11"]).astype("datetime64[us]"),
            "orders": [1, 0, 1],
            "lines": [2, 1, 1],
            "spend": [25.0, 0.0, 10.5],
            "refund": [0.0, 3.0, 0.0],
        }
    )
    pd.testing.assert_frame_equal(frame, expected)


@pytest.mark.parametrize("engine", ["polars", "duckdb"])
def test_the_history_is_the_same_on_every_engine(engine: str, ledger_rows: list[Line]) -> None:
    """Types and order included; with costs."""
    shuffled = random.Random(3).sample(ledger_rows, len(ledger_rows))
    frames = [
        order_history(history_before(tables_of(rows, engine=on), AS_OF), 2)
        for rows, on in ((ledger_rows, "pandas"), (shuffled, engine))
    ]
    assert "cost" in frames[0]
    pd.testing.assert_frame_equal(*frames, check_exact=True)


def recipe_of(*functions: Callable[..., Any], tables: CustomerTables, **how: Any) -> FeatureRecipe:
    custom = [CustomFeature.of(f.__name__, f, checked(f, tables).columns) for f in functions]
    return FeatureRecipe(horizon_days=60, custom=custom, **how)


def test_its_columns_join_the_built_in_ones(plain_tables: CustomerTables) -> None:
    """Same customers, own names, whatever the groups; the values by another route."""
    recipe = recipe_of(silence, many, tables=plain_tables, groups=("rfm",))
    history = history_before(plain_tables, AS_OF)
    frame = build_features(history, recipe)
    own = [
        "custom_silence_days",
        *(f"custom_many_{c}" for c in ("gap", "spread", "last", "mondays", "recent")),
    ]
    assert [n for n in feature_names(recipe) if n.startswith("custom_")] == [*own, "custom_many_month"]
    assert list(frame) == ["customer_id", *feature_names(recipe)]
    assert set(frame.dtypes.iloc[1:].astype(str)) == {"float64"}
    days = history.days.collect().to_pandas()
    expected = AS_OF - days.groupby("customer_id")["day"].max()
    found = frame.set_index("customer_id")["custom_silence_days"]
    assert found.tolist() == expected[found.index].tolist()
    built_in = build_features(history, dataclasses.replace(recipe, custom=()))
    pd.testing.assert_frame_equal(frame[list(built_in)], built_in, check_exact=True)


def test_a_customer_left_out_is_missing(plain_tables: CustomerTables) -> None:
    """Not zero."""

    def only_one(history, as_of):
        return pd.DataFrame({"customer_id": ["0004"], "n": [3]})

    custom = (CustomFeature("only_one", ("n",), "-", function=only_one),)
    frame = build_features(history_before(plain_tables, AS_OF), FeatureRecipe(horizon_days=60, custom=custom))
    filled = frame.set_index("customer_id")["custom_only_one_n"].dropna()
    assert filled.to_dict() == {"0004": 3.0}


def test_a_ledger_without_orders_is_not_asked_about(plain_tables: CustomerTables) -> None:
    """A function sees at least one row; the columns are there all the same."""
    recipe = recipe_of(silence, tables=plain_tables)
    frame = build_features(history_before(plain_tables, number("2000-01-01")), recipe)
    assert frame.shape == (0, 1 + len(feature_names(recipe)))
    with pytest.raises(PatronError, match=r"There are no orders before 2000-01-01"):
        check_custom_feature("silence", silence, plain_tables, number("2000-01-01"))


# --- what a function returns


def one_row(**columns: Any) -> Callable[..., Any]:
    return lambda _history, _as_of: pd.DataFrame({"customer_id": ["0004"], **columns})


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        (
            lambda _h, _: None,
            "it returned nothing (None); it must return a pandas DataFrame with customer_id",
        ),
        (
            lambda h, _: h.groupby("customer_id")["spend"].sum(),
            "it returned a Series; it must return a pandas",
        ),
        (lambda h, _: h[["day", "spend"]], "customer_id is missing; it returned day, spend"),
        (lambda h, _: h[["customer_id"]].drop_duplicates(), "customer_id and nothing else"),
        (lambda h, _: h[["customer_id", "spend"]], "customers have more than one row, e.g. '0002'"),
        (one_row(customer_id=["nobody"], n=1), "1 customers are not in the history, e.g. 'nobody'"),
        (one_row(customer_id=[None], n=1), "1 rows have no customer_id"),
        (one_row(n=["x"]), "the column n holds str, not numbers"),
        (one_row(n=[pd.Timedelta(days=1)]), "not numbers; use .dt.days"),
        (one_row(n=[1j]), "the column n holds complex128, not numbers"),
        (one_row(n=[np.inf]), "the column n is infinite for 1 customers, e.g. '0004' (divided by 0?)"),
        (one_row(**{"a b": [1]}), "'a b' cannot name a column; use letters, digits and '_', at most 60"),
        (lambda h, _: h["no such"], "failed at line "),
    ],
)
def test_a_wrong_result_is_said_in_words(
    returned: Callable[..., Any], message: str, plain_tables: CustomerTables
) -> None:
    """Feature, day, what is wrong; no traceback, and no other problem."""
    check = check_custom_feature("mine", returned, plain_tables, AS_OF)
    assert check.columns == ()
    (problem,) = check.problems
    assert problem.startswith("your feature 'mine' on 2022-")
    assert message in problem
    assert "mine: cannot be used." in check.text


def test_all_that_is_wrong_with_a_result_is_said_at_once(plain_tables: CustomerTables) -> None:
    """And the error of a function names its line and its words."""

    def wrong(history, as_of):
        return history[["customer_id"]].assign(a="x", b=np.inf)

    def fails(history, as_of):
        ids = history["customer_id"]
        return ids.to_frame().assign(n=1 / int(ids.size * 0))

    assert len(check_custom_feature("wrong", wrong, plain_tables, AS_OF).problems) == 3
    (problem,) = check_custom_feature("fails", fails, plain_tables, AS_OF).problems
    line = fails.__code__.co_firstlineno + 2
    assert f"failed at line {line} (return ids.to_frame()" in problem
    assert problem.endswith("ZeroDivisionError: division by zero")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (pd.array([3, None], dtype="Int64"), [3.0, None]),
        (pd.array([True, None], dtype="boolean"), [1.0, None]),
        (np.array([3, 7], dtype=np.uint8), [3.0, 7.0]),
        ([False, True], [0.0, 1.0]),
    ],
)
def test_every_kind_of_number_is_taken(
    values: Any, expected: list[float | None], plain_tables: CustomerTables
) -> None:
    """Integers that may be missing, truth values, small integers."""

    def mine(history, as_of):
        return pd.DataFrame({"customer_id": ["0004", "0007"], "n": values})

    custom = (CustomFeature("mine", ("n",), "-", function=mine),)
    frame = build_features(history_before(plain_tables, AS_OF), FeatureRecipe(horizon_days=60, custom=custom))
    found = frame.set_index("customer_id")["custom_mine_n"].loc[["0004", "0007"]]
    assert [None if np.isnan(value) else value for value in found] == expected


def test_other_columns_than_in_training_are_refused(plain_tables: CustomerTables) -> None:
    """A column that comes and goes with the data would be scored as missing in silence."""
    custom = (CustomFeature("silence", ("days", "weeks"), "-", function=silence),)
    recipe = FeatureRecipe(horizon_days=60, custom=custom)
    with pytest.raises(
        PatronError, match="'silence' returned days on 2024-03-01, and days, weeks when it was"
    ):
        build_features(history_before(plain_tables, AS_OF), recipe)


# --- how it travels


def test_a_recipe_holds_name_columns_and_digest_and_no_code(plain_tables: CustomerTables) -> None:
    """Through JSON and back; the function has to be handed over again, and is then the same."""
    recipe = recipe_of(silence, tables=plain_tables)
    stored = json.loads(json.dumps(recipe.to_dict()))
    (entry,) = stored["custom"]
    assert entry["name"] == "silence"
    assert entry["columns"] == ["days"]
    assert re.fullmatch("[0-9a-f]{64}", entry["digest"])
    assert entry["digest_made_from"] == "source"
    assert len(entry) == 4
    again = FeatureRecipe.from_dict(stored)
    history = history_before(plain_tables, AS_OF)
    with pytest.raises(PatronError, match=r"trained with your feature 'silence' \(columns days\)"):
        build_features(history, again)
    whole = dataclasses.replace(again, custom=with_functions(again.custom, {"silence": silence}))
    pd.testing.assert_frame_equal(build_features(history, whole), build_features(history, recipe))


def test_a_recipe_from_before_own_features_is_read() -> None:
    """It lacks the key."""
    old = {k: v for k, v in FeatureRecipe(horizon_days=60).to_dict().items() if k != "custom"}
    assert FeatureRecipe.from_dict(old).to_dict() == FeatureRecipe(horizon_days=60).to_dict()


def function_in(tmp_path: Path, source: str, name: str = "mine", file: str = "own.py") -> Callable[..., Any]:
    """Run a source file and return a function of it."""
    path = tmp_path / file
    path.write_text(textwrap.dedent(source), encoding="utf-8")
    module = types.ModuleType(path.stem)
    module.__file__ = str(path)
    exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), vars(module))
    function: Callable[..., Any] = vars(module)[name]
    return function


SOURCE = """
    import pandas as pd

    WINDOW = 90
    OTHER = 1

    def helper(history):
        return history[history["spend"] > 0]

    def mine(history, as_of):
        recent = helper(history)

        return recent.groupby("customer_id")["spend"].sum().head(WINDOW).reset_index()
"""


@pytest.mark.parametrize(
    ("old", "new", "is_another"),
    [
        ("WINDOW = 90", "WINDOW = 91", True),
        ('history["spend"] > 0', 'history["spend"] > 1', True),
        (".sum()", ".max()", True),
        ("OTHER = 1", "OTHER = 2", False),
        ("helper(history)\n\n", "helper(history)\n\n\n", False),
        ("import pandas as pd", "import pandas as pd, json", False),
    ],
)
def test_the_digest_covers_what_the_values_depend_on(
    tmp_path: Path, old: str, new: str, is_another: bool
) -> None:
    """The function, its helpers and constants; not its surroundings, nor how it is laid out."""
    assert old in SOURCE
    first = digest_of(function_in(tmp_path, SOURCE, file="first.py"))
    second = digest_of(function_in(tmp_path, SOURCE.replace(old, new), file="second.py"))
    assert first[1] == second[1] == "source"
    assert (first[0] != second[0]) is is_another


def test_a_value_that_a_function_closes_over_is_part_of_it(tmp_path: Path) -> None:
    """Two functions of one source; so are defaults."""
    source = """
        def make(days):
            def mine(history, as_of):
                return history.head(days)
            return mine
        short, long, again = make(30), make(60), make(30)
    """
    short, long, again = (function_in(tmp_path, source, name) for name in ("short", "long", "again"))
    assert digest_of(short) == digest_of(again)
    assert digest_of(short)[0] != digest_of(long)[0]


CARRYING = """
    import functools
    import math
    import random
    import re
    from random import randint

    import numpy as np
    import pandas as pd
    from scipy.stats import norm

    def head(history, as_of=None, days=30):
        return history.head(days)

    class Head:
        def __init__(self, days):
            self.days = days

        def __call__(self, history, as_of=None):
            return history.head(self.days)

        @staticmethod
        def first(history):
            return history.head(30)

    part = functools.partial(head, days=30)
    thing = Head(30)
    method = thing.__call__
    spend = {"0004": 30}.get
    rows = np.vectorize(lambda value: value + 30)
    log, add, bell, draw, frame_of = math.log, np.add, norm, randint, pd.DataFrame.from_dict

    @functools.wraps(part)
    def wrapper(history):
        return part(history)

    @functools.lru_cache
    def cached():
        return 30

    def calls_part(history, as_of): return part(history)
    def calls_thing(history, as_of): return thing(history)
    def calls_method(history, as_of): return method(history)
    def calls_spend(history, as_of): return history.assign(n=spend("0004"))
    def calls_rows(history, as_of): return history.assign(n=rows(history["spend"]))
    def calls_wrapper(history, as_of): return wrapper(history)
    def calls_cached(history, as_of): return history.head(cached())
    def calls_first(history, as_of): return Head.first(history)
    def calls_libraries(history, as_of):
        numbers = [log(2), add(1, 2), bell.pdf(0), bell(), draw(1, 2), len(history)]
        return frame_of({"n": numbers, "text": str.upper("a")})
"""


@pytest.mark.parametrize(
    ("name", "kind"), [("part", "partial"), ("thing", "Head"), ("method", "bound method")]
)
def test_only_a_plain_function_can_be_a_feature(
    name: str, kind: str, tmp_path: Path, plain_tables: CustomerTables
) -> None:
    """What others carry along is in no digest; so there is none, at any of the doors."""
    other = function_in(tmp_path, CARRYING, name)
    words = f"it is a {kind}, not a plain function; write it as a plain function (def ...)"
    with pytest.raises(PatronError, match=re.escape(words)):
        digest_of(other)
    with pytest.raises(PatronError, match=re.escape(words)):
        CustomFeature.of("mine", other, ("n",))
    check = check_custom_feature("mine", other, plain_tables, AS_OF)
    assert check.problems == (f"your feature 'mine' cannot be used: {words}.",)
    assert "cannot be used" in check.text
    blind = CustomFeature("mine", ("n",), hashlib.sha256(b"").hexdigest(), "source")
    with pytest.raises(PatronError, match=re.escape(words)):
        with_functions([blind], {"mine": other})


def test_the_config_may_name_a_plain_function_only(tmp_path: Path) -> None:
    """All entries at once."""
    (tmp_path / "own_heads.py").write_text(textwrap.dedent(CARRYING), encoding="utf-8")
    entries = ["own_heads:part", "own_heads:calls_first", "own_heads:method"]
    config = SimpleNamespace(folder=tmp_path, features=SimpleNamespace(custom=entries))
    with pytest.raises(PatronError) as caught:
        own_functions(cast(Any, config))
    end = "not a plain function; write it as a plain function (def ...)."
    assert caught.value.problems == [
        f"features.custom: own_heads:part is a partial, {end}",
        f"features.custom: own_heads:method is a method, {end}",
    ]


@pytest.mark.parametrize(
    ("name", "kind"),
    [("part", "partial"), ("thing", "Head"), ("method", "method"), ("spend", "builtin_function_or_method"),
     ("rows", "vectorize"), ("wrapper", "partial")],
)  # fmt: skip
def test_a_function_may_not_call_what_carries_arguments(
    name: str, kind: str, tmp_path: Path, plain_tables: CustomerTables
) -> None:
    """Neither is it in the digest; like a table from outside."""
    check = check_custom_feature(
        "mine", function_in(tmp_path, CARRYING, f"calls_{name}"), plain_tables, AS_OF
    )
    code = code_of(function_in(tmp_path, CARRYING, f"calls_{name}"))
    assert [type(value).__name__ for value in code.outside.values()] == [kind]
    assert not check.ok


def test_a_partial_from_outside_is_said_in_words(plain_tables: CustomerTables) -> None:
    """On a function that runs well."""

    def mine(history, as_of):
        return rows(history)

    rows = functools.partial(silence, as_of=date(2024, 3, 1))
    (problem,) = check_custom_feature("mine", mine, plain_tables, AS_OF).problems
    assert problem == "it calls 'rows' (partial) from outside; write it as a plain function (def ...)."


def test_what_a_library_offers_may_be_called(tmp_path: Path) -> None:
    """Functions, methods, objects; and cached and static functions of the user's are in the digest."""
    assert code_of(function_in(tmp_path, CARRYING, "calls_libraries")).outside == {}
    for name in ("calls_cached", "calls_first"):
        first, second = (
            function_in(tmp_path, CARRYING.replace("30", days), name, f"in_{days}.py")
            for days in ("30", "60")
        )
        assert code_of(first).outside == {}
        assert digest_of(first)[0] != digest_of(second)[0]


def test_without_source_the_bytecode_counts_and_the_error_says_so() -> None:
    """As at a prompt: no file that could be read."""
    names: dict[str, Any] = {}
    exec("def mine(history, as_of):\n    return history", names)
    stored = CustomFeature.of("mine", names["mine"], ("a",))
    assert re.fullmatch(r"bytecode of Python 3\.\d+", stored.digest_made_from)
    assert with_functions([stored], names)[0].function is names["mine"]
    from_source = dataclasses.replace(stored, digest="0" * 64, digest_made_from="source")
    with pytest.raises(
        PatronError, match="its digest was made from source then and is made from bytecode of"
    ):
        with_functions([from_source], names)


def test_every_feature_that_is_missing_or_another_is_named() -> None:
    """All at once; a dictionary may hold more than a model wants."""
    stored = [CustomFeature.of(f.__name__, f, ("x",)) for f in (silence, many, holidays)]
    with pytest.raises(PatronError, match="not the one the model was trained with") as caught:
        with_functions(stored, {"many": silence, "holidays": holidays})
    missing, another = caught.value.problems
    assert "load_model(folder, features={'silence': silence})" in missing
    assert stored[1].digest[:12] in another
    assert digest_of(silence)[0][:12] in another
    functions = {f.__name__: f for f in (silence, many, holidays, ranks_the_base)}
    assert [f.function for f in with_functions(stored, functions)] == [silence, many, holidays]
