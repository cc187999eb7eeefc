"""What training texts are freed of."""

import pytest

from modeling.cleaning import without_agency, without_html


@pytest.mark.parametrize(
    ("raw", "mended"),
    [
        ("America #39;s top diplomat", "America's top diplomat"),
        ("the  #36;10 million prize", "the $10 million prize"),
        ("a second\\team of rocketeers", "a second team of rocketeers"),
        ("&lt;b&gt;Opinion&lt;/b&gt; Spam", "Opinion Spam"),
        ("Johnson  amp; Johnson", "Johnson & Johnson"),
        ("crack down on  quot;phone sex quot; services", 'crack down on "phone sex " services'),
        ("Dell &lt;DELL.O&gt; said", "Dell <DELL.O> said"),
        ('&lt;A HREF="http://www.investor.reuters.com', ""),
    ],
)
def test_html_remains_are_mended(raw: str, mended: str) -> None:
    assert without_html(raw) == mended


@pytest.mark.parametrize(
    "text",
    [
        "AT&T beats Q3 forecasts; shares up 5%",
        "Is 3 < 4? Yes; no",
        "Team #39 wins",
        "  two  spaces ",
        "R&D; costs",
        "лента",
    ],
)
def test_ordinary_text_is_left_untouched(text: str) -> None:
    assert without_html(text) == text


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("Jets' Josh Evans Out (AP)", "Jets' Josh Evans Out"),
        ("Jets Out (AP) AP - Jets tackle is out", "Jets Out Jets tackle is out"),
        ("SEOUL (Reuters) - Talks resume", "Talks resume"),
        ("Stocks rise NEW YORK (Reuters) - Stocks rose", "Stocks rise NEW YORK Stocks rose"),
        ("Talks resume (Reuters) SEOUL - Talks resumed", "Talks resume Talks resumed"),
        ("KUALA LUMPUR - The prime minister promised", "The prime minister promised"),
        ("BAGHDAD, Iraq - Warplanes pounded", "Warplanes pounded"),
        ("Moon photographed (SPACE.com) SPACE.com - A probe", "Moon photographed A probe"),
    ],
)
def test_agencies_and_datelines_are_removed(text: str, bare: str) -> None:
    assert without_agency(text) == bare


@pytest.mark.parametrize(
    "text",
    [
        "AP wins award",
        "Reuters profit rises",
        "Spider-Man 2 - a review",
        "U.S. (again)",
        "(AP)",
        "Shares of IBM - the maker - rose",
        "Why NASA - and ESA - want more",
    ],
)
def test_a_text_without_agencies_is_left_as_it_is(text: str) -> None:
    assert without_agency(text) == text
