"""Breaks the rules on purpose: each check must fail on a tree with a bad file, and pass without it."""

import importlib
import pathlib
import subprocess
import sys
import tempfile
import unittest

import sources

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "cmake"))
readme_snippets = importlib.import_module("readme_snippets")


def run_check(name, root):
    return subprocess.run([sys.executable, "-B", str(HERE / f"{name}.py"), str(root)], capture_output=True, text=True)


class Checks(unittest.TestCase):
    def test_each_check_fails_on_a_tree_with_its_bad_example(self):
        for name in ("constant_time", "contract", "layering", "links", "mutations", "promises", "seams", "traces", "usage"):
            module = importlib.import_module(name)
            for path, text, bad in module.EXAMPLES:
                with self.subTest(check=name, path=path, text=text[:60]), tempfile.TemporaryDirectory() as folder:
                    file = pathlib.Path(folder) / path
                    file.parent.mkdir(parents=True, exist_ok=True)
                    file.write_text(text, encoding="utf-8")
                    done = run_check(name, folder)
                    self.assertEqual(done.returncode, 1 if bad else 0, done.stdout + done.stderr)
                    if bad:
                        self.assertIn(f"{path}:", done.stdout)

    def test_a_check_that_reads_nothing_fails(self):
        with tempfile.TemporaryDirectory() as folder:
            self.assertEqual(run_check("usage", folder).returncode, 1)

    def test_a_check_without_teeth_fails_on_its_own_examples(self):
        self.assertEqual(len(sources.try_examples(lambda path, text: [], [("a.cpp", "bad", True)])), 1)
        self.assertEqual(len(sources.try_examples(lambda path, text: [(1, "no")], [("a.cpp", "good", False)])), 1)


class Sources(unittest.TestCase):
    def test_comments_and_literals_are_blanked_and_lines_kept(self):
        text = 'int a; // b\n/* c\nd */ auto e = "f\\"g"; auto h = R"x(i\n)")x"; int j = 1\'000; char k = \'"\'; l();\n'
        code = sources.code_only(text)
        self.assertEqual(code.count("\n"), text.count("\n"))
        for word in ("b", "c\n", "d ", "f", "g", "i\n"):
            self.assertNotIn(word, code.replace("int", "").replace("char", ""))
        for word in ("int a;", "auto e =", "auto h =", "int j = 1'000;", "char k =", "l();"):
            self.assertIn(word, code)

    def test_includes_are_found_with_their_lines(self):
        text = '#pragma once\n#include <vector>\n// #include <list>\n#include "own.hpp"\n'
        self.assertEqual(sources.includes(text), [(2, "<", "vector"), (4, '"', "own.hpp")])


class Snippets(unittest.TestCase):
    def test_only_cpp_blocks_are_taken(self):
        page = "text\n```cpp\nint a;\n```\n```sh\n```cpp\n```\n  ```cpp\n  int b;\n  ```\n"
        self.assertEqual(readme_snippets.find_blocks(page), [(3, "int a;\n"), (9, "int b;\n")])

    def test_a_block_without_end_is_refused(self):
        with self.assertRaises(ValueError):
            readme_snippets.find_blocks("```cpp\nint a;\n")

    def test_programs_and_fragments_are_told_apart_and_old_ones_removed(self):
        with tempfile.TemporaryDirectory() as folder:
            page, out = pathlib.Path(folder) / "READ-ME.md", pathlib.Path(folder) / "out"
            page.write_text("```cpp\nint main() {}\n```\n```cpp\nint f();\n```\n", encoding="utf-8")
            names = [path.name for path in readme_snippets.extract(out, [page])]
            self.assertEqual(names, ["program_read_me_2.cpp", "fragment_read_me_5.cpp"])
            self.assertIn('#line 5 "READ-ME.md"', (out / names[1]).read_text(encoding="utf-8"))
            page.write_text("nothing\n", encoding="utf-8")
            self.assertEqual(readme_snippets.extract(out, [page]), [])
            self.assertEqual(list(out.iterdir()), [])


if __name__ == "__main__":
    unittest.main()
