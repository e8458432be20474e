"""A warehouse that goes on from the session's build, by dbt: things arrive, seeds change, it is built on top."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from extract_load.storage.warehouse import CATALOGUE
from tests.dbt.arrivals import Arrivals
from tests.dbt.bare_duckdb import CompiledProject
from tests.dbt.dbt_process import ROOT, Dbt
from tests.dbt.months_of_plays import stories_of_months


class Living:
    """Another copy of what `built` has, with a project folder of its own."""

    def __init__(self, built: Dbt, folder: Path, seed: int) -> None:
        self.project = folder / "dbt_project"
        shutil.copytree(
            ROOT / "dbt_project", self.project, ignore=shutil.ignore_patterns("target", "logs", "*.duckdb*")
        )
        self.dbt = Dbt(folder / "living", parsed_by=built)
        self.dbt.folder.mkdir()
        for old, new in ((built.warehouse, self.dbt.warehouse), (built.dev, self.dbt.dev)):
            shutil.copy(old, new)
        self.windowed: CompiledProject | None = None
        """What dbt made of the models in the first build on top."""
        self._connection = duckdb.connect(":memory:")
        rng = random.Random(seed)
        self.arrivals = Arrivals(self._connection, self._at_warehouse, self.write_seed, rng, stories_of_months(rng))

    def build(self, *arguments: str) -> None:
        done = self.dbt.run("build", *arguments, cwd=self.project)
        assert done.returncode == 0, (self.arrivals.log, done.stdout)

    def built_months(self) -> list[tuple[str, str]]:
        """Return listener and reason of the months that the last finished build made; `*` stands for everything."""
        with duckdb.connect(str(self.dbt.dev), read_only=True) as connection:
            return connection.execute("select listener_id, reason from built.months order by all").fetchall()

    def dirty_months(self) -> list[tuple[str, str]]:
        """Return listener and reason of the months that are listed and not built yet."""
        with duckdb.connect(str(self.dbt.dev), read_only=True) as connection:
            return connection.execute(
                "select listener_id, reason from intermediate.int_dirty__months order by all"
            ).fetchall()

    def messages(self) -> dict[str, str]:
        """Return what the last run says of each model and seed that it came to."""
        results = json.loads((self.dbt.target / "run_results.json").read_text(encoding="utf-8"))["results"]
        return {one["unique_id"].split(".")[2]: one["message"] for one in results}

    def close(self) -> None:
        self._connection.close()

    @contextmanager
    def _at_warehouse(self) -> Iterator[None]:
        self._connection.execute(f"attach '{self.dbt.warehouse}' as {CATALOGUE}")
        try:
            yield
        finally:
            self._connection.execute("use later")
            self._connection.execute(f"detach {CATALOGUE}")

    def write_seed(self, name: str, text: str) -> None:
        (self.project / "seeds" / f"{name}.csv").write_text(text, encoding="utf-8")
