"""Fills in reference.json: renders every template in it with the environment that the transformers library compiles chat templates in.
Run in this folder, with transformers 5 and jinja2 3.1 installed, after adding rows with a "template" only."""
import json
from transformers.utils.chat_template_utils import _compile_jinja_template

with open("reference.json", encoding="utf-8") as f:
    data = json.load(f)
for row in data["rows"]:
    for key in ("want", "error"):
        row.pop(key, None)
    try:
        row["want"] = _compile_jinja_template(row["template"]).render(**data["vars"])
    except Exception as e:
        row["error"] = type(e).__name__
with open("reference.json", "w", encoding="utf-8") as f:
    json.dump(data, f, ensure_ascii=False, indent=0)
    f.write("\n")
