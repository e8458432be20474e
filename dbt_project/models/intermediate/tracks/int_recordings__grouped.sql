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

named as (
    select
        merge_overrides.action,
        items.track_key,
        others.track_key as other_track_key
    from merge_overrides
    inner join source_tracks as items on merge_overrides.item in (items.track_key, items.spotify_track_id)
    left join source_tracks as others on merge_overrides.other in (others.track_key, others.spotify_track_id)
),

kept_apart as (
    select distinct track_key from named
    where action = 'keep_apart'
),

separated as (
    select
        proposed.track_key,
        if(
            kept_apart.track_key is null,
            proposed.recording_key,
            {{ surrogate_hash(["'apart'", 'proposed.track_key']) }}
        ) as recording_key,
        if(kept_apart.track_key is null, proposed.grouped_by, 'kept apart by hand') as grouped_by
    from proposed
    left join kept_apart on proposed.track_key = kept_apart.track_key
),

pairs as (
    select
        items.recording_key,
        others.recording_key as other_recording_key
    from named
    inner join separated as items on named.track_key = items.track_key
    inner join separated as others on named.other_track_key = others.track_key
    where named.action = 'merge'
),

both_ways as (
    select * from pairs
    union
    select
        other_recording_key as recording_key,
        recording_key as other_recording_key
    from pairs
),

reached as (
    select * from both_ways
    union
    select
        reached.recording_key,
        both_ways.other_recording_key
    from reached
    inner join both_ways on reached.other_recording_key = both_ways.recording_key
),

-- All that are merged by hand, one with the next, have the least of their keys.
merged as (
    select
        recording_key,
        min(other_recording_key) as merged_key
    from reached
    group by recording_key
),

final as (
    select
        separated.track_key,
        coalesce(merged.merged_key, separated.recording_key) as recording_key,
        if(merged.merged_key is null, separated.grouped_by, 'merged by hand') as grouped_by
    from separated
    left join merged on separated.recording_key = merged.recording_key
)

select * from final
