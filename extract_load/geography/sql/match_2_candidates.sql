-- Second step: everything that a row may stand for, with a weight. Result: temp table gz_candidate.
-- The numbers were set on the place truth and on samples of the packages' own data (see benchmarks/geography.py).

-- Names to look up. variant 0: the name; 1: a part of it ("Schaerbeek / Schaarbeek"); 2: without the words that say what
-- it is ("City of Bristol" as a place, "Hinds County" as a subdivision).
create or replace temp table gz_key as
with part as (
    select row_id, gazetteer.fold(unnest(regexp_split_to_array(name, '\s*[/(),;\[\]]\s*|\s+-\s+'))) as folded from gz_row
    union
    select row_id, folded from gz_row
),
variant as (
    select row_id, key, 'any' as for_kind, 0 as variant from gz_row
    union all
    select row_id, gazetteer.name_key(folded), 'any', 1 from part
    union all
    select row_id, gazetteer.name_key(gazetteer.place_core(folded)), 'place', 2 from part
    union all
    select row_id, gazetteer.name_key(gazetteer.subdivision_core(folded)), 'subdivision', 2 from part
)
select row_id, key, for_kind, min(variant) as variant from variant where length(key) > 1 group by all;

create or replace temp table gz_found as
select
    k.row_id, n.kind, n.id, min(c.step) as step, min(n.rank) as rank, min(k.variant) as variant,
    max(
        case n.rank when 0 then 1.0 when 1 then 0.25 else if(r.area_kind in ('unknown', 'city', 'island'), 0.02, 0.3) end
        * case k.variant when 0 then 1.0 when 1 then 0.7 else 0.3 end
        * if(c.step = 0, 1.0, 0.5)
    ) as name_weight
from gz_key as k
inner join gz_row as r on r.row_id = k.row_id
inner join gazetteer.names as n on n.key = k.key and (k.for_kind = 'any' or k.for_kind = n.kind)
inner join gz_country as c on c.row_id = k.row_id and c.country = n.country
where c.step < 2 or (n.kind = 'island' and n.rank < 2 and k.variant = 0 and r.area_kind in ('island', 'unknown'))
group by all;

-- A code of its own is as good as a name, and better than another thing's name.
insert into gz_found
select r.row_id, 'subdivision', s.id, c.step, 0, 0, 5.0
from gz_row as r
inner join gazetteer.subdivisions as s on s.iso_code = r.code
inner join gz_country as c on c.row_id = r.row_id and c.country = s.country;

create or replace temp table gz_found as
select row_id, kind, id, min(step) as step, min(rank) as rank, min(variant) as variant, max(name_weight) as name_weight
from gz_found group by all;

