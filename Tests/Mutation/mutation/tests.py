"""Tests of what does not need a build: python3 -m unittest mutation.tests, in Tests/Mutation."""

import unittest

from . import layers, report, tree, trial


def mutant(number, file="Sources/XML/A.swift", line=1, rule="true", statement=None, function="f", text=None):
    return {"number": number, "file": file, "line": line, "rule": rule, "statement": statement or [line, line], "function": function,
            "text": text or f"text {number}", "occurrence": 1}


class CulpritTests(unittest.TestCase):
    def found(self, errors, mutants):
        output = "\n".join(f"{tree.TREE}/Sources/XML/A.swift:{line}:3: error: {message}" for line, message in errors)
        names = tree.culprits(output, mutants)[0]
        return [mutant["number"] for mutant in mutants if tree.identity(mutant) in names]

    def test_what_guesses_types_is_suspected_first(self):
        self.assertEqual(self.found([(2, "no")], [mutant(1, line=2, rule="swap"), mutant(2, line=2), mutant(3, line=3)]), [1])

    def test_otherwise_everything_on_the_line(self):
        self.assertEqual(self.found([(2, "no")], [mutant(1, line=2, rule="nil"), mutant(2, line=2), mutant(3, line=3)]), [1, 2])

    def test_a_line_without_mutants_means_the_smallest_statement_around_it(self):
        mutants = [mutant(1, line=1, statement=[1, 9]), mutant(2, line=3, statement=[3, 5]), mutant(3, line=7, statement=[7, 8])]
        self.assertEqual(self.found([(4, "no")], mutants), [2])

    def test_a_variable_without_a_value_means_assignments_before(self):
        mutants = [mutant(1, line=1, rule="remove"), mutant(2, line=1), mutant(3, line=9, function="g", rule="remove")]
        self.assertEqual(self.found([(5, "used before being initialized")], mutants), [1])


class OrderTests(unittest.TestCase):
    def test_every_beginning_is_spread_over_the_files(self):
        mutants = [mutant(i, file="Sources/XML/A.swift") for i in range(200)] + [mutant(i, file="Sources/XML/B.swift") for i in range(100)]
        files = [one["file"][-7] for one in trial.order(mutants)[:60]]
        self.assertTrue(17 <= files.count("B") <= 23, files.count("B"))

    def test_numbers_do_not_matter(self):
        mutants = [mutant(i, text=str(i)) for i in range(50)]
        others = [dict(one, number=one["number"] + 7) for one in reversed(mutants)]
        self.assertEqual([one["text"] for one in trial.order(mutants)], [one["text"] for one in trial.order(others)])


class Reached:
    """Stands in for measured reach: every case reaches every mutant."""

    layers = [layers.Layer("unit", ["a", "b", "c"], None, ""), layers.Layer("spec", ["s", "t"], None, ""),
              layers.Layer("campaign", ["0..<20", "20..<40"], None, "", takes_several=False)]
    times = {"a": 0.1, "b": 0.1, "c": 1.5, "s": 0.1, "t": 0.1, "0..<20": 0.3, "20..<40": 0.9}

    def cases(self, layer, number):
        return sorted(layer.cases, key=self.times.get)

    def seconds(self, layer, cases):
        return sum(self.times[case] for case in cases)


class StepTests(unittest.TestCase):
    def steps(self, ranges):
        return [(layer.name, cases) for layer, cases, _ in trial.steps(mutant(1), Reached(), ranges)]

    def test_the_cheapest_come_first_and_ranges_of_seeds_run_one_by_one(self):
        self.assertEqual(self.steps(8), [("unit", ["a", "b"]), ("spec", ["s", "t"]), ("campaign", ["0..<20"]), ("campaign", ["20..<40"]),
                                         ("unit", ["c"])])

    def test_the_campaign_can_be_shorter(self):
        self.assertEqual(self.steps(1)[2:], [("campaign", ["0..<20"]), ("unit", ["c"])])


class RowTests(unittest.TestCase):
    def test_a_row_counts_fates(self):
        fates = ["unit", "spec", "campaign", "survived", "survived", "unreached", None]
        mutants = [mutant(i) for i in range(len(fates))]
        known = {tree.identity(one): {"fate": fate} for one, fate in zip(mutants, fates) if fate}
        row = report.rows(mutants, known, {tree.identity(mutants[4])})["Sources/XML/A.swift"]
        self.assertEqual(row.cells(), "7 | 6 | 1 | 1 | 1 | 1 | 1 | 1 | 60 %")

    def test_nothing_run_has_no_score(self):
        self.assertEqual(report.rows([mutant(1)], {}, {})["Sources/XML/A.swift"].cells(), "1 | 0 | 0 | 0 | 0 | 0 | 0 | 0 | ")


class ManifestTests(unittest.TestCase):
    def test_the_manifest_gets_the_switch_and_loses_what_no_layer_needs(self):
        manifest = tree.instrumented_manifest((tree.REPOSITORY / "Package.swift").read_text())
        for module in tree.MODULES:
            self.assertRegex(manifest, r'\.target\(\s*name: "%s",\s*dependencies: \["MutantSwitch", ' % module)
        for name in ["SimulationTests", "Workloads", "spondee-count", "treatAllWarnings"]:
            self.assertNotIn(name, manifest)
        for name in tree.TESTS + ["spondee", "FuzzCoreChecks"]:
            self.assertIn(f'name: "{name}"', manifest)


if __name__ == "__main__":
    unittest.main()
