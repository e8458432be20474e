-- Listeners of whom more than 5 % of the items that polls listed have no play in exports that cover them.
select
    listener_id,
    count(*) filter (fate = 'review') as under_review,
    count(*) as items
from {{ ref('fct_source_rows') }}
where source = 'poll'
group by listener_id
having under_review > 20 and under_review > 0.05 * items
