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
            ' saint ', ' st '), ' sainte ', ' sta '), ' ste ', ' sta '), ' santa ', ' sta '), ' mount ', ' mt '),
            ' fort ', ' ft '),
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
select wider_areas.id, unnest(string_split(wider_areas.members, '|')) as iso_code
from staged_wider_areas as wider_areas where wider_areas.members is not null;

create temp table parts as
select id, parent_id as whole_id from staged_subdivisions where parent_id is not null
union
select subdivisions.id, members.id from members inner join staged_subdivisions as subdivisions using (iso_code)
union
select members.id, subdivisions.parent_id from members
inner join staged_subdivisions as subdivisions using (iso_code) where subdivisions.parent_id is not null;

create temp table wholes as
with recursive up as (
    select id, id as whole_id from (select id from staged_subdivisions union all select id from staged_wider_areas)
    union
    select up.id, parts.whole_id from up inner join parts on parts.id = up.whole_id
)
select id, whole_id from up;

create table places as
with subdivision as (
    select parts.id, wholes.whole_id
    from (select id, unnest(subdivision_ids) as subdivision_id from staged_places) as parts
    inner join wholes on wholes.id = parts.subdivision_id
),
within as (select id, list(distinct whole_id) as within_ids from subdivision group by all)
select places.id, countries.alpha2 as country, places.name, places.population, places.latitude, places.longitude,
coalesce(within.within_ids, []) as within_ids
from staged_places as places
inner join staged_countries as countries on countries.id = places.country_id
left join within on within.id = places.id
order by countries.alpha2, places.name;

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
        middles.id, coalesce(wider_areas.latitude, subdivision_points.latitude, middles.latitude) as latitude,
        coalesce(wider_areas.longitude, subdivision_points.longitude, middles.longitude) as longitude,
        subdivision_points.latitude is not null as is_listed
    from middles
    left join staged_subdivisions as subdivisions on subdivisions.id = middles.id
    left join staged_subdivision_points as subdivision_points on subdivision_points.iso_code = subdivisions.iso_code
    left join staged_wider_areas as wider_areas on wider_areas.id = middles.id
),
spread as (
    select
        inside.id, count(*) as places, sum(inside.population) as population,
        sqrt(avg(pow(gazetteer.km(located.latitude, located.longitude, inside.latitude, inside.longitude),
            2))) as radius_km,
        sum(if(gazetteer.km(located.latitude, located.longitude, inside.latitude, inside.longitude) <= 50,
            sqrt(inside.population + 300), 0))
        / (sum(sqrt(inside.population + 300)) + 50) as near,
        sum(if(gazetteer.km(hub.hub_latitude, hub.hub_longitude, inside.latitude, inside.longitude) <= 50,
            sqrt(inside.population + 300), 0))
        / (sum(sqrt(inside.population + 300)) + 50) as hub_near
    from inside inner join located on located.id = inside.id inner join hub on hub.id = inside.id group by all
),
average as (
    select country_id, level, 0.6 * sqrt(country_facts.area_km2 / count(*) / pi()) as radius_km
    from staged_subdivisions as subdivisions
    inner join staged_countries as countries on countries.id = subdivisions.country_id
    inner join staged_country_facts as country_facts on country_facts.country = countries.alpha2
    where subdivisions.id in (select id from inside) group by country_id, level, country_facts.area_km2
)
select
    located.*, hub.* exclude (id), spread.places, spread.population, spread.near, spread.hub_near,
    greatest(spread.radius_km, if(spread.places < 12, coalesce(average.radius_km, 0), 0)) as radius_km
from located
inner join hub using (id)
inner join spread using (id)
left join staged_subdivisions as subdivisions on subdivisions.id = located.id
left join average on average.country_id = subdivisions.country_id and average.level = subdivisions.level
union all
select id, latitude, longitude, true, latitude, longitude, 0, 0, 0.9, 0.9, 25
from staged_wider_areas where latitude is not null and id not in (select id from inside);

create table subdivisions as
with named as (
    select subdivisions.id, countries.alpha2 as country, subdivisions.level, subdivisions.iso_code, subdivisions.name
    from staged_subdivisions as subdivisions
    inner join staged_countries as countries on countries.id = subdivisions.country_id
    union all
    select id, country, 0, null, name from staged_wider_areas
),
around as (
    -- a subdivision without places (a London borough) is where the smallest thing around it is
    select wholes.id, min_by(wholes.whole_id, points.radius_km) as whole_id
    from wholes inner join points on points.id = wholes.whole_id
    where wholes.id not in (select id from points) and points.radius_km < 40 group by all
),
whole as (
    select id, whole_id, count(*) over (partition by whole_id) as siblings from around
),
within as (select id, list(distinct whole_id) as within_ids from wholes where id != whole_id group by all)
select
    named.*, coalesce(within.within_ids, []) as within_ids, points.* exclude (id, population, places),
    if(whole.id is null, points.places, 0) as places,
    cast(if(whole.id is null, points.population, greatest(points.population / 2 / whole.siblings,
        1000)) as bigint) as population, whole.id is not null as is_part
