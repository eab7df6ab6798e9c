"""What columns of orders are called, in English, German and Chinese.

In: a header. Out: candidates per column of ours.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_WORDS = {
    "customer_id": """
        customerid customernumber customerno customercode custid clientid accountid buyerid
        customer client account kundennummer kundennr kunde debitor
        客户编号 客户代码 客户编码 客户号 客户id 会员编号 客户 客户名称""",
    "ordered_at": """
        orderedat orderdate orderedon invoicedate transactiondate purchasedate saledate salesdate date
        datetime timestamp createdat bestelldatum rechnungsdatum datum
        下单日期 下单时间 订单日期 订单时间 订货日期 交易日期 销售日期 开票日期 日期""",
    "amount": """
        amount netamount lineamount linetotal totalamount orderamount salesamount revenue sales turnover total
        netvalue value betrag nettobetrag umsatz
        金额 订单金额 销售金额 销售额 成交金额 总金额 实付金额 含税金额 总价""",
    "order_id": """
        orderid ordernumber orderno invoice invoiceid invoiceno invoicenumber transactionid order
        bestellnummer rechnungsnummer belegnummer 订单号 订单编号 单号 发票号 订单""",
    "product_id": """
        productid productcode productnumber sku stockcode itemid itemcode articlenumber materialno
        product item artikelnummer 产品编号 产品编码 商品编号 商品编码 物料编码 物料号 产品 商品""",
    "category": """
        category productcategory productgroup productline warengruppe 类别 产品类别 商品类别 品类 分类""",
    "quantity": "quantity qty orderqty pieces units menge 数量 订购数量 件数",
    "cost": "cost linecost totalcost costamount kosten 成本 成本金额 总成本",
    "currency": "currency currencycode waehrung währung 币种 货币",
}
#: Ours -> names (lower case, without blanks and marks), the most telling first.
NAMES = {ours: tuple(words.split()) for ours, words in _WORDS.items()}
#: Names that could mean several things: a person should look.
VAGUE = {
    *(
        "customer",
        "client",
        "account",
        "kunde",
        "客户",
        "客户名称",
        "date",
        "datum",
        "日期",
        "total",
        "value",
    ),
    *("order", "product", "item", "订单", "产品", "商品", "cost", "成本", "sales"),
}


def plain_name(name: str) -> str:
    """Lower case, without blanks, marks and what is in brackets.

    >>> plain_name("Order-Date (UTC)")
    'orderdate'
    """
    return re.sub(r"[\s_\-./#:]+", "", re.sub(r"[(（\[].*?[)）\]]", "", name)).casefold()


def candidates(header: Sequence[str], ours: str) -> list[str]:
    """Return their columns that may be ours, the best first."""
    plain = {name: plain_name(name) for name in header}
    return [name for known in NAMES[ours] for name in header if plain[name] == known]
