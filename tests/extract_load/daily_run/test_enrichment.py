"""The catalogue of steps: names, places that exist, and limits that are settings."""

from __future__ import annotations

import pytest

from extract_load.core.errors import ConfigurationError
from extract_load.core.settings import Settings
from extract_load.daily_run.enrichment import SERVICES, STEPS, find_step, steps_of


def test_each_step_is_found_by_its_name_and_fed_by_steps_that_exist() -> None:
    """A name is a verb and what it is about; each service has its own."""
    names = [step.name for step in STEPS]
    assert len(set(names)) == len(names) == 11
    for step in STEPS:
        order = step.order
        assert find_step(step.name) is step
        assert set(order.fed_by) <= set(names)
        waits_for = {*order.after, *order.after_opening, *order.gives_way_to, *order.beside}
        assert waits_for <= set(order.fed_by), f"{step.name} would not be woken"
        assert step.limit is None or step.limit in Settings.model_fields
    assert [step for service in SERVICES for step in steps_of(service)] == list(STEPS)


def test_an_unknown_step_is_told_with_those_that_there_are() -> None:
    """One sentence."""
    with pytest.raises(ConfigurationError, match=r"There is no step 'read books'. Steps: read tracks, read albums"):
        find_step("read books")
