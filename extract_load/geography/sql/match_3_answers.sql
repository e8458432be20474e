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
        p.row_id, p.level, 'parent_place' as method, p.id, p.latitude, p.longitude, if(p.has_outer, 0.95, 0.7) as near,
        if(r.area_kind = 'district', 0, 1) as preference
    from gz_parent_place as p inner join gz_row as r on r.row_id = p.row_id
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
    select g.row_id, 'country_centre' as method, c.country, c.latitude, c.longitude, 0.15 + 0.7 * c.near as near
    from gz_country as g
    inner join gazetteer.countries as c on c.country = g.country
    where g.step = 0 and g.row_id in (select row_id from gz_row) and g.row_id not in (select row_id from nearest)
    qualify row_number() over (partition by g.row_id order by c.places desc, c.country) = 1
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
    m.row_id, 'missing', 0, 0, m.country, 0, 0, 0, 0, false, false, m.latitude, m.longitude,
    -- a place of 300 people; less likely the better a place of the name is confirmed
    case
        when k.row_id is null then 170
        when k.sure_rank = 0 then 170 * 0.02
        when k.sure_rank = 1 then 170 * 0.1
        when k.has_support then 170 * 0.2
        when k.has_levels then 170 * 0.5
        else 170
    end,
    m.near, m.method
from gz_missing as m left join gz_known as k on k.row_id = m.row_id;

create or replace temp table gz_answer as
with best as (
    from gz_contest qualify row_number() over (partition by row_id order by weight desc, kind, id) = 1
),
mass as (
    select
        b.row_id,
        sum(if(gazetteer.km(b.latitude, b.longitude, c.latitude, c.longitude) <= 40, c.weight * c.reliability, 0))
        / sum(c.weight) as confidence
    from best as b inner join gz_contest as c on c.row_id = b.row_id group by all
)
select
    b.row_id, b.latitude, b.longitude, b.country,
    case
        when b.kind = 'missing' then if(b.method = 'country_centre', 'country', 'parent')
        when b.is_part then 'parent'
        when b.kind in ('country', 'island') then b.kind
        when b.kind = 'place' then if(r.area_kind in ('district', 'municipality'), r.area_kind, 'city')
        -- a wide area that answers for a city says what it is
        when r.area_kind in ('city', 'district') and not b.is_seat and b.reliability < 0.9
            then if(b.depth >= 2, 'county', 'subdivision')
        when r.area_kind in ('city', 'district', 'municipality', 'county', 'island') then r.area_kind
        when b.depth >= 2 then 'county'
        else 'subdivision'
    end as precision,
    case
        when b.kind = 'missing' then b.method
        when b.is_part then 'parent_subdivision'
        when b.is_seat then 'subdivision_seat'
        else
            b.kind || case when b.variant = 2 or b.rank = 2 then '_core_name' when b.rank = 1 then '_other_name' else '_name' end
            || case
                when b.levels = 0 then ''
                when b.inside = b.levels then '_in_parent'
                when b.inside > 0 then '_in_some_parents'
                else '_outside_parent'
            end
    end as method,
    round(m.confidence, 3) as confidence
from best as b
inner join mass as m on m.row_id = b.row_id
inner join gz_row as r on r.row_id = b.row_id;
