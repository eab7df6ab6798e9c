"""YAML in, frozen settings out.

In:  a config file, overrides from the command line.
Out: a `Config` with every default filled in, or one `ConfigError` with every problem.
Not here: doing anything with it (`patron.workflows`).
"""

from patron.config.load import load_config, make_config
from patron.config.schema import Config, json_schema

__all__ = ["Config", "json_schema", "load_config", "make_config"]
