"""Runs the sandbox alone: `python -m sandbox`."""

from __future__ import annotations

import typer

from sandbox.cli import sandbox

if __name__ == "__main__":
    typer.run(sandbox)
