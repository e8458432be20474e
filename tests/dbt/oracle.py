"""Compare what the models made of stories with the ground truth: a list of violations, empty when all is right."""

from __future__ import annotations

from collections.abc import Iterator

from tests.dbt.bare_duckdb import BareWarehouse
from tests.dbt.play_history import Story
from tests.dbt.raw_rows import write_stories

LAST_MODELS = ("fct_source_rows", "int_plays__matched")
WINDOW, MINUTE_WINDOW = 90, 120


def violations(warehouse: BareWarehouse, stories: list[Story]) -> list[str]:
    """Write the stories, build, and return a sentence for each violation."""
    write_stories(warehouse.connection, stories)
    warehouse.build()
    catalogue = warehouse.catalogue
    warehouse.connection.execute(
        f"""
        create or replace temp table checked as
        select s.*, t.play, t.is_phantom, t.is_near, t.has_own_second
        from {catalogue}.marts.fct_source_rows as s
        left join truth as t on s.source_file = t.source_file and s.row_number = t.row_number
        """
    )
    return [*_wrong_counts(warehouse, stories), *_wrong_rows(warehouse), *_wrong_pairs(warehouse, stories)]


def _wrong_counts(warehouse: BareWarehouse, stories: list[Story]) -> Iterator[str]:
    """Every true play that any source records is counted once, and nothing else is."""
    counted = dict(
        warehouse.rows(
            f"select listener_id, count(*) from {warehouse.catalogue}.intermediate.int_plays__matched group by all"
        )
    )
    for story in stories:
        plays, true = counted.get(story.listener_id, 0), len(story.recorded_plays())
        if plays != true:
            yield f"{story.listener_id}: {plays} plays, {true} in truth"


def _wrong_rows(warehouse: BareWarehouse) -> Iterator[str]:
    """Each raw row has one fate, each play one counted row, and rows of exports stay with their own play."""
    raw, checked, distinct = warehouse.rows(
        """
        select
            (select count(*) from raw.spotify_recently_played) + (select count(*) from raw.spotify_streaming_history),
            count(*), count(distinct source_row_key)
        from checked
        """
    )[0]
    if not raw == checked == distinct:
        yield f"{raw} raw rows, {checked} with a fate, {distinct} of them different"
    for key, count in warehouse.rows(
        "select play_key, count(*) filter (fate = 'counted') as n from checked where play_key is not null"
        " group by all having n <> 1"
    ):
        yield f"play {key} is counted by {count} rows"
    # Equal rows without a time of their own may change places among themselves.
    for listener, play in warehouse.rows(
        """
        select listener_id, play from checked
        where source = 'export' and has_own_second
        group by all
        having count(distinct play_key) > 1
        """
    ):
        yield f"{listener}: the rows of play {play} went to several plays"


def _wrong_pairs(warehouse: BareWarehouse, stories: list[Story]) -> Iterator[str]:
    """Pairs are as many as the truth has, never wider than the window, and exact where the item was near."""
    for listener, delta in warehouse.rows(
        "select listener_id, delta_seconds from checked where abs(delta_seconds) > ?", MINUTE_WINDOW
    ):
        yield f"{listener}: a pair {delta} s apart"
    detailed = {s.listener_id for s in stories if all(export.format != "account_data" for export in s.exports)}
    for listener, delta in warehouse.rows(
        "select listener_id, delta_seconds from checked where abs(delta_seconds) > ?", WINDOW
    ):
        if listener in detailed:
            yield f"{listener}: a pair {delta} s apart"
    merged = dict(
        warehouse.rows(
            "select listener_id, count(*) from checked where source = 'poll' and fate = 'merged' group by all"
        )
    )
    for story in stories:
        own = [item for item in story.items if not item.is_phantom and not item.is_repeat]
        pairs = sum(1 for item in own if story.exported(item.play))
        if merged.get(story.listener_id, 0) < pairs:
            yield f"{story.listener_id}: {merged.get(story.listener_id, 0)} pairs, {pairs} in truth"
    for listener, play in warehouse.rows(
        """
        select p.listener_id, p.play
        from checked as p
        inner join checked as e on p.listener_id = e.listener_id and p.play = e.play and e.source = 'export'
        where p.source = 'poll' and p.is_near and p.play_key is distinct from e.play_key
        """
    ):
        if listener in detailed:
            yield f"{listener}: the near item of play {play} went to another play"
