-- First of three steps that find the rows of gz_query in the gazetteer: where to search.
-- gz_query: row_id, name, area_type, country (code or name), parents (names or ISO 3166-2 codes, nearest first), code
-- (its own ISO 3166-2 code, if it has one).
-- Every statement handles all rows at once. Temporary tables gz_*: row, country, parent, parent_subdivision, parent_place.

create or replace temp table gz_row as
with folded as (select *, gazetteer.fold(name) as folded from gz_query where trim(coalesce(name, '')) != '')
select
    row_id, name, folded, gazetteer.name_key(folded) as key, upper(trim(code)) as code,
    case
        when lower(trim(area_type)) in ('city', 'municipality', 'district', 'county', 'subdivision', 'island', 'country')
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
    select q.row_id, coalesce(r.code, n.country, f.code) as code
    from gz_query as q
    left join (select distinct code from gazetteer.reaches) as r on r.code = upper(trim(q.country))
    left join gazetteer.country_names as n on r.code is null and n.key = gazetteer.name_key(gazetteer.fold(q.country))
        and not n.is_former
    left join gazetteer.former_names as f
        on r.code is null and n.country is null and f.key = gazetteer.name_key(gazetteer.fold(q.country))
    where coalesce(r.code, n.country, f.code) is not null
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
    select c.row_id, r.country, min(r.step) as step
    from (from given union all from implied) as c inner join gazetteer.reaches as r on r.code = c.code
    group by all
)
from reached
union all
select q.row_id, c.country, 2
from gz_row as q cross join gazetteer.countries as c
where q.row_id not in (select row_id from reached) and q.row_id not in (select row_id from gz_query where trim(country) != '');

-- Keys of the parents. rank 0: the name; 2, 3: without the words that say what it is (as a subdivision, as a place).
create or replace temp table gz_parent as
with named as (
    select t.row_id, t.level, gazetteer.fold(coalesce(i.name, t.part)) as folded
    from gz_told as t left join gazetteer.iso_subdivisions as i on i.iso_code = upper(t.part)
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
select distinct p.row_id, p.level, n.country
from gz_parent as p
inner join gazetteer.country_names as n on n.key = p.key and not n.is_former
inner join gz_country as c on c.row_id = p.row_id and c.country = n.country and c.step = 1
where p.rank = 0;

delete from gz_parent where (row_id, level) in (select (row_id, level) from gz_territory);

create or replace temp table gz_country as
select c.row_id, c.country, if(t.country is null, c.step, 0) as step
from gz_country as c
left join (select distinct row_id, country from gz_territory) as t on t.row_id = c.row_id and t.country = c.country
where t.country is not null or c.row_id not in (select row_id from gz_territory);

-- The parents that are subdivisions. Of several of a name ("Jackson County") those inside an outer parent are kept.
create or replace temp table gz_parent_subdivision as
with by_code as (
    select t.row_id, t.level, s.id, 0 as rank
    from gz_told as t
    inner join gazetteer.subdivisions as s on s.iso_code = upper(t.part)
    inner join gz_country as c on c.row_id = t.row_id and c.country = s.country and c.step < 2
),
by_name as (
    select p.row_id, p.level, n.id, n.rank + p.rank as rank
    from gz_parent as p
    inner join gazetteer.names as n on n.key = p.key and n.kind = 'subdivision' and p.rank < 3
    inner join gz_country as c on c.row_id = p.row_id and c.country = n.country and c.step < 2
    anti join by_code as b on b.row_id = p.row_id and b.level = p.level
),
found as (
    select row_id, level, id, min(rank) as rank from (from by_code union all from by_name) group by all
),
best as (
    from found qualify rank <= greatest(1, min(rank) over (partition by row_id, level))
),
outermost as (
    -- "Napoli > Napoli > Campania": the province is the outer one of the two
    from best as b where not exists (from best as o where o.row_id = b.row_id and o.id = b.id and o.level > b.level)
),
placed as (
    select
        b.row_id, b.level, b.rank, s.id, s.level as depth, s.within_ids, s.latitude, s.longitude, s.near,
        s.hub_latitude, s.hub_longitude, s.hub_near, s.radius_km, s.population,
        exists (
            from outermost as o where o.row_id = b.row_id and o.level > b.level and list_contains(s.within_ids, o.id)
        ) as is_inside
    from outermost as b inner join gazetteer.subdivisions as s on s.id = b.id
)
from placed qualify is_inside or not bool_or(is_inside) over (partition by row_id, level);

-- The parents that are places: the most populous of the name that lies in what is known of the outer parents.
create or replace temp table gz_parent_place as
with found as (
    select p.row_id, p.level, n.id, min(n.rank + if(p.rank = 0, 0, 1)) as rank
    from gz_parent as p
    inner join gazetteer.names as n on n.key = p.key and n.kind = 'place' and p.rank != 2
    inner join gz_country as c on c.row_id = p.row_id and c.country = n.country and c.step < 2
    group by all
),
judged as (
    select
        f.row_id, f.level, f.rank, p.id, p.latitude, p.longitude, p.population,
        bool_or(s.id is not null) as has_frame, coalesce(bool_or(s.level > f.level), false) as has_outer,
        coalesce(bool_or(list_contains(p.within_ids, s.id)), false) as is_inside
    from found as f
    inner join gazetteer.places as p on p.id = f.id
    left join gz_parent_subdivision as s on s.row_id = f.row_id and s.level >= f.level
    group by all
)
from judged
where is_inside or not has_frame
qualify row_number() over (
    partition by row_id, level order by (population + 100) * list_value(1, 0.2, 0.05)[least(rank, 2) + 1] desc, id
) = 1;
