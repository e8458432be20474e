"""The import path of old: `extract_load.orchestrate.flow_config` is `orchestrate.flow_config`, the very same module.

The only import of this package that looks up, and only when somebody asks for it.
"""
