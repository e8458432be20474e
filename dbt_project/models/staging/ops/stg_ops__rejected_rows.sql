select
    source_file,
    row_number,
    reason,
    detail,
    rejected_at
from {{ source('ops', 'rejected_rows') }}
