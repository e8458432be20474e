"""The parameters of a URL: what is right, what is wrong, and what stays in links."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from page.errors import BadRequest, NotFound
from page.params import Listener, Measure, Params, Rule, parse, presets, whole_period, years

ME = Listener("me", date(2023, 11, 1), date(2025, 6, 7), 100)
OTHER = Listener("other", date(2024, 1, 1), date(2024, 2, 1), 5)


def of(query: str = "") -> Params:
    """Return the parameters of a query such as `from=2024&rule=any`."""
    return parse(dict(part.split("=") for part in query.split("&") if part), [ME, OTHER])


def test_nothing_is_everything() -> None:
    """The first listener, all that is known, spotify30, plays; empty fields of a form count as absent."""
    assert of() == Params(ME, ME.first_day, ME.last_day) == of("from=&to=&rule=&by=&listener=")
    assert of().to_query() == {}
    assert of().range_label == "all time"


@pytest.mark.parametrize(
    ("query", "first", "last", "label"),
    [
        ("from=2024&to=2024", "2024-01-01", "2024-12-31", "2024"),
        ("from=2024-02&to=2024-02", "2024-02-01", "2024-02-29", "February 2024"),
        ("from=2024-02-29&to=2024-02-29", "2024-02-29", "2024-02-29", "29 February 2024"),
        ("from=2024&to=2024-03", "2024-01-01", "2024-03-31", "1 Jan 2024 to 31 Mar 2024"),
        ("from=2030", "2030-01-01", "2030-01-01", "1 January 2030"),
    ],
)
def test_a_range_is_named(query: str, first: str, last: str, label: str) -> None:
    """Years and months are whole; both days are included; a range after all data is no error."""
    found = of(query)
    assert (found.from_day.isoformat(), found.to_day.isoformat(), found.range_label) == (first, last, label)


@pytest.mark.parametrize(
    "query",
    [
        "from=yesterday",
        "to=2024-02-30",
        "from=2024-13",
        "from=0001",
        "to=9999",
        "from=2024-1-1",
        "from=٢٠٢٤",
        "from=2025&to=2024",
        "rule=most",
        "by=love",
        f"from={'9' * 5000}",
    ],
)
def test_bad_input_is_a_bad_request(query: str) -> None:
    """A date that is none, a range turned round, an unknown choice: a sentence, which does not repeat the input."""
    with pytest.raises(BadRequest) as raised:
        of(query)
    assert query.split("=")[1].split("&", maxsplit=1)[0] not in raised.value.message


def test_an_unknown_listener_is_not_found() -> None:
    """The others are found."""
    with pytest.raises(NotFound):
        of("listener=nobody")
    assert of("listener=other").listener is OTHER
    assert of("listener=other").to_query() == {"listener": "other"}
    assert parse({}, []).listener.plays == 0


@given(
    first=st.dates(date(1970, 1, 1), date(2199, 12, 31)),
    last=st.dates(date(1970, 1, 1), date(2199, 12, 31)),
    rule=st.sampled_from(Rule),
    measure=st.sampled_from(Measure),
    listener=st.sampled_from([ME, OTHER]),
)
def test_links_keep_everything(first: date, last: date, rule: Rule, measure: Measure, listener: Listener) -> None:
    """Whatever can be asked for comes back from its own query."""
    asked = Params(listener, min(first, last), max(first, last), rule, measure, listener is ME)
    assert parse(asked.to_query(), [ME, OTHER]) == asked


def test_the_period_before_and_after() -> None:
    """A year goes by years, a month by months, anything else by its own length; none beyond the data."""
    before = of("from=2025-03&to=2025-03").previous()
    assert before and before.range_label == "February 2025"
    assert of("from=2023&to=2023").previous() is None
    after = of("from=2024&to=2024").next()
    assert after and after.range_label == "2025"
    assert after.next() is None
    week = of("from=2024-01-08&to=2024-01-14").previous()
    assert week and (week.from_day, week.to_day) == (date(2024, 1, 1), date(2024, 1, 7))
    assert of().previous() is None
    assert replace(of(), from_day=date(1970, 1, 1)).previous() is None


def test_presets_count_from_the_last_known_day() -> None:
    """Not from today: the day of the listener's newest data, whatever the clock of this machine says."""
    ranges = {name: (found.from_day.isoformat(), found.to_day.isoformat()) for name, found in presets(of())}
    assert ranges["this year"] == ("2025-01-01", "2025-06-07")
    assert ranges["last year"] == ("2024-01-01", "2024-12-31")
    assert ranges["last 7 days"] == ("2025-06-01", "2025-06-07")
    assert [name for name, _ in years(of())] == ["2025", "2024", "2023"]
    assert whole_period("2024-02") == (date(2024, 2, 1), date(2024, 2, 29))


def test_rules_have_words() -> None:
    """Each of them, for the form."""
    assert len({rule.label for rule in Rule}) == len(Rule)
