-- Each artist's weights sum to one, so that no play is lost or doubled when it is shared out among genres.
select artist_key, sum(weight) as weight
from {{ ref('bridge_artist_genres') }}
group by all
having abs(sum(weight) - 1) > 0.0000001
