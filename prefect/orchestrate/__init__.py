"""When things run: flows, subflows, tasks and their monitoring. Only this layer imports Prefect."""
