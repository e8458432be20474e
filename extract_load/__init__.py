"""What is collected and how it is landed: services, spool, warehouse, state. Knows neither Prefect nor dbt."""
