"""The words of the simulated distributor, in English and Chinese: all made up.

In: a language. Out: names, categories, topics, as tuples that match position by position.
Not here: any number; the same seed draws the same customers in both languages.
"""

from __future__ import annotations

from typing import NamedTuple

Texts = tuple[str, ...]


class Words(NamedTuple):
    """What is said in one language.

    Parameters
    ----------
    currency : str
        ISO code.
    money : float
        Units of the currency for one of the simulation's own (1 for the pound).
    country, name_form, person_form, site_form, group_form : str
        One country; how a company, a person, a site of a group and a group's head office are called.
    towns, stems, stems_after, surnames, given_names : tuple of str
        What names are put together from.
    industries, sizes, categories : tuple of str
        6 industries, 3 sizes (small first), 12 categories.
    nouns : tuple of tuple of str
        For each industry, what its companies are called.
    contacts : tuple of str
        Who answers a survey.
    ticket_topics, complaint_topics : tuple of str
        6 and 5; the complaints are about delivery, damage, wrong items, price, service.
    actions, dismissals, losses : tuple of str
        What was done; why a call is no use (the first: the site is closed); why a customer is lost.
    """

    currency: str
    money: float
    country: str
    name_form: str
    person_form: str
    site_form: str
    group_form: str
    towns: Texts
    stems: Texts
    stems_after: Texts
    surnames: Texts
    given_names: Texts
    industries: Texts
    sizes: Texts
    categories: Texts
    nouns: tuple[Texts, ...]
    contacts: Texts
    ticket_topics: Texts
    complaint_topics: Texts
    actions: Texts
    dismissals: Texts
    losses: Texts


_EN = Words(
    currency="GBP",
    money=1.0,
    country="United Kingdom",
    name_form="{stem}{after} {noun}",
    person_form="{given} {surname}",
    site_form="{name}, {town}",
    group_form="{name} Group",
    towns=("Leeds", "York", "Hull", "Derby", "Bath", "Exeter", "Truro", "Poole",
           "Ely", "Luton", "Dover", "Oxford", "Perth", "Dundee", "Stirling", "Ayr"),
    stems=("Ash", "Birch", "Brook", "Castle", "Clay", "Cross", "East", "Fair", "Green", "Hart",
           "High", "Holly", "King", "Lake", "Long", "Mill", "North", "Oak", "Red", "Stone"),
    stems_after=("bank", "bridge", "bury", "dale", "field", "ford", "gate", "ham", "hill", "house",
                 "land", "ley", "mead", "moor", "port", "side", "ton", "well", "wick", "wood"),
    surnames=("Adams", "Baker", "Clarke", "Davies", "Evans", "Foster", "Green", "Hughes", "Jones", "Khan",
              "Lewis", "Moore", "Patel", "Reed", "Shaw", "Taylor", "Walker", "Young"),
    given_names=("Alice", "Ben", "Carla", "Dan", "Emma", "Faisal", "Grace", "Harry", "Ivy", "Jack",
                 "Kate", "Liam", "Mia", "Noah", "Olivia", "Priya", "Ruth", "Sam"),
    industries=("Health care", "Education", "Catering", "Engineering", "Retail", "Offices"),
    sizes=("small", "medium", "large"),
    categories=("Disinfectants", "Gloves and masks", "Paper towels", "Cleaning machines", "Kitchen supplies",
                "Food packaging", "Work wear", "Hand tools", "Adhesives", "Shop packaging", "Office paper",
                "Printer supplies"),
    nouns=(("Clinic", "Dental Care", "Nursing Home"), ("School", "College", "Nursery"),
           ("Kitchens", "Hotel", "Catering"), ("Engineering", "Metalworks", "Fabrication"),
           ("Stores", "Garden Centre", "Supplies"), ("Partners", "Consulting", "Accountants")),
    contacts=("purchasing", "site manager"),
    ticket_topics=("invoice query", "delivery date", "product advice", "damaged goods", "order change",
                   "account access"),
    complaint_topics=("late delivery", "damaged goods", "wrong items", "price increase", "poor service"),
    actions=("call", "visit", "offer"),
    dismissals=("site closed", "seasonal business", "ordered by another site"),
    losses=("cheaper supplier", "unhappy with delivery", "no longer needed"),
)  # fmt: skip

