"""When things run: flows, subflows, tasks and their monitoring. Prefect lives on this floor only."""
