-- The share of each genre family in each month, quarter or year ($bucket) of the range; six families, the others as one.
with

shared as (
    select
        artists.artist_key,
        genres.genre_family as family,
        sum(shares.weight) as weight
    from marts.bridge_artist_genres as shares
    inner join marts.dim_artist as artists on shares.artist_key = artists.artist_key
    inner join marts.dim_genre as genres on shares.genre_key = genres.genre_key
    group by all
),

families as (
    select
        date_trunc($bucket, days.date_key) as period_start,
        shared.family,
        sum(days.{plays} * shared.weight) as plays,
        sum(days.{ms} * shared.weight) as ms
    from marts.fct_listening_days as days
    inner join shared on days.artist_key = shared.artist_key
    where days.listener_id = $listener and days.date_key between $from_day and $to_day and days.{plays} > 0
    group by all
),

whole as (
    select
        family,
        lower(family) = 'unknown' as is_unknown,
        row_number() over (partition by lower(family) = 'unknown' order by sum({measure}) desc, family) as place
    from families
    group by family
),

named as (
    select
        families.period_start,
        case when whole.is_unknown then 'unknown' when whole.place <= 6 then families.family else 'other' end as family,
        min(case when whole.is_unknown then 9 when whole.place <= 6 then whole.place else 8 end) as position,
        sum(families.plays) as plays,
        sum(families.ms) as ms
    from families
    inner join whole on families.family = whole.family
    group by all
)

select
    cast(period_start as date) as period_start,
    family,
    cast(position as integer) as position,
    round(plays, 2) as plays,
    round(ms / 60000.0, 1) as minutes,
    round(100.0 * {measure} / sum({measure}) over (partition by period_start), 2) as share_pct
from named
order by period_start, position, family
