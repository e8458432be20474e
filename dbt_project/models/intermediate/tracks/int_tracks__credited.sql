with

source_tracks as (
    select * from {{ ref('int_plays__source_tracks') }}
),

catalogue as (
    select * from {{ ref('stg_spotify__tracks') }}
    where len(artists) > 0
),

aliases as (
    select * from {{ ref('int_artists__aliased') }}
),

listed as (
    select
        source_tracks.track_hash,
        catalogue.spotify_track_id is not null as is_enriched,
        coalesce(catalogue.album_artists, []) as album_artists,
        coalesce(
            catalogue.artists,
            list_transform(
                if(len(source_tracks.artist_names) > 0, source_tracks.artist_names, [source_tracks.artist_name]),
                lambda n: { 'id': cast(null as varchar), 'name': n }
            )
        ) as artists
    from source_tracks
    left join catalogue on source_tracks.spotify_track_id = catalogue.spotify_track_id
),

unnested as (
    select
        track_hash,
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
        folded.track_hash,
        coalesce(by_id.artist_hash, by_name.artist_hash, 'unknown') as artist_hash,
        folded.is_enriched,
        min(folded.position) as position,
        arg_min(
            {
                'kind': if(folded.folded_name is null and folded.artist.id is not null, 'spotify_id', 'export_name'),
                'alias': coalesce(folded.folded_name, nullif(folded.artist.id, ''))
            },
            folded.position
        ) as credited_as,
        bool_or(coalesce(list_contains(folded.album_artist_ids, folded.artist.id), false)) as is_album_artist
    from folded
    left join aliases as by_id on by_id.alias_kind = 'spotify_id' and folded.artist.id = by_id.alias
    left join aliases as by_name on by_name.alias_kind = 'export_name' and folded.folded_name = by_name.alias
    group by all
),

final as (
    select
        track_hash,
        artist_hash,

        row_number() over (partition by track_hash order by position) as credit_position,
        case when position = 1 or is_album_artist then 'primary' else 'featured' end as credit_role,
        is_enriched,
        credited_as.kind as alias_kind,
        credited_as.alias as alias
    from keyed
)

select * from final
