-- First of three steps that find the rows of gz_query in the gazetteer: where to search.
-- gz_query: row_id, name, area_type, country (code or name), parents (names or ISO 3166-2 codes, nearest first), code
-- (its own ISO 3166-2 code, if it has one).
-- Every statement handles all rows at once. Temporary tables gz_*: row, country, parent, parent_subdivision, parent_place.

create or replace temp table gz_row as
with folded as (select *, gazetteer.fold(name) as folded from gz_query where trim(coalesce(name, '')) != '')
select
    row_id, name, folded, gazetteer.name_key(folded) as key, upper(trim(code)) as code,
    case
        when lower(trim(area_type)) in ('city', 'municipality', 'district', 'county', 'subdivision', 'island',
            'country')
            then lower(trim(area_type))
        when regexp_matches(folded, '( county)$|^county ') then 'county'
        when regexp_matches(folded, ' (municipality|kommun|kommune)$') then 'municipality'
        when regexp_matches(folded, ' (province|prefecture|governorate|oblast|voivodeship)$') then 'subdivision'
        else 'unknown'
    end as area_kind
from folded;

create or replace temp table gz_told as
select row_id, trim(unnest(parents)) as part, unnest(range(1, len(parents) + 1)) as level from gz_query;

-- Countries to search. step 0: the country itself; 1: a territory of it; 2: no country is known. Rows of step 2 are only
-- compared with the lists of islands, countries and former countries: a place or subdivision of the same name somewhere in
-- the world says nothing about them ("Atlantis", "Earth", "Bohemia").
create or replace temp table gz_country as
with given as (
    select query.row_id, coalesce(reachable.code, country_names.country, former_names.code) as code
    from gz_query as query
    left join (select distinct code from gazetteer.reaches) as reachable on reachable.code = upper(trim(query.country))
    left join gazetteer.country_names as country_names on reachable.code is null
        and country_names.key = gazetteer.name_key(gazetteer.fold(query.country))
        and not country_names.is_former
    left join gazetteer.former_names as former_names
        on reachable.code is null and country_names.country is null
            and former_names.key = gazetteer.name_key(gazetteer.fold(query.country))
    where coalesce(reachable.code, country_names.country, former_names.code) is not null
),
own_code as (
    select row_id, code[1:2] as code
    from gz_row
    where
        regexp_full_match(code, '[A-Z]{2}-[A-Z0-9]{1,3}') and row_id not in (select row_id from given)
        and code[1:2] in (select code from gazetteer.reaches)
),
implied as (
    from own_code
    union all
    select distinct row_id, upper(part[1:2])
    from gz_told
    where
        regexp_full_match(part, '[A-Za-z]{2}-[A-Za-z0-9]{1,3}') and row_id not in (select row_id from given)
        and row_id not in (select row_id from own_code)
),
reached as (
    select named.row_id, reaches.country, min(reaches.step) as step
    from (from given union all from implied) as named
    inner join gazetteer.reaches as reaches on reaches.code = named.code
    group by all
)
from reached
union all
select asked.row_id, countries.country, 2
from gz_row as asked cross join gazetteer.countries as countries
where asked.row_id not in (select row_id from reached)
    and asked.row_id not in (select row_id from gz_query where trim(country) != '');

-- Keys of the parents. rank 0: the name; 2, 3: without the words that say what it is (as a subdivision, as a place).
create or replace temp table gz_parent as
with named as (
    select told.row_id, told.level, gazetteer.fold(coalesce(iso_subdivisions.name, told.part)) as folded
    from gz_told as told left join gazetteer.iso_subdivisions as iso_subdivisions on iso_subdivisions.iso_code = upper(told.part)
)
select row_id, level, key, min(rank) as rank
from (
    select row_id, level, gazetteer.name_key(folded) as key, 0 as rank from named
    union all
    select row_id, level, gazetteer.name_key(gazetteer.subdivision_core(folded)), 2 from named
    union all
    select row_id, level, gazetteer.name_key(gazetteer.place_core(folded)), 3 from named
)
where key != '' group by all;

