"""The five kinds of error: a sentence, what to do next, and an exit code of their own."""

from __future__ import annotations

from datetime import datetime

from extract_load.core.errors import (
    AuthorizationNeeded,
    BadInput,
    ConfigurationError,
    QuotaExhausted,
    ServiceUnavailable,
)


def test_message_and_hint_are_one_text() -> None:
    """Both are there on their own, too."""
    error = BadInput("The file is damaged.", hint="Put it back.")
    assert (str(error), error.message, error.hint) == (
        "The file is damaged. Put it back.",
        "The file is damaged.",
        "Put it back.",
    )
    assert str(BadInput("Alone.")) == "Alone."


def test_a_spent_quota_names_the_time_at_which_work_goes_on() -> None:
    """In UTC, to the minute."""
    error = QuotaExhausted("Spent.", resume_at=datetime(2026, 11, 23, 12, 5, 59), service="spotify")
    assert "after 2026-11-23 12:05 UTC" in str(error)
    assert "next run tries again" in str(ServiceUnavailable("No answer."))


def test_each_kind_has_its_own_exit_code() -> None:
    """Scripts tell them apart."""
    kinds = (ConfigurationError, AuthorizationNeeded, ServiceUnavailable, QuotaExhausted, BadInput)
    assert [kind.exit_code for kind in kinds] == [2, 3, 4, 5, 6]
