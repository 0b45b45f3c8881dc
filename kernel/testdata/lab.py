"""Drives JupyterLab in headless Chromium: small cells, the quickstart with its live plot, completion, inspection, an interrupt.

Usage: lab.py CHROMIUM LAB_URL_WITH_TOKEN SMALL_NOTEBOOK QUICKSTART SCREENSHOT_FOLDER
"""
import sys
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

browser, url, small, quickstart, shots = sys.argv[1:]
shots = Path(shots)
OUTPUTS = """cells => cells.map(c => [...c.querySelectorAll('.jp-OutputArea-output')].map(o => o.innerText.trim()).join('\\n'))"""


class Lab:
    def __init__(self, page, notebook):
        self.page = page
        page.goto(url.replace("/lab", f"/lab/tree/{notebook}"), wait_until="domcontentloaded")
        page.locator(".jp-Notebook .jp-CodeCell").first.wait_for(timeout=120_000)
        # The indicator says idle before there is a kernel; the status bar names the kernel when it has connected.
        page.locator("#jp-main-statusbar", has_text="Go (godcpo) | Idle").wait_for(timeout=60_000)

    def shot(self, name):
        self.page.screenshot(path=shots / f"{name}.png")

    def outputs(self):
        return self.page.locator(".jp-Notebook .jp-CodeCell").evaluate_all(OUTPUTS)

    def until(self, what, test, limit=60):
        end = time.time() + limit
        while True:
            outputs = self.outputs()
            if test(outputs):
                return outputs
            if time.time() > end:
                self.shot("failed")
                raise AssertionError(f"{what}: outputs are {outputs}")
            time.sleep(0.1)

    def menu(self, name, entry):
        self.page.locator(".lm-MenuBar-item", has_text=name).first.click()
        self.page.locator(".lm-Menu-item", has_text=entry).first.click()

    def write_last(self, text):
        """Replaces the last cell's text and leaves the cursor behind it."""
        self.page.locator(".jp-Notebook .jp-CodeCell").last.locator(".cm-content").click()
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(text)

    def idle(self, limit=10):
        self.page.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]').first.wait_for(timeout=limit * 1000)

    def busy(self):
        self.page.locator('.jp-Notebook-ExecutionIndicator[data-status="busy"]').first.wait_for(timeout=10_000)



def small_cells(lab):
    lab.menu("Run", "Run All Cells")
    lab.until("run all cells", lambda o: len(o) == 5 and o[1] == "x is 42" and o[2] == "42" and o[4] == "1")
    lab.page.locator(".jp-OutputArea-output svg circle, .jp-OutputArea-output img").first.wait_for(timeout=10_000)
    lab.shot("run")
    lab.write_last("fmt.Print")
    lab.page.keyboard.press("Tab")
    try:
        lab.page.locator(".jp-Completer-item", has_text="Println").first.wait_for(timeout=10_000)
    finally:
        lab.shot("completed")
    lab.page.keyboard.press("Escape")
    lab.write_last("fmt.Println")
    lab.page.keyboard.press("Shift+Tab")
    lab.page.locator(".jp-Tooltip", has_text="Println").first.wait_for(timeout=10_000)
    lab.shot("inspected")
    lab.page.keyboard.press("Escape")
    for loop in ("for {\n}", "select {}"):
        lab.write_last(loop)
        lab.page.keyboard.press("Control+Enter")
        lab.busy()
        begun = time.time()
        lab.menu("Kernel", "Interrupt Kernel")
        lab.idle()
        print("interrupted", repr(loop), f"after {time.time() - begun:.2f} s, clicks included", flush=True)
    lab.until("the error of an interrupt", lambda o: "interrupted" in o[4])
    lab.shot("interrupted")


def live_training(lab):
    lab.menu("Run", "Run All Cells")
    images = lab.page.locator(".jp-OutputArea-output img, .jp-RenderedSVG img, .jp-OutputArea-output svg")
    images.first.wait_for(timeout=120_000)
    source = "() => { const i = document.querySelector('.jp-OutputArea-output img, .jp-OutputArea-output svg'); return i.src || i.outerHTML; }"
    seen, end = set(), time.time() + 120
    while len(seen) < 4:
        seen.add(lab.page.evaluate(source))
        assert time.time() < end, f"the live plot was drawn {len(seen)} times"
        time.sleep(0.1)
    lab.page.evaluate("() => document.querySelector('.jp-OutputArea-output img, .jp-OutputArea-output svg').scrollIntoView()")  # it is replaced all the time
    lab.shot("training")
    lab.until("the quickstart's end", lambda o: "mul22" in o[-1], 300)
    lab.shot("quickstart")
    for position, name in ((0, "top"), (0.55, "middle"), (1, "end")):
        lab.page.evaluate("p => { const n = document.querySelector('.jp-WindowedPanel-outer'); n.scrollTop = p * n.scrollHeight; }", position)
        time.sleep(0.7)
        lab.shot(f"quickstart-{name}")
    lab.menu("Settings", "Theme")
    lab.page.locator(".lm-Menu-item", has_text="JupyterLab Dark").first.click()
    time.sleep(1.5)
    lab.shot("quickstart-dark")


with sync_playwright() as p:
    chromium = p.chromium.launch(executable_path=browser, args=["--no-sandbox", "--disable-gpu", "--disable-quic"])
    context = chromium.new_context(viewport={"width": 1280, "height": 1000})
    small_cells(Lab(context.new_page(), small))
    live_training(Lab(context.new_page(), quickstart))
    chromium.close()
