"""Runs all cells of a notebook in JupyterLab with headless Chromium, takes a screenshot and saves the notebook.

Usage: runall.py CHROMIUM LAB_URL_WITH_TOKEN NOTEBOOK SCREENSHOT light|dark
"""
import sys
import time

from playwright.sync_api import sync_playwright

browser, url, notebook, shot, theme = sys.argv[1:]


def menu(page, name, *entries):
    page.locator(".lm-MenuBar-item", has_text=name).first.click()
    for entry in entries:
        page.locator(".lm-Menu-item", has_text=entry).first.click()


with sync_playwright() as p:
    chromium = p.chromium.launch(executable_path=browser, args=["--no-sandbox", "--disable-gpu", "--disable-quic"])
    page = chromium.new_context(viewport={"width": 1280, "height": 2400}).new_page()
    page.on("console", lambda m: m.type == "error" and print(m.text))
    page.goto(url.replace("/lab", f"/lab/tree/{notebook}") + "&reset", wait_until="domcontentloaded")
    page.locator(".jp-Notebook .jp-CodeCell").first.wait_for(timeout=120_000)
    page.locator("#jp-main-statusbar", has_text="Go (godcpo) | Idle").wait_for(timeout=60_000)
    if theme == "dark":
        menu(page, "Settings", "Theme", "JupyterLab Dark")
    menu(page, "Run", "Run All Cells")
    # Cells out of sight are not in the page, so the kernel's state must say when all have run.
    time.sleep(1)
    quiet, end = 0, time.time() + 120
    while quiet < 15 and time.time() < end:
        idle = page.locator("#jp-main-statusbar", has_text="Go (godcpo) | Idle").count() > 0
        quiet = quiet + 1 if idle else 0
        time.sleep(0.1)
    page.screenshot(path=shot)
    menu(page, "File", "Save Notebook")
    page.locator("#jp-main-statusbar", has_text="Saving completed").wait_for(timeout=20_000)
    chromium.close()
