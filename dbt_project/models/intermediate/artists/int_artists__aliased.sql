with recursive

proposed as (
    select * from {{ ref('int_artists__proposed') }}
),

merge_overrides as (
    select * from {{ ref('merge_overrides') }}
    where kind = 'artist'
),

-- An artist is named by a Spotify id, or by a name as exports have it, in any spelling.
named as (
    select
        merge_overrides.action,
        items.alias_kind,
        items.alias,
        others.artist_hash as other_hash
    from merge_overrides
    inner join proposed as items
        on merge_overrides.item = items.alias or {{ fold_name('merge_overrides.item') }} = items.alias
    left join proposed as others
        on
            merge_overrides.other in (
                others.alias, others.artist_hash, cast({{ key_of_hash('others.artist_hash') }} as varchar)
            )
            or {{ fold_name('merge_overrides.other') }} = others.alias
),

kept_apart as (
    select distinct
        alias_kind,
        alias
    from named
    where action = 'keep_apart'
),

separated as (
    select
        proposed.* exclude (artist_hash),
        if(
            kept_apart.alias is null,
            proposed.artist_hash,
            {{ surrogate_hash(["'apart'", 'proposed.alias_kind', 'proposed.alias']) }}
        ) as artist_hash
    from proposed
    left join kept_apart on proposed.alias_kind = kept_apart.alias_kind and proposed.alias = kept_apart.alias
),

pairs as (
    select
        separated.artist_hash,
        named.other_hash as other_artist_hash
    from named
    inner join separated on named.alias_kind = separated.alias_kind and named.alias = separated.alias
    where named.action = 'merge' and named.other_hash is not null
),

both_ways as (
    select * from pairs
    union
    select
        other_artist_hash as artist_hash,
        artist_hash as other_artist_hash
    from pairs
),

reached as (
    select * from both_ways
    union
    select
        reached.artist_hash,
        both_ways.other_artist_hash
    from reached
    inner join both_ways on reached.other_artist_hash = both_ways.artist_hash
),

-- All that are merged by hand, one with the next, have the least of their keys.
merged as (
    select
        artist_hash,
        min(other_artist_hash) as merged_hash
    from reached
    group by artist_hash
),

final as (
    select
        separated.alias_kind,
        separated.alias,
        coalesce(merged.merged_hash, separated.artist_hash) as artist_hash,
        separated.artist_name
    from separated
    left join merged on separated.artist_hash = merged.artist_hash
)

select * from final
