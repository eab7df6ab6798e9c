"""A page as html.parser sees it: elements, visible words, the customer data."""

from __future__ import annotations

import json
from html.parser import HTMLParser

WITHOUT_END = {"meta", "link", "br", "input"}


class Page(HTMLParser):
    """Elements with their attributes, text by element name, and tags left open."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.scripts: list[str] = []
        self.styles: list[str] = []
        self.misnested: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in WITHOUT_END:
            self.open.append(tag)
        if tag == "script":
            self.scripts.append("")

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if self.open and self.open[-1] == tag:
            self.open.pop()
        else:
            self.misnested.append(tag)

    def handle_data(self, data):
        inside = self.open[-1] if self.open else ""
        if inside == "script":
            self.scripts[-1] += data
        elif inside == "style":
            self.styles.append(data)
        else:
            self.words.append(data)

    @property
    def text(self) -> str:
        """Everything a reader sees, blanks squeezed."""
        return " ".join(" ".join(self.words).split())

    @property
    def data(self) -> dict:
        """The JSON block of the customers."""
        return json.loads(self.scripts[0])

    def attributes(self, name: str) -> list[str]:
        """Every value of one attribute."""
        return [
            value or "" for _, attributes in self.elements for key, value in attributes.items() if key == name
        ]
