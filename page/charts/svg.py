"""What all charts share: the frame with its title and description, the hatch for what is not known, and marks.

A chart is one tab stop. Its marks carry a label and an address as data; the script walks them with the arrow keys, says
the label and follows the address with Enter. Without the script the table below has the same values and links.
"""

from __future__ import annotations

from markupsafe import Markup

LABEL_ROOM = 24
"""Units that a label needs from top to foot where it is largest: in the narrowest window."""
LABEL_RISE = 4
"""Units above a label at the top of a chart: its letters rise a little over the line that they hang from."""


def frame(
    body: Markup, title: str, description: str, chart_id: str, *, size: tuple[int, int], step: int = 1, look: str = ""
) -> Markup:
    """Return a chart around its body; `step` is how many marks the arrows up and down move."""
    return Markup(
        '<svg class="chart {look}" viewBox="0 0 {width} {height}" role="img" aria-labelledby="{id}-t {id}-d"'
        ' tabindex="0" data-step="{step}"><title id="{id}-t">{title}</title><desc id="{id}-d">{description}</desc>'
        '<defs><pattern id="{id}-hatch" width="6" height="6" patternUnits="userSpaceOnUse"'
        ' patternTransform="rotate(45)"><line class="hatch" x1="0" y1="0" x2="0" y2="6"/></pattern></defs>'
        "{body}</svg>"
    ).format(
        look=look, width=size[0], height=size[1], id=chart_id, step=step, title=title, description=description,
        body=body.replace("#hatch", f"#{chart_id}-hatch"),
    )  # fmt: skip


def data(label: str, url: str = "") -> Markup:
    """Return the attributes of a mark that can be walked to."""
    address = Markup(' data-url="{url}"').format(url=url) if url else Markup()
    return Markup('data-label="{label}"').format(label=label) + address


def label_at(text: str, x: float, y: float, look: str = "axis") -> Markup:
    """Return a text of the chart itself, hanging from `y`: in a narrow window the style sheet writes it larger."""
    return Markup('<text class="{look}" x="{x}" y="{y}">{text}</text>').format(
        look=look, x=round(x, 2), y=round(y, 2), text=text
    )
