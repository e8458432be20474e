with

aliased as (
    select * from {{ ref('int_artists__aliased') }}
),

spotify as (
    select * from {{ ref('stg_spotify__artists') }}
),

musicbrainz as (
    select * from {{ ref('stg_musicbrainz__artists') }}
),

-- Several Spotify pages of one artist: the page that was read and has the most followers speaks for all.
pages as (
    select
        al.artist_key,
        list(al.alias order by sp.has_answer desc nulls last, sp.follower_count desc nulls last, al.alias)
            as spotify_artist_ids,
        list(al.artist_name order by sp.has_answer desc nulls last, sp.follower_count desc nulls last, al.alias)
            as names
    from aliased as al
    left join spotify as sp on al.alias = sp.spotify_artist_id
    where al.alias_kind = 'spotify_id'
    group by all
),

export_names as (
    select
        artist_key,
        min(artist_name) as artist_name,
        min(alias) as folded_name
    from aliased
    where alias_kind = 'export_name'
    group by all
),

set_by_hand as (
    select
        al.artist_key,
        s.mbid
    from {{ ref('artist_matches_manual') }} as s
    inner join aliased as al
        on
            (al.alias_kind = 'spotify_id' and s.spotify_artist_id = al.alias)
            or (
                al.alias_kind = 'export_name'
                and s.spotify_artist_id is null
                and al.alias = {{ fold_name('s.artist_name') }}
            )
),

candidates as (
    select
        artist_key,
        mbid,
        'found' as status,
        'manual' as method,
        1.0 as score,
        1 as trust
    from set_by_hand
    union all
    select
        coalesce(al.artist_key, m.artist_key) as artist_key,
        if(m.status = 'found', m.mbid, null) as mbid,
        m.status,
        m.method,
        m.score,
        2 as trust
    from {{ ref('stg_musicbrainz__matches') }} as m
    left join aliased as al on al.alias_kind = 'artist_key' and m.artist_key = al.alias
),

matches as (
    select *
    from candidates
    qualify row_number() over (
        partition by artist_key order by trust, status = 'found' desc, score desc nulls last, mbid
    ) = 1
),

keys as (
    select distinct artist_key from aliased
),

final as (
    select
        k.artist_key,
        p.spotify_artist_ids[1] as spotify_artist_id,
        p.spotify_artist_ids,
        m.mbid as matched_mbid,
        coalesce(mb.canonical_mbid, m.mbid) as mbid,
        if(mb.has_answer, mb.mbid, mc.mbid) as facts_mbid,

        coalesce(
            sp.artist_name, p.names[1], e.artist_name, mb.artist_name, mc.artist_name, e.folded_name, k.artist_key
        ) as artist_name,
        coalesce(m.status, 'pending') as match_status,
        m.method as match_method,
        m.score as match_score,
        coalesce(sp.has_answer, false) as is_on_spotify,
        coalesce(mb.has_answer, mc.has_answer, false) as is_on_musicbrainz
    from keys as k
    left join pages as p on k.artist_key = p.artist_key
    left join export_names as e on k.artist_key = e.artist_key
    left join spotify as sp on sp.spotify_artist_id = p.spotify_artist_ids[1]
    left join matches as m on k.artist_key = m.artist_key
    left join musicbrainz as mb on m.mbid = mb.mbid
    left join musicbrainz as mc on mb.canonical_mbid = mc.mbid and mc.has_answer
)

select * from final
