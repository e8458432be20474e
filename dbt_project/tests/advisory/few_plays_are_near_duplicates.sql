-- Listeners of whom more than 1 % of the plays may have been recorded twice.
select
    listener_id,
    count(*) filter (is_near_duplicate) as near_duplicates,
    count(*) as plays
from {{ ref('fct_plays') }}
group by listener_id
having near_duplicates > 20 and near_duplicates > 0.01 * plays
