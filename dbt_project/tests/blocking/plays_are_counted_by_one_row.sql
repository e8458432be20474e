-- Plays without exactly one source row that counts them, and counted rows without a play.
{%- set is_part = part_under_test(ref('fct_plays')) and part_under_test(ref('fct_source_rows')) %}
with

{% if is_part -%}
looked_at as (
    select play_key from {{ rows_under_test(ref('fct_plays')) }}
    union
    select play_key from {{ rows_under_test(ref('fct_source_rows')) }}
    where fate = 'counted'
),

{% endif -%}
counted as (
    select
        play_key,
        count(*) as counting_rows
    from {{ ref('fct_source_rows') }}
    {{ 'semi join looked_at using (play_key)' if is_part }}
    where fate = 'counted'
    group by play_key
),

plays as (
    select play_key from {{ ref('fct_plays') }}
    {{ 'semi join looked_at using (play_key)' if is_part }}
)

select
    play_key,
    c.counting_rows
from plays as p
full join counted as c using (play_key)
where p.play_key is null or coalesce(c.counting_rows, 0) <> 1
