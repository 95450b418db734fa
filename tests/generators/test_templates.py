# SPDX-License-Identifier: MIT
"""The templates of the product: every page is well formed, usable and keeps hostile
texts in their places; the style sheet has readable colours."""
import collections
import html.parser
import re

import pytest

from conftest import ROOT

NAMES = ("home home_farmer sign_in sign_in_again farmers farmers_none farmers_not_found "
         "farmer_new farmer_edit farmer farmer_bare farmer_own verify "
         "verify_good verify_bad docs share share_locked message").split()
VOID = {"meta", "link", "input", "img", "br", "hr", "path", "circle"}


class Page(html.parser.HTMLParser):
    """A page taken apart; refuses what a browser would have to repair."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.elements, self.text = [], [], ""
        self.feed(text)
        self.close()
        assert self.open == [], "not closed: %s" % self.open

    def handle_starttag(self, tag, attrs):
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), "an attribute twice: %s %s" % (tag, names)
        self.elements.append((tag, dict(attrs), list(self.open)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        assert tag in ("path", "circle"), "no such empty element in HTML: " + tag
        self.elements.append((tag, dict(attrs), list(self.open)))

    def handle_endtag(self, tag):
        assert self.open and self.open[-1] == tag, "</%s> in %s" % (tag, self.open)
        self.open.pop()

    def handle_data(self, data):
        self.text += data

    def handle_comment(self, data):
        raise AssertionError("a comment was sent: " + data)

    def all(self, *tags):
        return [attrs for tag, attrs, _ in self.elements if tag in tags]

    def skeleton(self):
        return [(tag, sorted(attrs), parents) for tag, attrs, parents in self.elements]


@pytest.fixture(params=NAMES)
def name(request):
    return request.param


def test_all_samples_are_tested(pages):
    assert pages().split() == NAMES


def test_every_page_function_has_a_sample():
    defined = set()
    for file in (ROOT / "templates").glob("*.html"):
        defined |= set(re.findall(r"define (page_\w+)\(", file.read_text()))
    assert defined == {"page_" + n for n in NAMES} & defined


def test_well_formed(pages, name):
    text = pages(name)
    page = Page(text)
    assert text.startswith("<!doctype html>\n<html lang=\"en\">")
    assert "{{" not in text and "}}" not in text
    assert len(page.all("h1")) == 1 and len(page.all("main")) == 1
    assert any(a.get("name") == "viewport" for a in page.all("meta"))


def test_ids_and_labels(pages, name):
    page = Page(pages(name))
    ids = [attrs["id"] for _, attrs, _ in page.elements if "id" in attrs]
    assert [i for i, n in collections.Counter(ids).items() if n > 1] == []
    labels = {a["for"] for a in page.all("label")}
    assert labels <= set(ids)
    for a in page.all("input", "select", "textarea"):
        assert a.get("type") == "hidden" or a["id"] in labels
    for _, a, _ in page.elements:
        for key in ("aria-describedby", "aria-labelledby", "list"):
            for target in a.get(key, "").split():
                assert target in ids
        if a.get("href", "").startswith("#"):
            assert a["href"][1:] in ids
    assert all("alt" in a for a in page.all("img"))
    assert all("aria-hidden" in a or "aria-label" in a for a in page.all("svg"))


def test_no_inline_code_and_no_outside_address(pages, name):
    page = Page(pages(name))
    for tag, attrs, _ in page.elements:
        assert tag != "style" and "style" not in attrs
        assert not any(key.startswith("on") for key in attrs)
        assert tag != "script" or attrs["src"] == "/static/app.js"
        for key in ("href", "src", "action"):
            if key in attrs:
                assert re.match(r"(/(?!/)|#)", attrs[key]), attrs


def test_forms_that_post_carry_the_token(pages, name):
    text = pages(name)
    posts = re.findall(r"<form[^>]*method=\"post\".*?</form>", text, re.S)
    assert len(posts) == len(re.findall(r"method=\"post\"", text))
    for form in posts:
        assert form.count('<input type="hidden" name="csrf" value="b3a1c9">') == 1
        assert "<button" in form


def test_hostile_texts_stay_in_their_places(pages, name):
    plain, hostile = Page(pages(name)), Page(pages(name, "hostile"))
    assert hostile.skeleton() == plain.skeleton()
    assert "<script>alert(1)</script>" in hostile.text
    for _, attrs, _ in hostile.elements:
        for key in ("href", "src", "action"):
            if key in attrs:
                assert re.match(r"(/(?!/)|#)", attrs[key]), attrs


def test_the_places_of_chosen_pages(pages):
    farmer = pages("farmer")
    assert 'src="/farmers/ZM1A2B3C4D/photo?v=65f0c0ffee65f0c0ffee00aa"' in farmer
    assert "Download the card" in farmer and "Make a new card" in farmer
    own = pages("farmer_own")
    assert "No card has been made" in own
    assert "Make the card" not in own and "/edit" not in own
    edit = pages("farmer_edit")
    assert '<a href="#phone_primary">Phone: write it like' in edit
    assert '<option value="CP01-002" selected >' in edit and "checked" in edit
    assert 'aria-describedby="phone_primary-hint phone_primary-fault"' in edit
    assert 'class="verdict good"' in pages("verify_good")
    assert 'class="verdict bad"' in pages("verify_bad")
    assert '<a href="/verify" aria-current="page" >' in pages("verify")
    assert "Register the first farmer" in pages("farmers_none")
    assert "Nobody found for “Mwelwa”" in pages("farmers_not_found")
    assert pages("farmers").count('<li class="row">') == 20


# The style sheet.

CSS = (ROOT / "nginx/static/style.css").read_text()


def colour(value, names):
    found = re.search(r"var\((--[\w-]+)\)|(#[0-9a-f]{3,6})\b", value)
    if not found:
        return None
    digits = (names[found[1]] if found[1] else found[2])[1:]
    if len(digits) == 3:
        digits = "".join(c * 2 for c in digits)
    return tuple(int(digits[i:i + 2], 16) for i in (0, 2, 4))


def luminance(rgb):
    parts = [c / 255 for c in rgb]
    parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(a, b):
    a, b = sorted((luminance(a), luminance(b)))
    return (b + 0.05) / (a + 0.05)


def rules():
    """Selector and its declarations, without the @media around it."""
    bare = re.sub(r"/\*.*?\*/", "", CSS, flags=re.S)
    for selector, body in re.findall(r"([^{}]+)\{([^{}]*)\}", bare):
        yield selector.strip(), dict(
            (part.split(":", 1)[0].strip(), part.split(":", 1)[1].strip())
            for part in body.split(";") if ":" in part)


def test_contrast():
    names = dict(re.findall(r"(--[\w-]+): (#[0-9a-f]+);", CSS))
    names["--white"] = "#fff"
    looked = 0
    for selector, body in rules():
        text = colour(body.get("color", ""), names)
        ground = colour(body.get("background", ""), names)
        if not text or selector in (".photo", ".leaf", ".good .sign", ".bad .sign"):
            continue # pictures and signs, no text
        if not ground: # text on the page, in the head, or in a box
            dark = luminance(text) > 0.4
            ground = colour("var(--green-900)" if dark else "var(--paper)", names)
        assert contrast(text, ground) >= 4.5, (selector, contrast(text, ground))
        looked += 1
    assert looked > 30


def test_style_sheet_needs_nothing_else():
    assert "@import" not in CSS and "url(" not in CSS and "http" not in CSS
    assert len(CSS) < 20000
    assert ":focus-visible" in CSS
