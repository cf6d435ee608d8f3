"""The schemas that editors read accept the examples, and refuse what gated refuses.

Usage: schema_examples.py ROOT
"""
import copy
import json
import os
import sys
import unittest

import jsonschema
import yaml

ROOT = sys.argv.pop(1)


class Loader(yaml.SafeLoader):
    """Dates stay text, as in the gate's own reader."""


Loader.yaml_implicit_resolvers = {
    first: [r for r in resolvers if r[0] != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()}


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return json.load(file) if path.endswith(".json") else yaml.load(file, Loader)


class SchemaTest(unittest.TestCase):
    def check(self, schema, example):
        document = read(schema)
        jsonschema.Draft202012Validator.check_schema(document)
        validator = jsonschema.Draft202012Validator(document)
        self.assertEqual([e.message for e in validator.iter_errors(read(example))], [])
        return validator

    def test_config(self):
        validator = self.check("deploy/config.schema.json", "deploy/config.example.yaml")
        self.assertFalse(validator.is_valid({"grcp": {}}))
        self.assertFalse(validator.is_valid({"limits": {"max_evaluations": 0}}))

    def test_policy(self):
        validator = self.check("deploy/policies/policy.schema.json", "deploy/policies/example.yaml")
        good = read("deploy/policies/example.yaml")
        for change in (
                lambda p: p.update(rulez=[]),
                lambda p: p.update(rules=[]),
                lambda p: p.update(calendar_digests={"us": "0"}),
                lambda p: p["rules"][0].update(verdict_ttl="ten minutes"),
                lambda p: p["rules"][0].update(verdict_ttl=600),
                lambda p: p["rules"][0]["checks"].update(canery={}),
                lambda p: p["rules"][0]["checks"]["canary"].update(alpha=0),
                lambda p: p["rules"][0]["checks"]["migration"]["settings"].update(enforcement="SOMETIMES"),
                lambda p: p["rules"][0]["match"].update(environments="production")):
            bad = copy.deepcopy(good)
            change(bad)
            self.assertFalse(validator.is_valid(bad), bad)


if __name__ == "__main__":
    unittest.main()