-- A parent that is a territory of the country ("Puerto Rico") is the country to search, and no parent any more.
create or replace temp table gz_territory as
select distinct parent.row_id, parent.level, country_names.country
from gz_parent as parent
inner join gazetteer.country_names as country_names on country_names.key = parent.key and not country_names.is_former
inner join gz_country as allowed on allowed.row_id = parent.row_id and allowed.country = country_names.country
    and allowed.step = 1
where parent.rank = 0;

delete from gz_parent where (row_id, level) in (select (row_id, level) from gz_territory);

create or replace temp table gz_country as
select allowed.row_id, allowed.country, if(territories.country is null, allowed.step, 0) as step
from gz_country as allowed
left join (select distinct row_id, country from gz_territory) as territories on territories.row_id = allowed.row_id
    and territories.country = allowed.country
where territories.country is not null or allowed.row_id not in (select row_id from gz_territory);

-- The parents that are subdivisions. Of several of a name ("Jackson County") those inside an outer parent are kept.
create or replace temp table gz_parent_subdivision as
with by_code as (
    select told.row_id, told.level, subdivisions.id, 0 as rank
    from gz_told as told
    inner join gazetteer.subdivisions as subdivisions on subdivisions.iso_code = upper(told.part)
    inner join gz_country as allowed on allowed.row_id = told.row_id and allowed.country = subdivisions.country
        and allowed.step < 2
),
by_name as (
    select parent.row_id, parent.level, names.id, names.rank + parent.rank as rank
    from gz_parent as parent
    inner join gazetteer.names as names on names.key = parent.key and names.kind = 'subdivision' and parent.rank < 3
    inner join gz_country as allowed on allowed.row_id = parent.row_id and allowed.country = names.country
        and allowed.step < 2
    anti join by_code on by_code.row_id = parent.row_id and by_code.level = parent.level
),
found as (
    select row_id, level, id, min(rank) as rank from (from by_code union all from by_name) group by all
),
best as (
    from found qualify rank <= greatest(1, min(rank) over (partition by row_id, level))
),
outermost as (
    -- "Napoli > Napoli > Campania": the province is the outer one of the two
    from best where not exists (from best as deeper where deeper.row_id = best.row_id and deeper.id = best.id
        and deeper.level > best.level)
),
placed as (
    select
        own.row_id, own.level, own.rank, subdivisions.id, subdivisions.level as depth, subdivisions.within_ids,
        subdivisions.latitude, subdivisions.longitude, subdivisions.near,
        subdivisions.hub_latitude, subdivisions.hub_longitude, subdivisions.hub_near, subdivisions.radius_km,
        subdivisions.population,
        exists (
            from outermost where outermost.row_id = own.row_id and outermost.level > own.level
                and list_contains(subdivisions.within_ids, outermost.id)
        ) as is_inside
    from outermost as own inner join gazetteer.subdivisions as subdivisions on subdivisions.id = own.id
)
from placed qualify is_inside or not bool_or(is_inside) over (partition by row_id, level);

-- The parents that are places: the most populous of the name that lies in what is known of the outer parents.
create or replace temp table gz_parent_place as
with found as (
    select parent.row_id, parent.level, names.id, min(names.rank + if(parent.rank = 0, 0, 1)) as rank
    from gz_parent as parent
    inner join gazetteer.names as names on names.key = parent.key and names.kind = 'place' and parent.rank != 2
    inner join gz_country as allowed on allowed.row_id = parent.row_id and allowed.country = names.country
        and allowed.step < 2
    group by all
),
judged as (
    select
        found.row_id, found.level, found.rank, places.id, places.latitude, places.longitude, places.population,
        bool_or(parent_subdivisions.id is not null) as has_frame,
        coalesce(bool_or(parent_subdivisions.level > found.level), false) as has_outer,
        coalesce(bool_or(list_contains(places.within_ids, parent_subdivisions.id)), false) as is_inside
    from found
    inner join gazetteer.places as places on places.id = found.id
    left join gz_parent_subdivision as parent_subdivisions on parent_subdivisions.row_id = found.row_id
        and parent_subdivisions.level >= found.level
    group by all
)
from judged
where is_inside or not has_frame
qualify row_number() over (
    partition by row_id, level order by (population + 100) * list_value(1, 0.2, 0.05)[least(rank, 2) + 1] desc, id
) = 1;
