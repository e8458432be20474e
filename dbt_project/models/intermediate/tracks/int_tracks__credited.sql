with

source_tracks as (
    select * from {{ ref('int_plays__source_tracks') }}
),

catalogue as (
    select * from {{ ref('stg_spotify__tracks') }}
    where len(artists) > 0
),

aliased as (
    select * from {{ ref('int_artists__aliased') }}
),

listed as (
    select
        s.track_key,
        c.spotify_track_id is not null as is_enriched,
        coalesce(c.album_artists, []) as album_artists,
        coalesce(
            c.artists,
            list_transform(
                case when len(s.artist_names) > 0 then s.artist_names else [s.artist_name] end,
                lambda n: { 'id': cast(null as varchar), 'name': n }
            )
        ) as artists
    from source_tracks as s
    left join catalogue as c on s.spotify_track_id = c.spotify_track_id
),

unnested as (
    select
        track_key,
        is_enriched,
        unnest(artists) as artist,
        generate_subscripts(artists, 1) as position,
        list_transform(album_artists, lambda a: a.id) as album_artist_ids
    from listed
),

folded as (
    select
        *,
        case when nullif(artist.id, '') is null then {{ fold_name('artist.name') }} end as folded_name
    from unnested
),

keyed as (
    select
        f.track_key,
        coalesce(i.artist_key, n.artist_key, 'unknown') as artist_key,
        f.is_enriched,
        min(f.position) as position,
        bool_or(coalesce(list_contains(f.album_artist_ids, f.artist.id), false)) as is_album_artist
    from folded as f
    left join aliased as i on i.alias_kind = 'spotify_id' and f.artist.id = i.alias
    left join aliased as n on n.alias_kind = 'export_name' and f.folded_name = n.alias
    group by all
),

final as (
    select
        track_key,
        artist_key,

        row_number() over (partition by track_key order by position) as credit_position,
        case when position = 1 or is_album_artist then 'primary' else 'featured' end as credit_role,
        is_enriched
    from keyed
)

select * from final
