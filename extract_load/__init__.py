"""What is collected and how it is landed: services, spool, warehouse, state. Knows neither Prefect nor dbt."""

import gc

# Here, since a program of ours begins by importing: modules free next to nothing, and looking for it every 700 objects
# took a quarter of the time that a command, a flow or a server needs to start.
gc.set_threshold(10_000)
