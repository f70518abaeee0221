"""Write every generated page of docs/."""

from pathlib import Path

from reference.pages import generated_pages

ROOT = Path(__file__).parents[1]

for name, text in generated_pages(ROOT).items():
    path = ROOT / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    print(name)
