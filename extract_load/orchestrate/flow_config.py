"""Another name of `orchestrate.flow_config`; no second copy of it."""

import importlib
import sys

sys.modules[__name__] = importlib.import_module("orchestrate.flow_config")
