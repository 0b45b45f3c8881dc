"""Runs jupyter_kernel_test against the installed kernel, and what it leaves out: interrupts, restarts and questions."""
import os
import time
import unittest

import jupyter_kernel_test
from jupyter_client.manager import start_new_kernel

NAME = "godcpo"


class Protocol(jupyter_kernel_test.KernelTests):
    kernel_name = NAME
    language_name = "go"
    file_extension = ".go"
    code_hello_world = 'fmt.Println("hello, world")'
    code_stderr = 'import "os"\nfmt.Fprintln(os.Stderr, "to stderr")'
    completion_samples = [{"text": "fmt.Printl", "matches": {"Println"}}]
    complete_code_samples = ["1 + 1", 'fmt.Println("a")', "x := 1\nx"]
    incomplete_code_samples = ["for i := 0; i < 3; i++ {", "func f() {\n\treturn", "fmt.Println("]
    invalid_code_samples = ["x := )", 'fmt.Println("a"))']
    code_generate_error = 'panic("on purpose")'
    code_execute_result = [{"code": "1 + 1", "result": "2"}, {"code": "6 * 7", "result": "42"}]
    code_display_data = [{"code": 'display.HTML("<b>bold</b>")', "mime": "text/html"}]
    code_history_pattern = "1?+*"
    supported_history_operations = ("tail", "range", "search")
    code_inspect_sample = "fmt.Println"
    code_clear_output = "display.Clear(false)"


class Welcome(jupyter_kernel_test.IopubWelcomeTests):
    kernel_name = NAME
    support_iopub_welcome = True


class Beyond(unittest.TestCase):
    """What a notebook does besides."""

    @classmethod
    def setUpClass(cls):
        cls.km, cls.kc = start_new_kernel(kernel_name=NAME)

    @classmethod
    def tearDownClass(cls):
        cls.kc.stop_channels()
        cls.km.shutdown_kernel()

    def run_cell(self, code, **more):
        texts = []

        def hook(message):
            if message["msg_type"] == "stream":
                texts.append(message["content"]["text"])

        reply = self.kc.execute_interactive(code, output_hook=hook, timeout=30, **more)
        return reply["content"], "".join(texts)

    def test_state_persists(self):
        self.assertEqual(self.run_cell("kept := 20")[0]["status"], "ok")
        content, text = self.run_cell("kept += 1\nfmt.Println(kept)")
        self.assertEqual((content["status"], text), ("ok", "21\n"))

    def test_interrupt(self):
        for loop in ("for {}", "for { time.Sleep(time.Millisecond) }"):
            sent = self.kc.execute('import "time"\n' + loop)
            time.sleep(0.5)
            self.km.interrupt_kernel()
            begun = time.time()
            while True:
                reply = self.kc.get_shell_msg(timeout=10)
                if reply["parent_header"].get("msg_id") == sent:
                    break
            self.assertEqual(reply["content"]["status"], "error", loop)
            self.assertLess(time.time() - begun, 1.0, loop)
            self.assertEqual(self.run_cell('fmt.Println("alive")')[1], "alive\n")

    def test_queued_cells_are_aborted(self):
        ids = [self.kc.execute(code) for code in ('import "time"\ntime.Sleep(200 * time.Millisecond)\npanic("first")', "1", "2")]
        statuses = {}
        while len(statuses) < len(ids):
            reply = self.kc.get_shell_msg(timeout=10)
            statuses[reply["parent_header"]["msg_id"]] = reply["content"]["status"]
        self.assertEqual([statuses[i] for i in ids], ["error", "aborted", "aborted"])

    def test_user_expressions(self):
        content, _ = self.run_cell("y := 6", user_expressions={"good": "y * 7", "bad": "nowhere"})
        self.assertEqual(content["user_expressions"]["good"]["data"]["text/plain"], "42")
        self.assertEqual(content["user_expressions"]["bad"]["status"], "error")

    def test_comms(self):
        self.kc.comm_info()
        reply = self.kc.get_shell_msg(timeout=10)
        self.assertEqual(reply["content"]["comms"], {})

    def test_restart(self):
        self.run_cell("gone := 1")
        self.km.restart_kernel(now=False)
        self.kc.wait_for_ready(timeout=30)
        self.assertEqual(self.run_cell("gone")[0]["status"], "error")
        self.assertEqual(self.run_cell('fmt.Println("new")')[1], "new\n")


if __name__ == "__main__":
    os.environ.setdefault("PYTHONWARNINGS", "ignore")
    unittest.main(verbosity=2)
