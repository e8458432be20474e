"""The five questions of docs/questions.sql: each is one query, runs as printed and has an answer."""

from __future__ import annotations

import subprocess
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.conftest import BIN, ROOT, Lived

QUESTIONS = [
    question.strip() for question in (ROOT / "docs" / "questions.sql").read_text(encoding="utf-8").split("\n\n")[1:]
]
DISCOVERED, THIS_YEAR = "discovered last month", "this year"


def may_be_empty(question: str, truth: list[dict[str, Any]], now: datetime) -> bool:
    """Return whether a question may have no answer: hardly a play this year yet, or nothing discovered and kept."""
    if THIS_YEAR not in question:
        return DISCOVERED in question
    year = now.astimezone().year
    heard = [play for play in truth if datetime.fromisoformat(play["ended_at"]).astimezone().year == year]
    return len([play for play in heard if play["counts_as_music"] and play["ms_played"] >= 30_000]) < 10


def test_the_questions_stand_once() -> None:
    """The README links to them and repeats none."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "(docs/questions.sql)" in readme
    assert len(QUESTIONS) == 5
    assert [question for question in QUESTIONS if question.splitlines()[0] in readme] == []
    assert "```sql" not in readme


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.splitlines()[0].removeprefix("-- "))
def test_a_question_is_one_query_with_an_answer(lived: Lived, tmp_path: Path, question: str) -> None:
    """By the shipped client, from any directory."""
    query = question.partition("\n")[2].strip()
    assert query.endswith(";")
    assert query.count(";") == 1
    done = subprocess.run(
        [str(BIN / "duckdb"), "-readonly", "-csv", str(lived.home.published), "-c", query],
        cwd=tmp_path,
        env=lived.home.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    if not may_be_empty(question, lived.sandbox.truth(lived.world.settings.now), lived.now):
        assert len(done.stdout.splitlines()) > 1
