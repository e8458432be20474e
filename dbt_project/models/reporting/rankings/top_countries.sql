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
{% set days %}
    select d.listener_id, d.date_key as day, i.id, sum(d.plays) as plays, sum(d.ms_played) as ms
    from {{ ref('fct_artist_days') }} as d
    inner join {{ ref('dim_artist') }} as a on a.artist_key = d.artist_key
    inner join ids as i on i.country_name = coalesce(a.country_name, 'unknown')
    group by all
{% endset %}
{{
    top(
        'country_name', days, countries,
        {'country_code': 'n.country_code', 'continent': "coalesce(n.continent, 'unknown')"}
    )
}}
