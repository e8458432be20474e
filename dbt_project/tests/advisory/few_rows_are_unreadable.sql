-- Files of which more than 1 % of the rows have no time or no length.
select
    source_file,
    count(*) filter (content_kind = 'unreadable') as unreadable,
    count(*) as landed
from {{ ref('fct_source_rows') }}
group by source_file
having unreadable > 0.01 * landed
