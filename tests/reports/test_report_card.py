"""The section about the model: the card of the model folder, folded, in the language of the page."""

import fake_report_data
import pytest
from report_page import Page

from patron.model.card import card_of

FACTS = {"name": "a<b>&c", "as_of": "2011-09-10", "rows": {"in": 4321}}


@pytest.mark.parametrize(("language", "title"), [("en", "About the model"), ("zh", "模型说明")])
def test_every_sentence_of_the_card_is_on_the_page(report_of, language, title):
    card = card_of(FACTS, fake_report_data.fake_evaluation(), language)
    page = Page(report_of(language, card=card))
    assert title in page.text
    assert page.misnested == []
    for part in card.sections:
        cells = [cell for row in part.table.rows for cell in row] if part.table else []
        for said in (part.title, part.lead, *part.points, *cells):
            assert " ".join(said.split()) in page.text
    assert "4,321" in page.text


def test_the_section_is_folded_and_in_the_menu(report_of):
    card = card_of(FACTS, fake_report_data.fake_evaluation(), "en")
    html = report_of(card=card)
    section = html.partition('<section id="about"')[2].partition("</section>")[0]
    assert section.count("<details") == len(card.sections)
    assert " open" not in section
    assert 'href="#about"' in html
    assert "a<b>" not in html


def test_without_a_card_there_is_no_section(english):
    assert 'id="about"' not in english
    assert 'href="#about"' not in english
