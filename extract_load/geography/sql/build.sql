-- Builds the tables of the gazetteer from the staged rows of the two packages (temporary tables staged_*, filled by
-- gazetteer_sources.py).

-- Letters without a decomposition into base letter and accent. Takes folded (lower case) names only: a capital that is
-- left here would be replaced when the name is folded again, and folding would not be idempotent.
create macro plain_letters(folded) as
    replace(replace(replace(
        translate(folded, 'øłđðıħŋəǝ', 'olddihnaa'), 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe');

-- Lower case, no accents, no punctuation; of two spellings of a word the short one. Idempotent for every string. (Each
-- word has spaces of its own while words are replaced, so that two in a row are both found; plain replacement is five
-- times faster than a regex.)
create macro fold(name) as
    replace(trim(regexp_replace(
        replace(replace(replace(replace(replace(replace(
            ' ' || replace(gazetteer.plain_letters({folded_name}), ' ', '  ') || ' ',
            ' saint ', ' st '), ' sainte ', ' sta '), ' ste ', ' sta '), ' santa ', ' sta '), ' mount ', ' mt '), ' fort ', ' ft '),
        '^( the )+ ', '')), '  ', ' ');

-- The key that is compared: "Winston-Salem", "Winston Salem" and "WinstonSalem" have the same key.
create macro name_key(folded) as replace(folded, ' ', '');

-- The folded name without the words for its kind of area: "City of Bristol"; "Hinds County", "Kurganskaya oblast'".
create macro place_core(folded) as
    regexp_replace(
        regexp_replace(
            folded, '^(({place_words_before}) (of the |of |de la |del |de |da |do |di |d |des |du )?)+', ''),
        '( ({place_words_after}))+$', '');
create macro subdivision_core(folded) as
    regexp_replace(
        regexp_replace(
            folded, '^(({subdivision_words_before}) (of the |of |de la |del |de |da |do |di |d |des |du )?)+', ''),
        '( ({subdivision_words_after}))+$', '');

-- Kilometres on the sphere between two points in degrees.
create macro km(latitude_a, longitude_a, latitude_b, longitude_b) as
    12742 * asin(sqrt(least(1.0,
        pow(sin(radians(latitude_b - latitude_a) / 2), 2)
        + cos(radians(latitude_a)) * cos(radians(latitude_b)) * pow(sin(radians(longitude_b - longitude_a) / 2), 2))));

-- How far a name alone may be trusted, when no country is known (step 2): less when no type says that an island or country
-- is meant. No product with a reliability comes to 0.9, so that no such answer counts as confident.
create macro name_trust(step, area_kind) as
    case when step < 2 then 1.0 when area_kind = 'unknown' then 0.5 else 0.85 end;

-- Every subdivision with all areas around it, itself included; wider areas (counties, former regions) by their members.
create temp table members as
select w.id, unnest(string_split(w.members, '|')) as iso_code from staged_wider_areas as w where w.members is not null;

create temp table parts as
select id, parent_id as whole_id from staged_subdivisions where parent_id is not null
union
select s.id, m.id from members as m inner join staged_subdivisions as s using (iso_code)
union
select m.id, s.parent_id from members as m inner join staged_subdivisions as s using (iso_code) where s.parent_id is not null;

create temp table wholes as
with recursive up as (
    select id, id as whole_id from (select id from staged_subdivisions union all select id from staged_wider_areas)
    union
    select up.id, parts.whole_id from up inner join parts on parts.id = up.whole_id
)
select id, whole_id from up;

create table places as
with subdivision as (
    select p.id, w.whole_id
    from (select id, unnest(subdivision_ids) as subdivision_id from staged_places) as p
    inner join wholes as w on w.id = p.subdivision_id
),
within as (select id, list(distinct whole_id) as within_ids from subdivision group by all)
select p.id, c.alpha2 as country, p.name, p.population, p.latitude, p.longitude, coalesce(w.within_ids, []) as within_ids
from staged_places as p
inner join staged_countries as c on c.id = p.country_id
left join within as w on w.id = p.id
order by c.alpha2, p.name;

-- Places of each subdivision, with longitudes that do not jump at the date line.
create temp table inside as
with placed as (select unnest(within_ids) as id, id as place_id, latitude, longitude, population from places),
anchored as (
    select *, first_value(longitude) over (partition by id order by population desc, place_id) as anchor from placed
)
select id, place_id, latitude, anchor + (longitude - anchor + 540) % 360 - 180 as longitude, population from anchored;

-- The middle of a subdivision: the mean of the cells that hold places, in a grid of twelve cells across. That is close to
-- the middle of the inhabited land, whatever the crowding of its cities.
create temp table middles as
with sized as (
    select
        id, latitude, longitude, greatest(
            0.02, max(latitude) over w - min(latitude) over w, max(longitude) over w - min(longitude) over w
        ) / 12 as cell
    from inside window w as (partition by id)
),
cells as (
    select id, avg(latitude) as latitude, avg(longitude) as longitude
    from sized group by id, round(latitude / cell), round(longitude / cell)
)
select id, avg(latitude) as latitude, (avg(longitude) + 540) % 360 - 180 as longitude from cells group by id;

-- The point of a subdivision, and how precisely it locates something inside the subdivision. radius_km is that
-- of its places, but at least the average of its country when it has few places: a single town says nothing about the
-- land around it. hub: its most populous place. near, hub_near: the share of its people (by the root of the population of
-- their places, with some doubt for few places) within 50 km of its point, and of its hub.
create temp table points as
with hub as (
    select id, max_by(latitude, population) as hub_latitude, max_by(longitude, population) as hub_longitude
    from inside group by id
),
located as (
    select
        m.id, coalesce(w.latitude, o.latitude, m.latitude) as latitude, coalesce(w.longitude, o.longitude, m.longitude) as longitude,
        o.latitude is not null as is_listed
    from middles as m
    left join staged_subdivisions as s on s.id = m.id
    left join staged_subdivision_points as o on o.iso_code = s.iso_code
    left join staged_wider_areas as w on w.id = m.id
),
spread as (
    select
        i.id, count(*) as places, sum(i.population) as population,
        sqrt(avg(pow(gazetteer.km(l.latitude, l.longitude, i.latitude, i.longitude), 2))) as radius_km,
        sum(if(gazetteer.km(l.latitude, l.longitude, i.latitude, i.longitude) <= 50, sqrt(i.population + 300), 0))
        / (sum(sqrt(i.population + 300)) + 50) as near,
        sum(if(gazetteer.km(h.hub_latitude, h.hub_longitude, i.latitude, i.longitude) <= 50, sqrt(i.population + 300), 0))
        / (sum(sqrt(i.population + 300)) + 50) as hub_near
    from inside as i inner join located as l on l.id = i.id inner join hub as h on h.id = i.id group by all
),
average as (
    select country_id, level, 0.6 * sqrt(f.area_km2 / count(*) / pi()) as radius_km
    from staged_subdivisions as s
    inner join staged_countries as c on c.id = s.country_id
    inner join staged_country_facts as f on f.country = c.alpha2
    where s.id in (select id from inside) group by country_id, level, f.area_km2
)
select
    l.*, h.* exclude (id), s.places, s.population, s.near, s.hub_near,
    greatest(s.radius_km, if(s.places < 12, coalesce(a.radius_km, 0), 0)) as radius_km
from located as l
inner join hub as h using (id)
inner join spread as s using (id)
left join staged_subdivisions as d on d.id = l.id
left join average as a on a.country_id = d.country_id and a.level = d.level
union all
select id, latitude, longitude, true, latitude, longitude, 0, 0, 0.9, 0.9, 25
from staged_wider_areas where latitude is not null and id not in (select id from inside);

create table subdivisions as
with named as (
    select s.id, c.alpha2 as country, s.level, s.iso_code, s.name
    from staged_subdivisions as s inner join staged_countries as c on c.id = s.country_id
    union all
    select id, country, 0, null, name from staged_wider_areas
),
around as (
    -- a subdivision without places (a London borough) is where the smallest thing around it is
    select w.id, min_by(w.whole_id, p.radius_km) as whole_id
    from wholes as w inner join points as p on p.id = w.whole_id
    where w.id not in (select id from points) and p.radius_km < 40 group by all
),
whole as (
    select id, whole_id, count(*) over (partition by whole_id) as siblings from around
),
within as (select id, list(distinct whole_id) as within_ids from wholes where id != whole_id group by all)
select
    n.*, coalesce(v.within_ids, []) as within_ids, p.* exclude (id, population, places),
    if(h.id is null, p.places, 0) as places,
    cast(if(h.id is null, p.population, greatest(p.population / 2 / h.siblings, 1000)) as bigint) as population, h.id is not null as is_part
from named as n
left join whole as h on h.id = n.id
left join within as v on v.id = n.id
inner join points as p on p.id = coalesce(h.whole_id, n.id);

create table islands as
select row_number() over () as id, * exclude (aliases) from staged_islands;

create table countries as
with point as (
    select
        c.alpha2 as country, c.alpha3, c.name, f.continent,
        coalesce(p.latitude, b.latitude) as latitude, coalesce(p.longitude, b.longitude) as longitude
    from staged_countries as c
    left join staged_country_facts as f on f.country = c.alpha2
    left join staged_country_points as p on p.country = c.alpha2
    left join (
        select country, max_by(latitude, population) as latitude, max_by(longitude, population) as longitude
        from places group by country
    ) as b on b.country = c.alpha2
    where c.is_current
)
select
    c.*, coalesce(sqrt(avg(pow(gazetteer.km(c.latitude, c.longitude, p.latitude, p.longitude), 2))), 1000) as radius_km,
    coalesce(avg(if(gazetteer.km(c.latitude, c.longitude, p.latitude, p.longitude) <= 50, 1, 0)), 0) as near,
    count(p.id) as places, max_by(p.id, p.population) as largest_id
from point as c left join places as p on p.country = c.country group by all;

-- Which countries to search for a code: itself first, then what belongs to it; a former country is its successors.
create table reaches as
select country as code, country, 0 as step from countries
union all
select country, territory, 1 from staged_territories
union all
select code, country, 0 from staged_former_countries;

-- All names. rank 0: the name; 1: an alternative name; 2: one of those without the words for the kind of area.
create temp table folded_names as
with raw as (
    select 'place' as kind, id, country, name, 0 as rank from places
    union all
    select 'place', p.id, p.country, n.name, 1 from staged_place_names as n inner join places as p on p.id = n.id
    union all
    select 'subdivision', s.id, s.country, s.name, 0 from subdivisions as s
    union all
    select 'subdivision', s.id, s.country, n.name, 1
    from staged_subdivision_names as n inner join subdivisions as s on s.id = n.id
    union all
    select 'island', id, country, name, 0 from islands
    union all
    select 'island', i.id, i.country, unnest(string_split(s.aliases, '|')), 1
    from islands as i inner join staged_islands as s using (country, name) where s.aliases is not null
)
select kind, id, country, rank, gazetteer.fold(name) as folded from raw;

-- "Hinds County" is also known as "Hinds": a name without the word for the kind of area has rank 2, whatever its source.
create temp table core_names as
select id, country, rank, folded, gazetteer.subdivision_core(folded) as core from folded_names where kind = 'subdivision';

create temp table short_names as select distinct id, core as folded, 2 as rank from core_names where rank = 0 and core != folded;

create table names as
select country, key, kind, id, min(rank) as rank
from (
    select kind, id, country, rank, gazetteer.name_key(folded) as key from folded_names where kind != 'subdivision'
    union all
    select 'subdivision', c.id, c.country, coalesce(s.rank, c.rank), gazetteer.name_key(c.folded)
    from core_names as c left join short_names as s using (id, folded)
    union all
    select 'subdivision', id, country, 2, gazetteer.name_key(core) from core_names where core != folded
)
where length(key) > 1 or rank = 0 group by all order by key;

-- rank 0: a name of today (is_former: or of a former country, that then is its largest successor); 1: an alternative one.
create table country_names as
select gazetteer.name_key(gazetteer.fold(name)) as key, country, min(rank) as rank, bool_and(is_former) as is_former
from (
    select alpha2 as country, name, 0 as rank, false as is_former from staged_countries where is_current
    union all
    select c.alpha2, n.name, 1, false
    from staged_country_names as n inner join staged_countries as c on c.id = n.id where c.is_current
    union all
    select alpha2, alpha3, 1, false from staged_countries where is_current
    union all
    select country, name, 0, false from staged_other_country_names
    union all
    (
        select f.country, n.name, 0, true
        from staged_former_country_names as n
        inner join staged_former_countries as f using (code)
        inner join countries as c on c.country = f.country
        qualify row_number() over (partition by n.name order by c.places desc, f.country) = 1
    )
)
where name is not null and length(name) > 2 group by all;

create table former_names as
select distinct gazetteer.name_key(gazetteer.fold(name)) as key, code
from staged_former_country_names where code in (select code from reaches);

create table iso_subdivisions as
select iso_code, min(id) as id, min(name) as name, min(country) as country
from (
    select s.iso_code, s.id, s.name, c.alpha2 as country
    from staged_subdivisions as s inner join staged_countries as c on c.id = s.country_id where s.iso_code is not null
)
group by iso_code;
