-- Second step: everything that a row may stand for, with a weight. Result: temp table gz_candidate.
-- The numbers were set on the place truth and on samples of the packages' own data (see benchmarks/geography.py).

-- Names to look up. variant 0: the name; 1: a part of it ("Schaerbeek / Schaarbeek"); 2: without the words that say what
-- it is ("City of Bristol" as a place, "Hinds County" as a subdivision).
create or replace temp table gz_key as
with part as (
    select row_id, gazetteer.fold(unnest(regexp_split_to_array(name, '\s*[/(),;\[\]]\s*|\s+-\s+'))) as folded
    from gz_row
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
    keys.row_id, names.kind, names.id, min(allowed.step) as step, min(names.rank) as rank, min(keys.variant) as variant,
    max(
        case names.rank when 0 then 1.0 when 1
            then 0.25 else if(asked.area_kind in ('unknown', 'city', 'island'), 0.02, 0.3) end
        * case keys.variant when 0 then 1.0 when 1 then 0.7 else 0.3 end
        * if(allowed.step = 0, 1.0, 0.5)
    ) as name_weight
from gz_key as keys
inner join gz_row as asked on asked.row_id = keys.row_id
inner join gazetteer.names as names on names.key = keys.key and (keys.for_kind = 'any' or keys.for_kind = names.kind)
inner join gz_country as allowed on allowed.row_id = keys.row_id and allowed.country = names.country
where allowed.step < 2 or (names.kind = 'island' and names.rank < 2 and keys.variant = 0
    and asked.area_kind in ('island', 'unknown'))
group by all;

-- A code of its own is as good as a name, and better than another thing's name.
insert into gz_found
select asked.row_id, 'subdivision', subdivisions.id, allowed.step, 0, 0, 5.0
from gz_row as asked
inner join gazetteer.subdivisions as subdivisions on subdivisions.iso_code = asked.code
inner join gz_country as allowed on allowed.row_id = asked.row_id and allowed.country = subdivisions.country;

create or replace temp table gz_found as
select row_id, kind, id, min(step) as step, min(rank) as rank, min(variant) as variant, max(name_weight) as name_weight
from gz_found group by all;

-- What was found, with how sure its own point is (reliability: the chance that the area's true point is within 50 km).
create or replace temp table gz_thing as
select
    found.*, 0 as depth, places.country, places.latitude, places.longitude, places.population, places.within_ids,
    0.99 as reliability, false as is_part
from gz_found as found inner join gazetteer.places as places on places.id = found.id where found.kind = 'place'
union all
select
    found.*, subdivisions.level, subdivisions.country, subdivisions.latitude, subdivisions.longitude,
    subdivisions.population, subdivisions.within_ids,
    case
        when subdivisions.is_part then subdivisions.near
        when subdivisions.is_listed then if(subdivisions.radius_km < 80, 0.88, 0.7)
        when subdivisions.radius_km < 200 then greatest(0.4, least(0.97, 0.97 - (subdivisions.radius_km - 35) * 0.0065))
        when subdivisions.radius_km < 300 then 0.3
        else 0.05
    end, subdivisions.is_part
from gz_found as found inner join gazetteer.subdivisions as subdivisions on subdivisions.id = found.id
where found.kind = 'subdivision'
union all
select found.*, 0, islands.country, islands.latitude, islands.longitude, 100000, [], 0.9
    * gazetteer.name_trust(found.step, asked.area_kind), false
from gz_found as found
inner join gazetteer.islands as islands on islands.id = found.id
inner join gz_row as asked on asked.row_id = found.row_id
where found.kind = 'island'
union all
select
    asked.row_id, 'country', 0, allowed.step, country_names.rank, 0, if(allowed.step = 0, 1.0, 0.5), 0,
    countries.country, countries.latitude, countries.longitude, 10000000,
    [], least(0.97, greatest(0.3, 0.97 - (countries.radius_km - 35) * 0.0065))
        * gazetteer.name_trust(allowed.step, asked.area_kind), false
from gz_row as asked
inner join gazetteer.country_names as country_names on country_names.key = asked.key
inner join gz_country as allowed on allowed.row_id = asked.row_id and allowed.country = country_names.country
inner join gazetteer.countries as countries on countries.country = country_names.country
where
    (allowed.step < 2 and not country_names.is_former and (asked.area_kind = 'country' or allowed.step = 1))
    or (allowed.step = 2 and (asked.area_kind = 'country' or (country_names.rank = 0 and asked.area_kind in ('island',
        'unknown'))));

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
        things.row_id, things.kind, things.id, levels.level, levels.doubt,
        coalesce(bool_or(things.kind = 'subdivision' and things.id = parent_subdivisions.id), false) as is_itself,
        coalesce(bool_or(list_contains(things.within_ids, parent_subdivisions.id)), false) or is_itself
        or coalesce(
            bool_or(things.kind = 'place' and gazetteer.km(things.latitude, things.longitude, parent_places.latitude,
                parent_places.longitude) < 40), false
        ) as is_inside,
        coalesce(bool_or(
            gazetteer.km(things.latitude, things.longitude, parent_subdivisions.latitude,
                parent_subdivisions.longitude) < least(1.5 * parent_subdivisions.radius_km + 10, 100)
        ), false) as is_near
    from gz_thing as things
    inner join level as levels on levels.row_id = things.row_id
    left join gz_parent_subdivision as parent_subdivisions on parent_subdivisions.row_id = things.row_id
        and parent_subdivisions.level = levels.level
    left join gz_parent_place as parent_places on parent_places.row_id = things.row_id
        and parent_places.level = levels.level
    where things.kind in ('place', 'subdivision')
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
    ('subdivision', 'subdivision', 0, 1.0), ('subdivision', 'subdivision', 1, 1.0),
    ('subdivision', 'subdivision', 2, 0.5),
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
        things.row_id, things.id, towns.latitude, towns.longitude,
        towns.population * if(towns.rank = 0, 1.0, 0.25) as named_population,
        towns.population >= 0.05 * things.population and names.id is not null as is_sizable,
        asked.area_kind = 'city' and towns.rank < 2
            and asked.row_id not in (select row_id from gz_parent_subdivision) as is_meant
    from gz_thing as things
    inner join gz_thing as towns
        on towns.row_id = things.row_id and towns.kind = 'place' and towns.variant < 2
            and list_contains(towns.within_ids, things.id)
    inner join gz_row as asked on asked.row_id = things.row_id
    inner join gazetteer.places as places on places.id = towns.id
    left join gazetteer.names as names
        on names.kind = 'subdivision' and names.id = things.id
            and names.key = gazetteer.name_key(gazetteer.fold(places.name))
    where things.kind = 'subdivision'
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
        things.*, asked.area_kind, coalesce(fits.levels, 0) as levels, coalesce(fits.inside, 0) as inside,
        coalesce(fits.fit, 1.0) as fit,
        coalesce(fits.is_itself, false) as is_itself,
        coalesce(type_factors.type_factor, 0.02) as type_factor,
        max(things.population) filter (things.kind = 'subdivision' and things.depth <= 1 and things.variant = 0)
            over (partition by things.row_id) as state_population,
        things.kind = 'place' and things.id in (select largest_id from gazetteer.countries) as is_largest,
        seats.latitude as seat_latitude, seats.longitude as seat_longitude
    from gz_thing as things
    inner join gz_row as asked on asked.row_id = things.row_id
    left join gz_fit as fits on fits.row_id = things.row_id and fits.kind = things.kind and fits.id = things.id
    left join gz_type_factor as type_factors on type_factors.area_kind = asked.area_kind
        and type_factors.kind = things.kind and type_factors.depth = things.depth
    left join gz_seat as seats on things.kind = 'subdivision' and seats.row_id = things.row_id and seats.id = things.id
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
        when kind = 'place' and levels = 0 and (population > state_population / 3 or (rank = 0 and is_largest))
            then 12.0
        else 1.0
    end as weight,
    case
        when seat_latitude is null then reliability
        when gazetteer.km(seat_latitude, seat_longitude, latitude, longitude) < 40 then 0.97
        else 0.8
    end
    * if(levels > 0 and inside = 0 and fit < 0.3, 0.6, 1.0) as reliability
from judged;
