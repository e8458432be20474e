-- Where the data comes from, its licences, and the credit that goes with what is shared.
select
    source,
    used_for,
    licence,
    credit,
    address
from about.attribution
