"""dbt through prefect-dbt, in one place: the runner and its results."""
