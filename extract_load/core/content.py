"""What was played: music, podcast, audiobook, video or unidentified, decided before any id is used or asked for.

DuckDB expressions over what was landed. The macros in dbt_project/macros/content_kind.sql follow the same rules; rows
of exports are classified there, and here only the name of their file is read.
"""

from __future__ import annotations

from extract_load.core.local_uris import local_title_sql

_TRACK = """{
    "id": "VARCHAR", "uri": "VARCHAR", "type": "VARCHAR", "episode": "BOOLEAN", "name": "VARCHAR",
    "album": {"type": "VARCHAR", "uri": "VARCHAR"}
}"""


def polled_content_kind_sql(track: str) -> str:
    """Return the DuckDB expression of the kind of an item of a poll; `track` is the JSON of its track."""
    kind, uri_kind = "coalesce(lower(one.type), '')", _uri_kind_sql("one.uri")
    album, album_uri_kind = "coalesce(lower(one.album.type), '')", _uri_kind_sql("one.album.uri")
    names = (
        f"nullif(one.id, ''), nullif(trim(one.name), ''), {local_title_sql('one.uri')},"
        f" case when {uri_kind} = 'track' then nullif(substr(one.uri, 15), '') end"
    )
    # The lambda gives the parsed track a name: written out at each place, it took 20 ms to plan.
    return f"""list_transform([from_json({track}, '{_TRACK}')], lambda one: case
        when
            {kind} in ('chapter', 'audiobook') or {uri_kind} in ('chapter', 'audiobook')
            or {album} = 'audiobook' or {album_uri_kind} = 'audiobook'
            then 'audiobook'
        when
            {kind} in ('episode', 'show') or {uri_kind} in ('episode', 'show') or coalesce(one.episode, false)
            or {album} = 'show' or {album_uri_kind} = 'show'
            then 'podcast'
        when {kind} = 'video' or {uri_kind} = 'video' then 'video'
        when coalesce({names}) is not null then 'music'
        else 'unidentified'
    end)[1]"""


def content_kind_of_file_sql(name: str) -> str:
    """Return the DuckDB expression of what a file's name says of its rows: a kind, or '' for a file of music."""
    return rf"regexp_extract(lower({name}), '(video|podcast|audiobook)[^/\\]*$', 1)"


def _uri_kind_sql(uri: str) -> str:
    return f"coalesce(case when starts_with({uri}, 'spotify:') then split_part({uri}, ':', 2) end, '')"
