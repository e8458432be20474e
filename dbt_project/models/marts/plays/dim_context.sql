{{ config(meta={'grows': ['context_key']}) }}

with

recently_played as (
    select * from {{ ref('stg_spotify__recently_played') }}
    where content_kind in ('music', 'unidentified')
),

seen as (
    select
        context_uri,
        arg_max(context_type, (fetched_at, row_number)) as context_type,
        min(played_at) as first_seen_at
    from recently_played
    where context_uri is not null
    group by context_uri
),

final as (
    select
        {{ context_hash('context_uri') }} as context_hash,
        {{ key_of_hash('context_hash') }} as context_key,
        coalesce(context_type, 'unknown') as context_type,
        context_uri,
        split_part(context_uri, ':', -1) as spotify_context_id,
        first_seen_at
    from seen
    union all by name
    select
        'unknown' as context_hash,
        0 as context_key,
        'unknown' as context_type
)

select * from final
