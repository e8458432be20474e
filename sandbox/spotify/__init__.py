"""The stand-ins of the Web API and of its accounts service."""
