"""What is run before a commit and in CI is what the documents say, and the versions agree."""

from __future__ import annotations

import os
import re
import shlex
import tomllib
from importlib.metadata import version
from pathlib import Path

import yaml

from extract_load.core.settings import load_settings
from tests.support.documents import ROOT, text_of, tracked_files
from tests.support.end_of_file import wrong_ends

PROJECT = tomllib.loads(text_of("pyproject.toml"))


def test_every_file_ends_with_one_newline() -> None:
    """As the hook of the same name leaves it."""
    files = [ROOT / name for name in tracked_files() if (ROOT / name).is_file() and not (ROOT / name).is_symlink()]
    assert [path.relative_to(ROOT) for path in wrong_ends(files)] == []


def test_a_wrong_end_is_fixed(tmp_path: Path) -> None:
    """No newline, or two; an empty file and one that is no text stay as they are."""
    contents = {"none": b"a", "two": b"a\n\n", "right": b"a\n", "empty": b"", "binary": b"a\0"}
    paths = {name: tmp_path / name for name in contents}
    for name, content in contents.items():
        paths[name].write_bytes(content)
    wrong = [paths["none"], paths["two"]]
    assert wrong_ends(list(paths.values())) == wrong
    assert wrong_ends(list(paths.values()), fix=True) == wrong
    assert wrong_ends(list(paths.values())) == []
    assert [paths[name].read_bytes() for name in ("none", "two", "binary")] == [b"a\n", b"a\n", b"a\0"]


def test_the_hooks_are_local_and_use_tools_that_are_there() -> None:
    """Nothing is downloaded: each hook starts a program or a module of the project."""
    repos = yaml.safe_load(text_of(".pre-commit-config.yaml"))["repos"]
    assert [repo["repo"] for repo in repos] == ["local"]
    hooks = {hook["id"]: hook for hook in repos[0]["hooks"]}
    assert hooks.keys() == {"ruff-check", "ruff-format", "mypy", "sqlfluff", "end-of-file"}
    for hook in hooks.values():
        assert hook["language"] == "system"
        words = shlex.split(hook["entry"])
        assert os.access(ROOT / words[0], os.X_OK), hook["id"]
        if "-m" in words:
            assert (ROOT / words[words.index("-m") + 1].replace(".", "/")).with_suffix(".py").is_file()


def test_ci_checks_and_tests() -> None:
    """`.ci/run` and the workflow, the latter on every Python that is allowed."""
    script = text_of(".ci/run").splitlines()
    assert script.index("make check") < script.index("make test")
    job = yaml.safe_load(text_of(".github/workflows/check.yml"))["jobs"]["check"]
    assert "make check test" in [step.get("run") for step in job["steps"]]
    matrix = job["strategy"]["matrix"]
    assert matrix["os"] == ["ubuntu-latest", "macos-latest"]
    lowest, above = re.findall(r"3\.\d+", PROJECT["project"]["requires-python"])
    minors = range(int(lowest.split(".")[1]), int(above.split(".")[1]))
    assert matrix["python"] == [f"3.{minor}" for minor in minors]


def test_the_versions_agree() -> None:
    """The newest version of the changelog is the project's, and the User-Agent carries the installed one."""
    released = re.findall(r"^## (\d+\.\d+\.\d+)", text_of("CHANGELOG.md"), re.MULTILINE)
    assert released[0] == PROJECT["project"]["version"]
    assert released == sorted(set(released), key=lambda one: [int(part) for part in one.split(".")], reverse=True)
    agent = load_settings(Path("no.env"), contact="me@example.org").user_agent()
    assert agent == f"music-tracker/{version('music-tracker')} ( me@example.org )"


def test_the_changelog_has_the_three_kinds_only() -> None:
    """Added, Changed, Fixed, in this order below each version."""
    for _, part in re.findall(r"^## (.+)\n((?:(?!^## ).*\n)*)", text_of("CHANGELOG.md"), re.MULTILINE):
        kinds = re.findall(r"^### (.+)$", part, re.MULTILINE)
        assert kinds
        assert kinds == [kind for kind in ("Added", "Changed", "Fixed") if kind in kinds]
