-- Plays without exactly one source row that counts them, and counted rows without a play.
with

counted as (
    select
        play_key,
        count(*) as counting_rows
    from {{ ref('fct_source_rows') }}
    where fate = 'counted'
    group by play_key
)

select
    play_key,
    c.counting_rows
from {{ ref('fct_plays') }} as p
full join counted as c using (play_key)
where p.play_key is null or coalesce(c.counting_rows, 0) <> 1
