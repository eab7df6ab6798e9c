"""What to do on Monday: the worklist, what was done before, products to offer, accounts to look after."""

from patron.actions._xlsx import printable
from patron.actions.accounts import Beside, accounts, day_of_scores
from patron.actions.buying_groups import buying_groups, sister_notes
from patron.actions.files import (
    check_worklist_name,
    read_earlier_lists,
    workbook,
    write_list,
    write_memory,
)
from patron.actions.history import history_of_actions
from patron.actions.log import log_before, unknown_customers
from patron.actions.memory import Memory, remembered
from patron.actions.monday import Facts, Monday, monday, of_owner, owner_by_customer, owners_of
from patron.actions.owner_files import owner_file_names
from patron.actions.peers import peers_also_buy
from patron.actions.product_trial import ProductTrial, peers_trial, stopped_trial
from patron.actions.read_me import how_to_read, left_off_in_words, title_of
from patron.actions.returned import Imported, import_worklist
from patron.actions.second_orders import (
    SecondOrderTiming,
    second_order_due,
    second_order_rates,
    second_order_timing,
)
from patron.actions.stopped import stopped_categories
from patron.actions.surveys import referral_candidates, survey_due
from patron.actions.tickets import response_times, ticket_topics
from patron.actions.win_back import WIN_BACK_COLUMNS, win_back_list
from patron.actions.won import Won, accounts_won, won_in_words
from patron.actions.worklist import (
    NOT_DUE,
    OVER_CAPACITY,
    CallTerms,
    MeasuredRates,
    judged_calls,
    worklist,
)

__all__ = [
    "NOT_DUE",
    "OVER_CAPACITY",
    "WIN_BACK_COLUMNS",
    "Beside",
    "CallTerms",
    "Facts",
    "Imported",
    "MeasuredRates",
    "Memory",
    "Monday",
    "ProductTrial",
    "SecondOrderTiming",
    "Won",
    "accounts",
    "accounts_won",
    "buying_groups",
    "check_worklist_name",
    "day_of_scores",
    "history_of_actions",
    "how_to_read",
    "import_worklist",
    "judged_calls",
    "left_off_in_words",
    "log_before",
    "monday",
    "of_owner",
    "owner_by_customer",
    "owner_file_names",
    "owners_of",
    "peers_also_buy",
    "peers_trial",
    "printable",
    "read_earlier_lists",
    "referral_candidates",
    "remembered",
    "response_times",
    "second_order_due",
    "second_order_rates",
    "second_order_timing",
    "sister_notes",
    "stopped_categories",
    "stopped_trial",
    "survey_due",
    "ticket_topics",
    "title_of",
    "unknown_customers",
    "win_back_list",
    "won_in_words",
    "workbook",
    "worklist",
    "write_list",
    "write_memory",
]
