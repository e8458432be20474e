{#- The artists of MusicBrainz that stand for nobody, by MBID; see docs/contracts/musicbrainz.md. -#}
{% macro special_purpose_mbids() -%}
    '89ad4ac3-39f7-470e-963a-56509c546377', {#- Various Artists #}
    '125ec42a-7229-4250-afc5-e057484327fe', {#- [unknown] #}
    'f731ccc4-e22a-43af-a747-64213329e088', {#- [anonymous] #}
    'eec63d3c-3b81-4ad4-b1e4-7c147d4d2b61', {#- [no artist] #}
    '9be7f096-97ec-4615-8957-8d40b5dcbc41', {#- [traditional] #}
    '33cf029c-63b0-41a0-9855-be2a3665fb3b', {#- [data] #}
    '314e1c25-dde7-4e4d-b2f4-0a7b9f7c56dc' {#- [dialogue] #}
{%- endmacro %}

{#-
  Whether an artist stands for no one artist: the unknown member, a special purpose artist of MusicBrainz, or a name that
  is used for one (they are never matched). Never null.
-#}
{% macro is_special_purpose(artist_key, mbid, artist_name) -%}
    (
        {{ artist_key }} = 0
        or coalesce({{ mbid }} in ({{ special_purpose_mbids() }}), false)
        or lower(trim({{ artist_name }})) in (
            'various artists', 'various', 'unknown artist', 'unknown', '[unknown]', '[anonymous]', '[no artist]',
            '[traditional]', '[data]', '[dialogue]', '[church chimes]', '[christmas music]', '[disney]',
            '[language instruction]', '[nature sounds]', '[news report]', '[soundtrack]', '[theatre]'
        )
    )
{%- endmacro %}
