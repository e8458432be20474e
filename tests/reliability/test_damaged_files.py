"""Any bytes in place of any file: that file is named, and every other one lands wholly."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from extract_load.context import Context
from extract_load.core.settings import Settings
from extract_load.erasure.rules import Rule, write_rules
from extract_load.storage.day_files import archive_of, write_archive
from extract_load.storage.spool import SpoolStore
from extract_load.storage.state import State
from extract_load.storage.warehouse import Warehouse
from tests.extract_load.landing.test_streaming_history import ROWS, spool_export
from tests.support.clock import ManualClock
from tests.support.damage import damage
from tests.support.data_directories import settings_in
from tests.support.landing import NOON, item, spool_answers, spool_poll

ANSWERS: tuple[tuple[str, str], ...] = (
    *(("spotify", kind) for kind in ("artist", "album", "track")),
    *(("musicbrainz", kind) for kind in ("artist", "area", "page", "recording")),
    ("geocoder", "area"),
)
MATCH = {"artist_key": "k", "status": "found", "mbid": "m", "method": "url", "score": 1.0, "attempts": 0}


@dataclass(frozen=True)
class Template:
    """A data directory with files that share no row, each archive's members, and the rows that each file lands."""

    folder: Path
    members: Mapping[str, list[str]]
    landed: Mapping[str, int]


def opened(settings: Settings) -> Context:
    return Context(settings, Warehouse(settings), State(settings.state_path), "r1", clock=ManualClock())


def landed_files(context: Context) -> dict[str, int]:
    with context.warehouse.open("test") as connection:
        found = connection.execute(
            "select source_file, rows_landed from ops.landed_files"
            " where rows_counted = rows_landed + rows_known + rows_rejected"
        ).fetchall()
        assert connection.execute("select count(*) from ops.landed_files").fetchall() == [(len(found),)]
    return dict(found)


def fill(context: Context) -> None:
    """Write one file of each kind, some of them into a day archive."""
    for day in range(3):
        for number in range(2):
            items = [item(f"2026-11-{10 + day}T11:{10 * number + minute:02d}:00.123Z") for minute in range(3)]
            spool_poll(context, items, NOON + timedelta(days=day, minutes=number))
    for number, kind in enumerate(ANSWERS):
        key = f"{number}" * 8 + "-1111-1111-1111-" + "1" * 12
        facts = {"latitude": 1.5, "longitude": 2.5, "confidence": 0.5, "parent_area_mbid": None}
        spool_answers(context, [(key, {"id": key, "name": "X"}, {"status": "found", "facts": facts})], NOON, kind)
    spool_answers(context, [(None, MATCH, {})], NOON, ("musicbrainz", "match"))
    spool_answers(context, [(None, ["rock", "pop"], {})], NOON, ("musicbrainz", "genre"))
    spool_export(context, *ROWS, counted=2)
    write_rules(context.settings.spool_dir, [Rule("f1", "span", reaches_until=NOON.replace(2001))], note=None, at=NOON)
    folder = min((context.settings.spool_dir / "spotify" / "recently_played").iterdir())
    singles = sorted(folder.iterdir())
    write_archive(archive_of(folder), [(one.name, one.read_bytes()) for one in singles])
    for one in singles:
        one.unlink()
    folder.rmdir()


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    folder = tmp_path_factory.mktemp("template")
    context = opened(settings_in(folder / "whole"))
    with context.warehouse.open("test"):
        pass  # the schema is there
    fill(context)
    store = SpoolStore.of(context.settings)
    members = {store.manifest_path(path): [one.manifest_path for one in store.files_in(path)] for path in store.paths()}
    context.state.close()
    shutil.copytree(folder / "whole", folder / "landed")
    whole = opened(settings_in(folder / "landed"))
    assert whole.landing.land().unreadable == []
    landed = landed_files(whole)
    whole.state.close()
    assert len(landed) == sum(map(len, members.values())) == 6 + len(ANSWERS) + 4
    return Template(folder / "whole", members, landed)


def check(template: Template, home: Path, rng: random.Random) -> None:
    """Take four files into a home, damage one to three, land, and compare with what undamaged ones land."""
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir()
    original, settings = settings_in(template.folder), settings_in(home)
    shutil.copy(original.warehouse_path, settings.warehouse_path)
    chosen = rng.sample(sorted(template.members), 4)
    damaged = chosen[: rng.choice((1, 1, 1, 2, 3))]
    for name in chosen:
        path = SpoolStore.of(settings).path_of(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(SpoolStore.of(original).path_of(name), path)
        if name in damaged:
            damage(path, rng)
    context = opened(settings)
    try:
        with context.warehouse.open("test"):
            report = context.landing.land()
            landed = landed_files(context)
    finally:
        context.state.close()
    untouched = {one for name in chosen if name not in damaged for one in template.members[name]}
    assert {name: landed.get(name) for name in untouched} == {name: template.landed[name] for name in untouched}
    assert not untouched & set(report.unreadable)
    for name in damaged:
        missing = [one for one in template.members[name] if one not in landed]
        assert not missing or {name, *missing} & {*report.unreadable, *inside(report.unreadable, name)}, name


def inside(names: list[str], folder: str) -> Iterator[str]:
    """Yield the folder itself when one of the names lies in it."""
    if any(name.startswith(f"{folder}/") for name in names):
        yield folder


def run(template: Template, tmp_path: Path, seed: int, examples: int) -> None:
    for number in range(examples):
        rng = random.Random(f"{seed}:{number}")
        try:
            check(template, tmp_path / "home", rng)
        except BaseException as error:
            error.add_note(f"DAMAGE_SEED={seed}, example {number}")
            raise


def test_all_other_files_land(template: Template, tmp_path: Path, seed_of: Callable[[str], int]) -> None:
    """Some of the ways, each time others."""
    run(template, tmp_path, seed_of("DAMAGE_SEED"), 100)


@pytest.mark.long
def test_all_other_files_land_in_2000_homes(template: Template, tmp_path: Path, seed_of: Callable[[str], int]) -> None:
    """Each way in each place, many times."""
    run(template, tmp_path, seed_of("DAMAGE_SEED"), 2_000)
