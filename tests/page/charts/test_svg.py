"""The frame of a chart, and marks that can be walked to."""

from __future__ import annotations

from markupsafe import Markup

from page.charts.svg import data, frame, label_at


def test_a_frame_is_one_tab_stop_with_title_and_description() -> None:
    """And its hatch belongs to it alone, so two charts of one page don't share an id."""
    drawn = frame(Markup('<rect fill="url(#hatch)"/>'), "<b>", 'a "b"', "one", size=(10, 20), step=7)
    assert drawn.count('tabindex="0"') == 1
    assert '<title id="one-t">&lt;b&gt;</title>' in drawn
    assert 'aria-labelledby="one-t one-d"' in drawn
    assert "url(#one-hatch)" in drawn
    assert 'data-step="7"' in drawn


def test_a_mark_escapes_its_label() -> None:
    """It has an address only when it leads somewhere."""
    assert data('"><script>') == 'data-label="&#34;&gt;&lt;script&gt;"'
    assert data("a", "/day/2024-01-01") == 'data-label="a" data-url="/day/2024-01-01"'
    assert ">&lt;i&gt;</text>" in label_at("<i>", 1, 2)