_ZH = Words(
    currency="CNY",
    money=9.0,
    country="中国",
    name_form="{town}{stem}{after}{noun}",
    person_form="{surname}{given}",
    site_form="{name}（{town}店）",
    group_form="{name}集团",
    towns=("杭州", "苏州", "南京", "宁波", "成都", "重庆", "武汉", "长沙",
           "西安", "郑州", "济南", "青岛", "厦门", "福州", "佛山", "东莞"),
    stems=("恒", "泰", "华", "瑞", "金", "宏", "永", "盛", "新", "嘉",
           "安", "德", "福", "广", "海", "和", "锦", "康", "乐", "明"),
    stems_after=("达", "丰", "源", "兴", "昌", "隆", "通", "利", "益", "诚",
                 "信", "远", "博", "凯", "润", "佳", "阳", "川", "林", "禾"),
    surnames=("王", "李", "张", "刘", "陈", "杨", "黄", "赵", "吴", "周",
              "徐", "孙", "马", "朱", "胡", "郭", "何", "林"),
    given_names=("伟", "芳", "敏", "静", "强", "磊", "洋", "艳", "勇", "军",
                 "杰", "娟", "涛", "超", "霞", "平", "建国", "秀英"),
    industries=("医疗", "教育", "餐饮", "机械制造", "零售", "商务服务"),
    sizes=("小型", "中型", "大型"),
    categories=("消毒用品", "手套口罩", "擦手纸", "清洁设备", "厨房用品", "食品包装",
                "工作服", "手动工具", "胶粘剂", "零售包装", "办公用纸", "打印耗材"),
    nouns=(("诊所", "口腔医院", "护理院"), ("学校", "培训中心", "幼儿园"),
           ("餐饮有限公司", "酒店", "食品有限公司"), ("机械有限公司", "金属制品厂", "设备有限公司"),
           ("商贸有限公司", "超市", "百货"), ("咨询有限公司", "会计师事务所", "商务服务有限公司")),
    contacts=("采购", "门店负责人"),
    ticket_topics=("发票问题", "交货日期", "产品咨询", "货物破损", "订单修改", "账户登录"),
    complaint_topics=("交货延迟", "货物破损", "发错货", "涨价", "服务差"),
    actions=("电话", "拜访", "优惠"),
    dismissals=("门店关闭", "季节性经营", "由其他门店下单"),
    losses=("供应商更便宜", "对交货不满意", "不再需要"),
)  # fmt: skip

LANGUAGES = {"en": _EN, "zh": _ZH}
LATE_DELIVERY, DAMAGED, WRONG_ITEMS, DEARER, POOR_SERVICE = range(5)
# rows of what an industry usually buys: industries x categories, chance that an account buys the category
HABITS = (
    (0.95, 0.90, 0.70, 0.15, 0.05, 0.04, 0.30, 0.03, 0.04, 0.03, 0.30, 0.20),
    (0.50, 0.15, 0.85, 0.25, 0.25, 0.05, 0.06, 0.20, 0.35, 0.04, 0.90, 0.60),
    (0.60, 0.55, 0.60, 0.20, 0.95, 0.85, 0.25, 0.03, 0.03, 0.10, 0.08, 0.06),
    (0.15, 0.60, 0.30, 0.30, 0.04, 0.03, 0.80, 0.95, 0.75, 0.05, 0.15, 0.12),
    (0.20, 0.10, 0.30, 0.15, 0.06, 0.35, 0.15, 0.12, 0.25, 0.95, 0.40, 0.35),
    (0.30, 0.05, 0.40, 0.08, 0.15, 0.03, 0.03, 0.04, 0.10, 0.05, 0.95, 0.90),
)
CATEGORY_CODES = ("DIS", "GLO", "PAP", "MAC", "KIT", "FOO", "WEA", "TOO", "ADH", "SHO", "OFF", "PRI")
CATEGORY_MARGINS = (0.38, 0.30, 0.24, 0.22, 0.28, 0.26, 0.36, 0.32, 0.35, 0.27, 0.18, 0.20)
