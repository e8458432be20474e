with

spans as (
    select * from {{ ref('int_built__spans') }}
),

spans_before as (
    select * from {{ built_spans() }}
),

-- Both sets of spans are cut at all edges of both: a piece is dirty when it lies in one of them only.
edges as (
    select
        kind,
        listener_id,
        meaning,
        unnest([from_at, until_at]) as edge_at
    from spans
    union
    select
        kind,
        listener_id,
        meaning,
        unnest([from_at, until_at]) as edge_at
    from spans_before
),

pieces as (
    select
        *,
        lead(edge_at) over (partition by kind, listener_id, meaning order by edge_at) as next_edge_at
    from edges
),

final as (
    select distinct
        pieces.listener_id,
        pieces.kind as reason,
        pieces.edge_at as from_at,
        pieces.next_edge_at as until_at
    from pieces
    where
        pieces.next_edge_at is not null
        and exists (
            from spans
            where
                pieces.kind = spans.kind
                and pieces.listener_id = spans.listener_id
                and pieces.meaning = spans.meaning
                and pieces.edge_at >= spans.from_at
                and pieces.next_edge_at <= spans.until_at
        ) <> exists (
            from spans_before
            where
                pieces.kind = spans_before.kind
                and pieces.listener_id = spans_before.listener_id
                and pieces.meaning = spans_before.meaning
                and pieces.edge_at >= spans_before.from_at
                and pieces.next_edge_at <= spans_before.until_at
        )
)

select * from final
