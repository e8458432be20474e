{#-
  What a row is: music, podcast, audiobook, video, unidentified (nothing says what was played) or unreadable. Decided
  before any id is used. extract_load/core/content.py has the same rule for items of polls.
-#}

{#- An item of a poll; `track` is a struct. An episode comes as a track whose album is its show. -#}
{% macro polled_content_kind(track) -%}
    case
        when
            coalesce(lower({{ track }}.type), '') in ('chapter', 'audiobook')
            or coalesce({{ uri_kind(track ~ '.uri') }}, '') in ('chapter', 'audiobook')
            or coalesce(lower({{ track }}.album.type), '') = 'audiobook'
            or coalesce({{ uri_kind(track ~ '.album.uri') }}, '') = 'audiobook'
            then 'audiobook'
        when
            coalesce(lower({{ track }}.type), '') in ('episode', 'show')
            or coalesce({{ uri_kind(track ~ '.uri') }}, '') in ('episode', 'show')
            or coalesce({{ track }}.episode, false)
            or coalesce(lower({{ track }}.album.type), '') = 'show'
            or coalesce({{ uri_kind(track ~ '.album.uri') }}, '') = 'show'
            then 'podcast'
        when
            coalesce(lower({{ track }}.type), '') = 'video' or coalesce({{ uri_kind(track ~ '.uri') }}, '') = 'video'
            then 'video'
        when
            coalesce(
                nullif({{ track }}.id, ''),
                {{ id_of_uri(track ~ '.uri', 'track') }},
                nullif(trim({{ track }}.name), ''),
                {{ local_uri_title(track ~ '.uri') }}
            ) is not null
            then 'music'
        else 'unidentified'
    end
{%- endmacro %}

{#- A row of an export, by what it says itself: uris before names, a chapter before an episode, an episode before a title. -#}
{% macro exported_content_kind(
    reported_end_at, ms_played, spotify_uri, spotify_track_id, audiobook_says, podcast_says, track_name
) -%}
    case
        when {{ reported_end_at }} is null or {{ ms_played }} is null or {{ ms_played }} < 0 then 'unreadable'
        when {{ spotify_track_id }} is not null then 'music'
        when coalesce({{ uri_kind(spotify_uri) }}, '') in ('chapter', 'audiobook') then 'audiobook'
        when coalesce({{ uri_kind(spotify_uri) }}, '') in ('episode', 'show') then 'podcast'
        when {{ audiobook_says }} is not null then 'audiobook'
        when {{ podcast_says }} is not null then 'podcast'
        when {{ track_name }} is not null then 'music'
        else 'unidentified'
    end
{%- endmacro %}

{#- What the name of an export's file says of all its rows: video, podcast, audiobook, or '' for a file of music. -#}
{% macro content_kind_of_file(original_name) -%}
    regexp_extract(lower({{ original_name }}), '(video|podcast|audiobook)[^/\\]*$', 1)
{%- endmacro %}

{#- What a row is in its file. A music video looks like music; a row without an id is what its file is called. -#}
{% macro content_kind_in_file(content_kind, spotify_track_id, original_name) -%}
    case
        when {{ content_kind }} not in ('music', 'unidentified') then {{ content_kind }}
        when {{ content_kind_of_file(original_name) }} = 'video' then 'video'
        when {{ spotify_track_id }} is null
            then coalesce(nullif({{ content_kind_of_file(original_name) }}, ''), {{ content_kind }})
        else {{ content_kind }}
    end
{%- endmacro %}
