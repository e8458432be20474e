{{ config(materialized='table') }}
{% set days %}
    select
        p.listener_id,
        p.date_key as day,
        coalesce(a.country_name, 'unknown') as country_name,
        count(*) as plays,
        sum(p.ms_played) as ms
    from {{ counted_plays() }} as p
    inner join {{ ref('dim_artist') }} as a on a.artist_key = p.artist_key
    group by all
{% endset %}
{% set countries %}
    (
        select
            coalesce(country_name, 'unknown') as country_name,
            min(country_code) as country_code,
            min(continent) as continent
        from {{ ref('dim_artist') }}
        group by all
    )
{% endset %}
{{ top('country_name', days, countries, {'country_code': 'n.country_code', 'continent': "coalesce(n.continent, 'unknown')"}) }}