from named
left join whole on whole.id = named.id
left join within on within.id = named.id
inner join points on points.id = coalesce(whole.whole_id, named.id);

create table islands as
select row_number() over () as id, * exclude (aliases) from staged_islands;

create table countries as
with point as (
    select
        countries.alpha2 as country, countries.alpha3, countries.name, country_facts.continent,
        coalesce(country_points.latitude, capitals.latitude) as latitude,
        coalesce(country_points.longitude, capitals.longitude) as longitude
    from staged_countries as countries
    left join staged_country_facts as country_facts on country_facts.country = countries.alpha2
    left join staged_country_points as country_points on country_points.country = countries.alpha2
    left join (
        select country, max_by(latitude, population) as latitude, max_by(longitude, population) as longitude
        from places group by country
    ) as capitals on capitals.country = countries.alpha2
    where countries.is_current
)
select
    point.*, coalesce(sqrt(avg(pow(gazetteer.km(point.latitude, point.longitude, places.latitude, places.longitude),
        2))), 1000) as radius_km,
    coalesce(avg(if(gazetteer.km(point.latitude, point.longitude, places.latitude, places.longitude) <= 50, 1, 0)),
        0) as near,
    count(places.id) as places, max_by(places.id, places.population) as largest_id
from point left join places on places.country = point.country group by all;

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
    select 'place', places.id, places.country, place_names.name, 1 from staged_place_names as place_names
    inner join places on places.id = place_names.id
    union all
    select 'subdivision', subdivisions.id, subdivisions.country, subdivisions.name, 0 from subdivisions
    union all
    select 'subdivision', subdivisions.id, subdivisions.country, subdivision_names.name, 1
    from staged_subdivision_names as subdivision_names inner join subdivisions on subdivisions.id = subdivision_names.id
    union all
    select 'island', id, country, name, 0 from islands
    union all
    select 'island', islands.id, islands.country, unnest(string_split(told.aliases, '|')), 1
    from islands inner join staged_islands as told using (country, name) where told.aliases is not null
)
select kind, id, country, rank, gazetteer.fold(name) as folded from raw;

-- "Hinds County" is also known as "Hinds": a name without the word for the kind of area has rank 2, whatever its source.
create temp table core_names as
select id, country, rank, folded, gazetteer.subdivision_core(folded) as core from folded_names
where kind = 'subdivision';

create temp table short_names as select distinct id, core as folded, 2 as rank from core_names
where rank = 0 and core != folded;

create table names as
select country, key, kind, id, min(rank) as rank
from (
    select kind, id, country, rank, gazetteer.name_key(folded) as key from folded_names where kind != 'subdivision'
    union all
    select 'subdivision', core_names.id, core_names.country, coalesce(short_names.rank, core_names.rank),
    gazetteer.name_key(core_names.folded)
    from core_names left join short_names using (id, folded)
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
    select countries.alpha2, country_names.name, 1, false
    from staged_country_names as country_names
    inner join staged_countries as countries on countries.id = country_names.id where countries.is_current
    union all
    select alpha2, alpha3, 1, false from staged_countries where is_current
    union all
    select country, name, 0, false from staged_other_country_names
    union all
    (
        select former_countries.country, former_country_names.name, 0, true
        from staged_former_country_names as former_country_names
        inner join staged_former_countries as former_countries using (code)
        inner join countries on countries.country = former_countries.country
        qualify row_number() over (partition by former_country_names.name order by countries.places desc,
            former_countries.country) = 1
    )
)
where name is not null and length(name) > 2 group by all;

create table former_names as
select distinct gazetteer.name_key(gazetteer.fold(name)) as key, code
from staged_former_country_names where code in (select code from reaches);

create table iso_subdivisions as
select iso_code, min(id) as id, min(name) as name, min(country) as country
from (
    select subdivisions.iso_code, subdivisions.id, subdivisions.name, countries.alpha2 as country
    from staged_subdivisions as subdivisions
    inner join staged_countries as countries on countries.id = subdivisions.country_id
    where subdivisions.iso_code is not null
)
group by iso_code;
