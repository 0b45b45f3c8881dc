"""Runs the kernel from the programs that people use beside JupyterLab: nbclient, papermill and jupyter console."""
import os
import sys
import tempfile
import unittest
from pathlib import Path

import nbclient
import nbformat
import papermill
import pexpect

NAME = "godcpo"


def notebook(*cells):
    nb = nbformat.v4.new_notebook()
    nb.metadata["kernelspec"] = {"name": NAME, "display_name": "Go (godcpo)", "language": "go"}
    nb.cells = [nbformat.v4.new_code_cell(c) for c in cells]
    return nb


class Clients(unittest.TestCase):
    def test_nbclient(self):
        nb = notebook("x := 20", "x += 22\nfmt.Println(x)", "display.HTML(\"<b>bold</b>\")\nx", "import \"os\"\nfmt.Fprintln(os.Stderr, \"careful\")")
        nbclient.NotebookClient(nb, kernel_name=NAME, timeout=60).execute()
        nbformat.validate(nb)
        self.assertEqual(nb.cells[1].outputs[0].text, "42\n")
        self.assertEqual([o.output_type for o in nb.cells[2].outputs], ["display_data", "execute_result"])
        self.assertEqual(nb.cells[3].outputs[0].name, "stderr")

    def test_nbclient_error(self):
        nb = notebook("x := 1", "check(fmt.Errorf(\"on purpose\"))", "x")
        with self.assertRaises(nbclient.exceptions.CellExecutionError) as failed:
            nbclient.NotebookClient(nb, kernel_name=NAME, timeout=60).execute()
        self.assertIn("on purpose", str(failed.exception))

    def test_nbclient_timeout(self):
        nb = notebook("for {\n}")
        with self.assertRaises(nbclient.exceptions.CellTimeoutError):
            nbclient.NotebookClient(nb, kernel_name=NAME, timeout=1).execute()

    def test_papermill(self):
        with tempfile.TemporaryDirectory() as folder:
            source, target = Path(folder, "in.ipynb"), Path(folder, "out.ipynb")
            nbformat.write(notebook("n := 3", "for i := range n {\n\tfmt.Println(i)\n}"), source)
            papermill.execute_notebook(str(source), str(target), kernel_name=NAME, progress_bar=False)
            done = nbformat.read(target, as_version=4)
            self.assertEqual("".join(o.text for o in done.cells[1].outputs), "0\n1\n2\n")

    def test_console(self):
        console = pexpect.spawn(sys.executable, ["-m", "jupyter", "console", "--kernel", NAME, "--simple-prompt"], encoding="utf-8", timeout=60,
                                env={**os.environ, "TERM": "dumb"})
        console.expect(r"In \[1\]: ")
        console.sendline("6 * 7")
        console.expect(r"Out\[1\]: 42")
        console.expect(r"In \[2\]: ")
        console.sendline('fmt.Println("from", "Go")')
        console.expect("from Go")
        console.expect(r"In \[3\]: ")
        console.sendline("nowhere")
        console.expect("undefined: nowhere")
        console.expect(r"In \[4\]: ")
        console.sendeof()
        if console.expect([pexpect.EOF, r"\[y\]/n"]) == 1:
            console.sendline("y")
            console.expect(pexpect.EOF)


if __name__ == "__main__":
    unittest.main(verbosity=2)
