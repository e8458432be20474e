with recursive

proposed as (
    select * from {{ ref('int_recordings__proposed') }}
),

source_tracks as (
    select * from {{ ref('int_plays__source_tracks') }}
),

merge_overrides as (
    select * from {{ ref('merge_overrides') }}
    where kind = 'recording'
),

-- What a seed may call a track.
names as (
    select
        track_hash,
        unnest([track_hash, cast({{ key_of_hash('track_hash') }} as varchar), spotify_track_id]) as name
    from source_tracks
),

named as (
    select
        merge_overrides.action,
        items.track_hash,
        others.track_hash as other_track_hash
    from merge_overrides
    inner join names as items on merge_overrides.item = items.name
    left join names as others on merge_overrides.other = others.name
),

kept_apart as (
    select distinct track_hash from named
    where action = 'keep_apart'
),

separated as (
    select
        proposed.track_hash,
        if(
            kept_apart.track_hash is null,
            proposed.recording_hash,
            {{ surrogate_hash(["'apart'", 'proposed.track_hash']) }}
        ) as recording_hash,
        if(kept_apart.track_hash is null, proposed.grouped_by, 'kept apart by hand') as grouped_by
    from proposed
    left join kept_apart on proposed.track_hash = kept_apart.track_hash
),

pairs as (
    select
        items.recording_hash,
        others.recording_hash as other_recording_hash
    from named
    inner join separated as items on named.track_hash = items.track_hash
    inner join separated as others on named.other_track_hash = others.track_hash
    where named.action = 'merge'
),

both_ways as (
    select * from pairs
    union
    select
        other_recording_hash as recording_hash,
        recording_hash as other_recording_hash
    from pairs
),

reached as (
    select * from both_ways
    union
    select
        reached.recording_hash,
        both_ways.other_recording_hash
    from reached
    inner join both_ways on reached.other_recording_hash = both_ways.recording_hash
),

-- All that are merged by hand, one with the next, have the least of their keys.
merged as (
    select
        recording_hash,
        min(other_recording_hash) as merged_hash
    from reached
    group by recording_hash
),

final as (
    select
        separated.track_hash,
        coalesce(merged.merged_hash, separated.recording_hash) as recording_hash,
        if(merged.merged_hash is null, separated.grouped_by, 'merged by hand') as grouped_by
    from separated
    left join merged on separated.recording_hash = merged.recording_hash
)

select * from final
