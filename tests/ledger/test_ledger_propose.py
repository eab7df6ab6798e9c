"""A first config for files nobody described."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import yaml

from patron.errors import LedgerError
from patron.ledger import Proposal, load_ledger, propose_config


def loads(proposal: Proposal, path: Path) -> int:
    """Load the file exactly as the YAML says and return the used rows."""
    config = yaml.safe_load(proposal.yaml)["ledger"]
    return load_ledger(
        path,
        columns=config["columns"],
        csv=config.get("csv"),
        currency=config["currency"],
        refund_prefix=config["refund_prefix"],
        duplicates=config["duplicates"],
    ).report.rows_used


def test_chinese_file_in_gb18030(tmp_path: Path) -> None:
    """Encoding and all columns are found; the proposal loads the file."""
    path = tmp_path / "订单.csv"
    text = "客户编号,下单日期,金额,订单号,产品编号,类别,数量,成本,币种\n"
    text += "".join(f"客户{i},2024年{i}月{i}日,{i}0.5,D{i},P{i},配件,{i},{i},CNY\n" for i in range(1, 10))
    path.write_bytes(text.encode("gb18030"))
    proposal = propose_config(path, name="demo")
    assert list(proposal.columns.values()) == [
        "客户编号",
        "下单日期",
        "金额",
        "订单号",
        "产品编号",
        "类别",
        "数量",
        "成本",
        "币种",
    ]
    assert proposal.csv == {"encoding": "gb18030"}
    assert any(u.startswith("csv.encoding") for u in proposal.unsure)
    assert "# please check: guessed from the bytes" in proposal.yaml
    assert yaml.safe_load(proposal.yaml)["ledger"]["currency"] == "CNY"
    assert loads(proposal, path) == 9


def test_german_export_with_decimal_comma(tmp_path: Path) -> None:
    """Separator, decimal comma and thousands point come from the values."""
    path = tmp_path / "umsatz.csv"
    path.write_text(
        "Kundennummer;Rechnungsdatum;Betrag;Belegnummer\n007;31.01.2024;1.234,50;A1\n8;01.02.2024;-0,5;A2\n"
    )
    proposal = propose_config(path)
    assert proposal.csv == {"separator": ";", "decimal": ",", "thousands": "."}
    assert loads(proposal, path) == 1  # the refund of 1 February comes after the last order


def test_us_export_with_two_digit_years(tmp_path: Path) -> None:
    """The format is proposed, marked, and reads the file."""
    path = tmp_path / "orders.csv"
    path.write_text("CustomerID,InvoiceDate,Amount,Invoice\n1,12/1/10 8:26,5,A\n2,12/31/10 9:00,6,B\n")
    proposal = propose_config(path)
    assert proposal.csv == {"date_format": "%m/%d/%y %H:%M"}
    assert loads(proposal, path) == 2


def test_ambiguous_dates_are_marked(tmp_path: Path) -> None:
    """Day first is written down, and a person is asked."""
    path = tmp_path / "orders.csv"
    path.write_text("customer_id,order_date,amount,order_id\n1,03/04/2024,5,A\n2,05/04/2024,6,B\n")
    proposal = propose_config(path)
    assert proposal.csv == {"date_format": "%d/%m/%Y"}
    assert any("03/04/2024 can be read day first or month first" in u for u in proposal.unsure)


def test_missing_amount_is_said_not_guessed(tmp_path: Path) -> None:
    """Price and quantity are no amount."""
    frame = pd.DataFrame({"customer": ["1"], "date": ["2024-01-01"], "price": [1.0], "qty": [2]})
    proposal = propose_config(frame)
    assert proposal.missing == ["amount"]
    assert 'amount: ""  # please check: not found among customer, date, price, qty' in proposal.yaml


def test_vague_and_double_names_are_unsure() -> None:
    """A column called date could be any date; two dates, all the more."""
    frame = pd.DataFrame(
        {
            "customer_id": ["1"],
            "date": ["2024-01-01"],
            "order_date": ["2024-01-02"],
            "total": [1.0],
            "order_id": ["a"],
        }
    )
    proposal = propose_config(frame)
    assert proposal.columns["ordered_at"] == "order_date"
    assert "columns.ordered_at: it could also be date" in proposal.unsure
    assert any(u.startswith("columns.amount: the name 'total'") for u in proposal.unsure)


def test_keep_is_proposed_without_order_and_product_ids(tmp_path: Path) -> None:
    """Equal rows may be separate purchases."""
    proposal = propose_config(
        pd.DataFrame({"customer_id": ["1"], "ordered_at": ["2024-01-01"], "amount": [1.0]})
    )
    assert yaml.safe_load(proposal.yaml)["ledger"]["duplicates"] == "keep"
    assert "duplicates" in proposal.unsure[0]


def test_an_empty_column_is_not_proposed() -> None:
    """An order_id column without a single value cannot tell orders apart."""
    columns = {"customer_id": ["1"], "ordered_at": ["2024-01-01"], "amount": [1.0], "order_id": [None]}
    proposal = propose_config(pd.DataFrame(columns))
    assert "order_id" not in proposal.columns
    assert yaml.safe_load(proposal.yaml)["ledger"]["duplicates"] == "keep"


def test_refund_prefix_is_found() -> None:
    """Most negative lines have ids that start with C, and no positive one has."""
    frame = pd.DataFrame(
        {
            "customer_id": ["1"] * 4,
            "ordered_at": ["2024-01-01"] * 4,
            "amount": [5.0, 6.0, -5.0, -1.0],
            "invoice": ["100", "101", "C102", "C103"],
        }
    )
    assert yaml.safe_load(propose_config(frame).yaml)["ledger"]["refund_prefix"] == "C"


@pytest.mark.parametrize("end", ["parquet", "xlsx"])
def test_typed_files(tmp_path: Path, end: str) -> None:
    """Parquet and spreadsheets have no csv block, and the proposal loads them."""
    frame = pd.DataFrame(
        {
            "Customer ID": [7, 8],
            "Order Date": pd.to_datetime(["2024-01-01", "2024-01-02"]),
            "Amount": [1.5, 2.5],
        }
    )
    path = tmp_path / f"orders.{end}"
    frame.to_parquet(path) if end == "parquet" else frame.to_excel(path, index=False)
    proposal = propose_config(path)
    assert (proposal.csv, proposal.missing) == ({}, [])
    assert loads(proposal, path) == 2


def test_hostile_names_stay_inside_their_yaml_strings() -> None:
    """Quotes, colons, hashes and line ends in a header."""
    frame = pd.DataFrame({'amount # "x"': [1.0], "customer_id": ["1"], "when: it\nwas": ["2024-01-01"]})
    config = yaml.safe_load(propose_config(frame, name='a: "b" # c').yaml)
    assert config["name"] == 'a: "b" # c'
    assert config["ledger"]["columns"]["ordered_at"] == "when: it\nwas"


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    """Nothing to propose from."""
    (tmp_path / "a.csv").write_text("customer_id,amount\n")
    with pytest.raises(LedgerError, match="has a header but no rows"):
        propose_config(tmp_path / "a.csv")
