"""The five questions of docs/questions.sql: each is one query, runs as printed and has an answer."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.end_to_end.conftest import BIN, ROOT, Lived

QUESTIONS = [
    question.strip() for question in (ROOT / "docs" / "questions.sql").read_text(encoding="utf-8").split("\n\n")[1:]
]
MAY_BE_EMPTY = "discovered last month"
"""Nothing may have been discovered and kept in one month; the other four always have an answer."""


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
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    if MAY_BE_EMPTY not in question:
        assert len(done.stdout.splitlines()) > 1
