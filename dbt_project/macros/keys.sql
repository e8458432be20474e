{#-
  Keys that more than one model computes, and hashes, the natural keys that they come from. A hash is an md5, 32 hex digits,
  or `unknown`. Each returns null for null, so that a caller chooses its unknown member.
-#}

{#- A track: by its Spotify id, else by the folded names of artist and title. -#}
{% macro track_hash(spotify_track_id, artist_name, track_name) -%}
    case
        when {{ spotify_track_id }} is not null then md5('spotify:track:' || {{ spotify_track_id }})
        when {{ track_name }} is not null
            then md5(
                'name:' || {{ fold_name("coalesce(" ~ artist_name ~ ", '')") }} || '|' || {{ fold_name(track_name) }}
            )
        else 'unknown'
    end
{%- endmacro %}

{#- An artist that lookup.artist_aliases does not know yet, by Spotify id. -#}
{% macro artist_hash_by_id(spotify_artist_id) -%}
    md5('spotify:' || {{ spotify_artist_id }})
{%- endmacro %}

{#- An artist that is known by a name only. -#}
{% macro artist_hash_by_name(name) -%}
    md5('name:' || {{ fold_name(name) }})
{%- endmacro %}

{#- What a play was started from: a playlist, an album, ... -#}
{% macro context_hash(context_uri) -%}
    md5('context:' || {{ context_uri }})
{%- endmacro %}

{#-
  The key of a hash: its first 14 hex digits as a number, so seven bytes a row, which DuckDB packs; 0 is the unknown member.
  It is the hash's own, so that what was built yesterday, or for another listener, has the same. That no two are equal is
  tested in the dimensions.
-#}
{% macro key_of_hash(hash) -%}
    case when {{ hash }} = 'unknown' then 0 else try_cast('0x' || left({{ hash }}, 14) as bigint) end
{%- endmacro %}

{#- The key in a text: the number, or the md5 that versions before wrote; null where it is neither. -#}
{% macro key_of_text(text) -%}
    case
        when regexp_full_match({{ text }}, '[0-9a-f]{32}') then {{ key_of_hash(text) }}
        when regexp_full_match({{ text }}, '[0-9]{1,19}') then try_cast({{ text }} as bigint)
    end
{%- endmacro %}
