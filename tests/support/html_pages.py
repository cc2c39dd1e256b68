"""Read a generated HTML page: check that its tags nest; collect addresses, ids and text."""

from __future__ import annotations

from html.parser import HTMLParser

VOID = {"meta", "br", "img", "wbr"}


class PageReader(HTMLParser):
    """Checks that tags nest; collects external addresses, internal links, ids and text."""

    def __init__(self):
        super().__init__()
        self.open: list[str] = []
        self.fetched: list[str] = []
        self.words: list[str] = []
        self.links: list[str] = []
        self.names: list[str] = []

    def handle_starttag(self, tag, attrs):
        if tag not in VOID:
            self.open.append(tag)
        places = [value for name, value in attrs if name in {"src", "href"}]
        self.fetched += [one for one in places if not one.startswith(("#", "data:"))]
        self.links += [one[1:] for one in places if one.startswith("#")]
        self.names += [value for name, value in attrs if name == "id"]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not {"style", "svg"} & set(self.open):
            self.words.append(data)


def read(path):
    """Return the parsed page and its text with single spaces."""
    page = PageReader()
    page.feed(path.read_text("utf-8").replace("<wbr>", ""))  # where a name may break
    page.close()
    assert page.open == []
    return page, " ".join(" ".join(page.words).split())
