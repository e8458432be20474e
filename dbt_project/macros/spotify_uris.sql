{#- Returns the id of a Spotify uri of the kind ('track', 'artist', ...), null for any other uri. -#}
{% macro id_of_uri(uri, kind) -%}
    case
        when starts_with({{ uri }}, 'spotify:{{ kind }}:')
            then nullif(substr({{ uri }}, {{ ('spotify:' ~ kind ~ ':') | length + 1 }}), '')
    end
{%- endmacro %}

{#- Returns the kind of a Spotify uri: track, local, episode, show, ...; null for anything else. -#}
{% macro uri_kind(uri) -%}
    case when starts_with({{ uri }}, 'spotify:') then nullif(split_part({{ uri }}, ':', 2), '') end
{%- endmacro %}

{#-
  Names of a file of the listener's own, from `spotify:local:Artist:Album:Title:seconds`: `+` is a space, other signs are
  percent-encoded, parts may be empty (null). The title ends before the last part; colons inside it are its own.
-#}
{% macro local_uri_artist(uri) -%}
    {{ _local_uri_name(uri, "split_part(" ~ uri ~ ", ':', 3)") }}
{%- endmacro %}

{% macro local_uri_album(uri) -%}
    {{ _local_uri_name(uri, "split_part(" ~ uri ~ ", ':', 4)") }}
{%- endmacro %}

{% macro local_uri_title(uri) -%}
    {{ _local_uri_name(uri, "regexp_extract(" ~ uri ~ ", '(?s)^spotify:local:[^:]*:[^:]*:(.*?)(?::[0-9]*)?$', 1)") }}
{%- endmacro %}

{#- Bytes that are no UTF-8 stay as they are written. -#}
{% macro _local_uri_name(uri, part) -%}
    case
        when starts_with({{ uri }}, 'spotify:local:')
            then nullif(
                trim(replace(
                    coalesce(try(url_decode(replace({{ part }}, '+', ' '))), replace({{ part }}, '+', ' ')), chr(0), ''
                )),
                ''
            )
    end
{%- endmacro %}
