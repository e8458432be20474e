"""The sixteen questions of docs/questions.sql: each is one query, runs as printed and has an answer."""

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
# A title and an artist take the room of three columns.
ANSWER_COLUMNS = {"recently_played": 2, "explain_plays": 2, "explain_merges": 2, "explain_trips": 1}
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
    assert len(QUESTIONS) == 16
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


def terminal(lived: Lived, folder: Path, script: str) -> str:
    """Return what the shipped client prints for a script on a terminal of 100 columns."""
    done = subprocess.run(
        [str(BIN / "duckdb"), "-readonly", "-bail", str(lived.home.published)],
        input=f".mode duckbox\n.maxwidth 100\n{script}",
        cwd=folder,
        env=lived.home.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_answers_fit_a_terminal(lived: Lived, tmp_path: Path) -> None:
    """No column of an answer is elided at 100 columns."""
    for question in QUESTIONS:
        lines = terminal(lived, tmp_path, question).splitlines()
        assert max(map(len, lines)) <= 100, question
        assert "│ … │" not in lines[1], question


def test_the_catalogue_fits_a_terminal_and_its_examples_run(lived: Lived, tmp_path: Path) -> None:
    """Every report is listed with its question and a query, whose answer stands in the first columns at 100 columns."""
    shown = terminal(lived, tmp_path, ".maxrows 100\nfrom reporting.catalogue;\n")
    assert "…" not in shown
    assert max(map(len, shown.splitlines())) <= 100
    listed = lived.home.ask("select name, question, example from reporting.catalogue")
    reports = lived.home.ask("select name from reporting.definitions where schema_name = 'reporting' order by name")
    assert [(name,) for name, _, _ in listed] == reports
    assert all(question for _, question, _ in listed)
    script = "\n".join(f".print == {name}\n{example} limit 5;" for name, _, example in listed)
    for part in terminal(lived, tmp_path, script).split("== ")[1:]:
        name, _, header, *_ = part.splitlines()
        columns = [str(row[0]) for row in lived.home.ask(f"describe from reporting.{name}")]
        answer = columns[: ANSWER_COLUMNS.get(name, 3)]
        assert [one for one in answer if one not in header] == [], f"{name} hides its answer: {header}"
