"""The marts of any warehouse, for the floor below: what `rebuild`, `restore`, `forget` and `backup verify` build with.

No flow, no server: the same steps as in the transformation subflow, and what failed is told by its name.
"""

from __future__ import annotations

from extract_load.core.errors import ServiceUnavailable
from extract_load.core.settings import Settings
from extract_load.storage.warehouse import Warehouse


def build_marts(settings: Settings) -> list[str]:
    """Build and test every model in the warehouse of the settings, and give the blocking tests that failed.

    Errors: ServiceUnavailable naming the models that could not be built.
    """
    from orchestrate.dbt_build.runner import blocking_failures, build_models_quietly, dbt_session, run_tests

    with Warehouse(settings).hold("dbt build"), dbt_session(settings):
        nodes = build_models_quietly(settings)
        not_built = [f"{node.name} ({node.message})" for node in nodes if node.outcome == "failed"]
        if not_built:
            todo = "The old warehouse is as it was."
            raise ServiceUnavailable(f"dbt could not build {'; '.join(not_built[:5])}.", todo=todo, service="dbt")
        return blocking_failures(run_tests(settings))