-- What was found, with how sure its own point is (reliability: the chance that the area's true point is within 50 km).
create or replace temp table gz_thing as
select
    f.*, 0 as depth, p.country, p.latitude, p.longitude, p.population, p.within_ids, 0.99 as reliability, false as is_part
from gz_found as f inner join gazetteer.places as p on p.id = f.id where f.kind = 'place'
union all
select
    f.*, s.level, s.country, s.latitude, s.longitude, s.population, s.within_ids,
    case
        when s.is_part then s.near
        when s.is_listed then if(s.radius_km < 80, 0.88, 0.7)
        when s.radius_km < 200 then greatest(0.4, least(0.97, 0.97 - (s.radius_km - 35) * 0.0065))
        when s.radius_km < 300 then 0.3
        else 0.05
    end, s.is_part
from gz_found as f inner join gazetteer.subdivisions as s on s.id = f.id where f.kind = 'subdivision'
union all
select f.*, 0, i.country, i.latitude, i.longitude, 100000, [], 0.9 * gazetteer.name_trust(f.step, r.area_kind), false
from gz_found as f
inner join gazetteer.islands as i on i.id = f.id
inner join gz_row as r on r.row_id = f.row_id
where f.kind = 'island'
union all
select
    r.row_id, 'country', 0, g.step, n.rank, 0, if(g.step = 0, 1.0, 0.5), 0, c.country, c.latitude, c.longitude, 10000000,
    [], least(0.97, greatest(0.3, 0.97 - (c.radius_km - 35) * 0.0065)) * gazetteer.name_trust(g.step, r.area_kind), false
from gz_row as r
inner join gazetteer.country_names as n on n.key = r.key
inner join gz_country as g on g.row_id = r.row_id and g.country = n.country
inner join gazetteer.countries as c on c.country = n.country
where
    (g.step < 2 and not n.is_former and (r.area_kind = 'country' or g.step = 1))
    or (g.step = 2 and (r.area_kind = 'country' or (n.rank = 0 and r.area_kind in ('island', 'unknown'))));

-- Which known parents each of them lies in, and how much one that lies outside still counts (doubt): borders of counties
-- and cities are told differently, those of states hardly ever.
create or replace temp table gz_fit as
with level as (
    select row_id, level, min(doubt) as doubt
    from (
        select row_id, level, if(depth <= 1, 0.01, 0.12) as doubt from gz_parent_subdivision
        union all
        select row_id, level, 0.1 from gz_parent_place
    )
    group by all
),
support as (
    select
        t.row_id, t.kind, t.id, l.level, l.doubt,
        coalesce(bool_or(t.kind = 'subdivision' and t.id = s.id), false) as is_itself,
        coalesce(bool_or(list_contains(t.within_ids, s.id)), false) or is_itself
        or coalesce(
            bool_or(t.kind = 'place' and gazetteer.km(t.latitude, t.longitude, p.latitude, p.longitude) < 40), false
        ) as is_inside,
        coalesce(bool_or(
            gazetteer.km(t.latitude, t.longitude, s.latitude, s.longitude) < least(1.5 * s.radius_km + 10, 100)
        ), false) as is_near
    from gz_thing as t
    inner join level as l on l.row_id = t.row_id
    left join gz_parent_subdivision as s on s.row_id = t.row_id and s.level = l.level
    left join gz_parent_place as p on p.row_id = t.row_id and p.level = l.level
    where t.kind in ('place', 'subdivision')
    group by all
)
select
    row_id, kind, id, count(*) as levels, count_if(is_inside) as inside, bool_or(is_itself) as is_itself,
    product(case when is_inside then 1.0 when is_near then greatest(doubt, 0.3) else doubt end) as fit
from support group by all;

-- How well kinds of things fit the type of an area; what is not listed here hardly does (0.02).
create or replace temp table gz_type_factor as
select * from (
    values
    ('unknown', 'place', 0, 1.0), ('unknown', 'subdivision', 0, 1.0), ('unknown', 'subdivision', 1, 1.0),
    ('unknown', 'subdivision', 2, 0.3), ('unknown', 'island', 0, 0.3), ('unknown', 'country', 0, 1.0),
    ('city', 'place', 0, 1.0), ('city', 'subdivision', 1, 0.1), ('city', 'subdivision', 2, 0.1),
    ('municipality', 'place', 0, 0.8), ('municipality', 'subdivision', 2, 1.0), ('municipality', 'subdivision', 1, 0.3),
    ('district', 'place', 0, 1.0), ('district', 'subdivision', 2, 0.5), ('district', 'subdivision', 1, 0.1),
    ('county', 'subdivision', 0, 0.8), ('county', 'subdivision', 1, 0.8), ('county', 'subdivision', 2, 1.0),
    ('subdivision', 'subdivision', 0, 1.0), ('subdivision', 'subdivision', 1, 1.0), ('subdivision', 'subdivision', 2, 0.5),
    ('subdivision', 'country', 0, 1.0), ('subdivision', 'island', 0, 0.1),
    ('island', 'island', 0, 3000.0), ('island', 'subdivision', 0, 1.0), ('island', 'subdivision', 1, 1.0),
    ('island', 'subdivision', 2, 1.0), ('island', 'place', 0, 0.3), ('island', 'country', 0, 1.0),
    ('country', 'country', 0, 1000.0), ('country', 'subdivision', 1, 0.1)
) as factors (area_kind, kind, depth, type_factor);

-- A subdivision that bears the name of a sizable place inside it is answered by that place: people mean it, and geocoders
-- do the same. For a city without a known parent, any place in it that is known by the name will do (New York, Goiás).
create or replace temp table gz_seat as
with shared_name as (
    select
        s.row_id, s.id, p.latitude, p.longitude,
        p.population * if(p.rank = 0, 1.0, 0.25) as named_population,
        p.population >= 0.05 * s.population and n.id is not null as is_sizable,
        r.area_kind = 'city' and p.rank < 2 and r.row_id not in (select row_id from gz_parent_subdivision) as is_meant
    from gz_thing as s
    inner join gz_thing as p
        on p.row_id = s.row_id and p.kind = 'place' and p.variant < 2 and list_contains(p.within_ids, s.id)
    inner join gz_row as r on r.row_id = s.row_id
    inner join gazetteer.places as l on l.id = p.id
    left join gazetteer.names as n
        on n.kind = 'subdivision' and n.id = s.id and n.key = gazetteer.name_key(gazetteer.fold(l.name))
    where s.kind = 'subdivision'
)
select
    row_id, id, max_by(latitude, (is_sizable, named_population, latitude)) as latitude,
    max_by(longitude, (is_sizable, named_population, latitude)) as longitude
from shared_name where is_sizable or is_meant
group by all;

-- Big places have more artists, so weight grows with population; a place outside its known parent can't win by size alone.
create or replace temp table gz_candidate as
with judged as (
    select
        t.*, r.area_kind, coalesce(f.levels, 0) as levels, coalesce(f.inside, 0) as inside, coalesce(f.fit, 1.0) as fit,
        coalesce(f.is_itself, false) as is_itself,
        coalesce(y.type_factor, 0.02) as type_factor,
        max(t.population) filter (t.kind = 'subdivision' and t.depth <= 1 and t.variant = 0)
            over (partition by t.row_id) as state_population,
        t.kind = 'place' and t.id in (select largest_id from gazetteer.countries) as is_largest, s.latitude as seat_latitude, s.longitude as seat_longitude
    from gz_thing as t
    inner join gz_row as r on r.row_id = t.row_id
    left join gz_fit as f on f.row_id = t.row_id and f.kind = t.kind and f.id = t.id
    left join gz_type_factor as y on y.area_kind = r.area_kind and y.kind = t.kind and y.depth = t.depth
    left join gz_seat as s on t.kind = 'subdivision' and s.row_id = t.row_id and s.id = t.id
)
select
    row_id, kind, id, depth, country, rank, variant, levels, inside, is_part,
    coalesce(seat_latitude, latitude) as latitude, coalesce(seat_longitude, longitude) as longitude,
    seat_latitude is not null as is_seat,
    name_weight * fit * type_factor
    * pow(if(levels > 0 and inside = 0, least(population, 20000), population) + 150, 0.9)
    * case
        -- what is told to lie in a subdivision of its own name is hardly that subdivision
        when is_itself and area_kind in ('city', 'district') then 0.02
        when area_kind != 'unknown' then 1.0
        -- with a known parent it is hardly a state
        when kind = 'subdivision' and levels > 0 then case when depth = 2 then 0.3 when is_itself then 0.02 else 0.1 end
        -- without, a city is meant before the state of its name, if it is a third of it or the largest of the country
        when kind = 'place' and levels = 0 and (population > state_population / 3 or (rank = 0 and is_largest)) then 12.0
        else 1.0
    end as weight,
    case
        when seat_latitude is null then reliability
        when gazetteer.km(seat_latitude, seat_longitude, latitude, longitude) < 40 then 0.97
        else 0.8
    end
    * if(levels > 0 and inside = 0 and fit < 0.3, 0.6, 1.0) as reliability
from judged;
