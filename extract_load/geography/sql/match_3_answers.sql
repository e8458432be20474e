-- Third step: one answer per row. Beside the candidates stands the chance that the area is not in the gazetteer at all;
-- then its nearest known parent answers, else its country. The heaviest wins, and the confidence is the share of all
-- weight that lies within 40 km of it: two towns of one name in one street cost nothing, two in one state do.
-- Result: temp table gz_answer (row_id, latitude, longitude, precision, method, confidence, country).

create or replace temp table gz_known as
select
    row_id, bool_or(levels > 0) as has_levels, bool_or(inside > 0) as has_support,
    -- lies in every known parent
    min(rank) filter (levels > 0 and inside = levels and rank < 2 and variant < 2) as sure_rank
from gz_candidate group by all;

create or replace temp table gz_missing as
with parent as (
    select
        parent_places.row_id, parent_places.level, 'parent_place' as method, parent_places.id, parent_places.latitude,
        parent_places.longitude, if(parent_places.has_outer, 0.95, 0.7) as near,
        if(asked.area_kind = 'district', 0, 1) as preference
    from gz_parent_place as parent_places inner join gz_row as asked on asked.row_id = parent_places.row_id
    union all
    (
        select
            row_id, level, if(hub_near > near, 'parent_largest_place', 'parent_subdivision'), id,
            if(hub_near > near, hub_latitude, latitude), if(hub_near > near, hub_longitude, longitude),
            greatest(hub_near, near), if(rank < 2, 0, 2)
        from gz_parent_subdivision
        qualify row_number() over (partition by row_id, level order by depth desc, population desc, id) = 1
    )
),
nearest as (
    from parent qualify row_number() over (partition by row_id order by level, preference, method, id) = 1
),
in_country as (
    select allowed.row_id, 'country_centre' as method, countries.country, countries.latitude, countries.longitude,
    0.15 + 0.7 * countries.near as near
    from gz_country as allowed
    inner join gazetteer.countries as countries on countries.country = allowed.country
    where allowed.step = 0 and allowed.row_id in (select row_id from gz_row)
        and allowed.row_id not in (select row_id from nearest)
    qualify row_number() over (partition by allowed.row_id order by countries.places desc, countries.country) = 1
)
select row_id, method, null as country, latitude, longitude, near from nearest
union all
from in_country;

create or replace temp table gz_contest as
select
    row_id, kind, id, depth, country, rank, variant, levels, inside, is_part, is_seat, latitude, longitude, weight,
    reliability, null as method
from gz_candidate where weight > 0
union all
select
    missing.row_id, 'missing', 0, 0, missing.country, 0, 0, 0, 0, false, false, missing.latitude, missing.longitude,
    -- a place of 300 people; less likely the better a place of the name is confirmed
    case
        when known.row_id is null then 170
        when known.sure_rank = 0 then 170 * 0.02
        when known.sure_rank = 1 then 170 * 0.1
        when known.has_support then 170 * 0.2
        when known.has_levels then 170 * 0.5
        else 170
    end,
    missing.near, missing.method
from gz_missing as missing left join gz_known as known on known.row_id = missing.row_id;

create or replace temp table gz_answer as
with best as (
    from gz_contest qualify row_number() over (partition by row_id order by weight desc, kind, id) = 1
),
mass as (
    select
        best.row_id,
        sum(if(gazetteer.km(best.latitude, best.longitude, contests.latitude, contests.longitude) <= 40,
            contests.weight * contests.reliability, 0))
        / sum(contests.weight) as confidence
    from best inner join gz_contest as contests on contests.row_id = best.row_id group by all
)
select
    best.row_id, best.latitude, best.longitude, best.country,
    case
        when best.kind = 'missing' then if(best.method = 'country_centre', 'country', 'parent')
        when best.is_part then 'parent'
        when best.kind in ('country', 'island') then best.kind
        when best.kind = 'place' then if(asked.area_kind in ('district', 'municipality'), asked.area_kind, 'city')
        -- a wide area that answers for a city says what it is
        when asked.area_kind in ('city', 'district') and not best.is_seat and best.reliability < 0.9
            then if(best.depth >= 2, 'county', 'subdivision')
        when asked.area_kind in ('city', 'district', 'municipality', 'county', 'island') then asked.area_kind
        when best.depth >= 2 then 'county'
        else 'subdivision'
    end as precision,
    case
        when best.kind = 'missing' then best.method
        when best.is_part then 'parent_subdivision'
        when best.is_seat then 'subdivision_seat'
        else
            best.kind || case when best.variant = 2 or best.rank = 2 then '_core_name' when best.rank = 1
                then '_other_name' else '_name' end
            || case
                when best.levels = 0 then ''
                when best.inside = best.levels then '_in_parent'
                when best.inside > 0 then '_in_some_parents'
                else '_outside_parent'
            end
    end as method,
    round(masses.confidence, 3) as confidence
from best
inner join mass as masses on masses.row_id = best.row_id
inner join gz_row as asked on asked.row_id = best.row_id;
