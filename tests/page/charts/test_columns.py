"""Columns: what is unknown is hatched, what is small is drawn, what is foreign is escaped."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from page.charts.columns import HEIGHT, WIDTH, Mark, columns

SVG = "{http://www.w3.org/2000/svg}"


def rects(*marks: Mark) -> list[ET.Element]:
    """Return the rectangles of a chart, parsed."""
    text = str(columns(marks, "Title", "Description", "chart"))
    root = ET.fromstring(text.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1))
    return list(root.iter(f"{SVG}rect"))


def test_unknown_is_hatched_and_silence_has_no_height() -> None:
    """Three kinds of month: heard, silent, not known."""
    heard, silent, unknown = rects(Mark("a", 4), Mark("b", 0), Mark("c", None))
    assert float(heard.get("height", "")) > 100
    assert float(silent.get("height", "")) == 0
    assert unknown.get("fill") == "url(#chart-hatch)"
    assert unknown.get("class") == "unknown"


def test_what_has_no_value_has_no_scale() -> None:
    """Months in which nothing was heard, or of which nothing is known, are not drawn up to 1."""
    assert "<text" not in columns([Mark("a", 0), Mark("b", None)], "T", "D", "c")
    assert ">4</text>" in columns([Mark("a", 4), Mark("b", 0)], "T", "D", "c")


def test_a_minute_is_drawn() -> None:
    """A column under a pixel would look like silence."""
    _, small = rects(Mark("a", 100_000), Mark("b", 0.5))
    assert float(small.get("height", "")) >= 1


@given(st.lists(st.one_of(st.none(), st.floats(0, 1e9)), max_size=200), st.text(max_size=20))
def test_any_numbers_and_names_make_sound_markup(values: list[float | None], name: str) -> None:
    """Inside the frame, whatever the names hold."""
    shown = "".join(letter for letter in name if letter.isprintable()) + "</svg><script>\"'&"
    found = rects(*(Mark(shown, value, tick=shown) for value in values))
    assert len(found) == len(values)
    for rect in found:
        assert 0 <= float(rect.get("x", "")) <= WIDTH
        assert -0.01 <= float(rect.get("y", "")) <= HEIGHT
        assert (rect.find(f"{SVG}title") is not None) and rect.find(f"{SVG}title").text == shown


def test_a_label_stands_below_its_own_column() -> None:
    """In its middle; at the edges it begins with the first column and ends with the last."""
    text = str(columns([Mark(str(n), n, tick=f"t{n}" if n % 5 == 0 else "") for n in range(36)], "T", "D", "c"))
    labels = {
        name: (look, float(x)) for look, x, name in re.findall(r'class="([^"]*)" x="([\d.]+)" y="[^"]*">(t\d+)', text)
    }
    assert labels["t0"] == ("axis odd", 0)
    assert labels["t30"] == ("axis middle odd", 30.5 * WIDTH / 36)
    assert labels["t35"] == ("axis end", WIDTH)


def test_the_label_of_the_axis_stands_inside() -> None:
    """Its letters rise over the line that they hang from, and it ends above the highest column."""
    text = str(columns([Mark("a", 7)], "T", "D", "c"))
    label = float(re.findall(r'class="axis" x="0" y="([\d.]+)">7<', text)[0])
    (column,) = rects(Mark("a", 7))
    assert 3 <= label <= float(column.get("y", "")) - 24
