"""What is derived without a request: again when what it is made of changed, and only then."""

from __future__ import annotations

from extract_load.musicbrainz.derive import derive_lookups


def test_aliases_follow_what_landed_and_are_left_alone_otherwise(make_home) -> None:
    """A row that nothing stands behind stays as long as nothing lands."""
    home = make_home(artists=3)
    home.listen([0])
    state = home.context.state
    count = "select count(*) from lookup.artist_aliases where alias_kind = 'spotify_id'"
    with home.context.warehouse.open("test") as db:
        derive_lookups(home.context, db, home.seed)
        first, edition = db.execute(count).fetchall()[0][0], state.get("aliases", "edition")
        assert first >= 1
        derive_lookups(home.context, db, home.seed)
        assert state.get("aliases", "edition") == edition
    home.listen([1, 2])
    with home.context.warehouse.open("test") as db:
        derive_lookups(home.context, db, home.seed)
        assert db.execute(count).fetchall()[0][0] > first


def test_aliases_are_derived_again_when_the_rule_that_folds_names_changed(make_home) -> None:
    """A data directory of an earlier version: its keys were made of names folded otherwise."""
    home = make_home(artists=3)
    state, now = home.context.state, home.context.clock.now()
    with home.context.warehouse.open("test") as db:
        derive_lookups(home.context, db, home.seed)
        written_by_version_1 = str(state.get("aliases", "edition")).partition(" ")[2]
        state.put("aliases", "edition", written_by_version_1, now)
        db.execute("insert into lookup.artist_aliases values ('export_name', 'old form', md5('x'), 'Old', now())")
        derive_lookups(home.context, db, home.seed)
        assert db.execute("select count(*) from lookup.artist_aliases where alias = 'old form'").fetchall() == [(0,)]
