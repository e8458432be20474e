"""What can't be landed is remembered with its reason, until it lands or is deleted."""

from __future__ import annotations

from datetime import timedelta

from extract_load.context import Context
from extract_load.landing.set_aside import add, files_set_aside, replace
from extract_load.monitoring.health import health
from tests.support.landing import NOON, item, spool_poll


def test_a_damaged_file_is_named_until_it_is_put_back(context: Context) -> None:
    """In the state, in `status` and by an alert; the copy in `ops` knows it too."""
    path = spool_poll(context, [item()])
    good = path.read_bytes()
    path.write_bytes(b"")
    name = "src/" + path.relative_to(context.settings.spool_dir).as_posix()
    assert context.landing.land().unreadable == [name]
    assert files_set_aside(context.state) == {name: f"{path.name} holds nothing."}
    (found,) = [one for one in health(context.settings, context.state, context.clock).alerts() if name in one.key]
    assert found.text == f"{name} can't be loaded: {path.name} holds nothing."
    assert "backup" in found.hint
    path.write_bytes(good)
    assert context.landing.land().rows("spotify", "recently_played") == 1
    assert files_set_aside(context.state) == {}


def test_a_poll_names_a_damaged_file_and_lands_it_when_it_is_put_back(context: Context) -> None:
    """A poll looks at the last days only; what it did not look at stays in the list."""
    context.landing.land()
    add(context.state, {"src/old": "Damaged."}, context.clock)
    path = spool_poll(context, [item()], context.clock.now())
    good = path.read_bytes()
    path.write_bytes(good[:40])
    name = "src/" + path.relative_to(context.settings.spool_dir).as_posix()
    assert context.landing.land_recent().unreadable == [name]
    assert set(files_set_aside(context.state)) == {name, "src/old"}
    path.write_bytes(good)
    assert context.landing.land_recent().files == 1
    assert set(files_set_aside(context.state)) == {"src/old"}


def test_files_that_are_landed_at_once_are_added(context: Context) -> None:
    """Those of an earlier landing stay in the list."""
    first = spool_poll(context, [item()])
    first.write_bytes(b"")
    context.landing.land()
    second = spool_poll(context, [item()], NOON + timedelta(hours=1))
    second.write_bytes(b"no gzip")
    with context.warehouse.open("test") as connection:
        context.landing.land_now(connection, [second])
    assert [name.rsplit("/", 1)[1] for name in files_set_aside(context.state)] == [first.name, second.name]


def test_what_a_landing_left_out_stays_in_the_list(context: Context) -> None:
    """It was not looked at."""
    add(context.state, {"src/a": "A.", "cache/b": "B."}, context.clock)
    replace(context.state, {"cache/c": "C."}, {"src/a"}, context.clock)
    assert files_set_aside(context.state) == {"cache/c": "C.", "src/a": "A."}


def test_many_damaged_files_are_one_alert(context: Context) -> None:
    """A dead disk does not send a message a file."""
    add(context.state, {f"src/{number}": "Damaged." for number in range(9)}, context.clock)
    keys = [one.key for one in health(context.settings, context.state, context.clock).alerts()]
    assert [key for key in keys if key.startswith("damaged")] == ["damaged-files"]
