"""An engine profile as text, laid out like the catalogue's."""
import json


def written(profile):
    """One key a line, short values whole, as the catalogue's other files."""
    lines = []
    for key, value in profile.items():
        if key != "generations":
            lines.append(f"  {json.dumps(key)}: {json.dumps(value)}")
            continue
        blocks = []
        for generation in value:
            rows = ",\n".join("        " + json.dumps(row) for row in generation["validated"])
            keys = [f"      {json.dumps(k)}: {json.dumps(v)}" for k, v in generation.items() if k != "validated"]
            blocks.append("    {\n" + ",\n".join(keys) + ",\n      \"validated\": [\n" + rows + "\n      ]\n    }")
        lines.append("  \"generations\": [\n" + ",\n".join(blocks) + "\n  ]")
    return "{\n" + ",\n".join(lines) + "\n}\n"
