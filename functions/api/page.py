"""The page at `/`: how to call the api, in three steps."""

import base64
import hashlib
from html import escape
from typing import Final

import flask

_STYLE: Final = """
:root { color-scheme: light dark; --ink: #16213a; --dim: #55617a; --page: #f6f7fb; --card: #ffffff; --line: #dfe3ee;
  --code: #101a33; --code-ink: #e8edfb; --accent: #3457d5; }
@media (prefers-color-scheme: dark) { :root { --ink: #e9edf8; --dim: #a3aec6; --page: #0d1424; --card: #151f36;
  --line: #273352; --code: #080e1c; --code-ink: #dbe4fb; --accent: #8fa8ff; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 17px/1.6 system-ui, "Segoe UI", Inter, sans-serif; }
main { max-width: 46rem; margin: 0 auto; padding: 4rem 1.25rem 3rem; }
h1 { font-size: 2.6rem; line-height: 1.15; letter-spacing: -0.02em; margin: 0 0 0.75rem; }
h2 { font-size: 1.15rem; margin: 0 0 0.75rem; }
h2 span { display: inline-block; width: 1.75rem; height: 1.75rem; line-height: 1.75rem; margin-right: 0.6rem;
  border-radius: 50%; background: var(--accent); color: var(--card); text-align: center; font-size: 0.95rem; }
p { margin: 0 0 1rem; color: var(--dim); }
section { background: var(--card); border: 1px solid var(--line); border-radius: 14px; padding: 1.4rem 1.5rem;
  margin: 1.4rem 0; }
section p:last-child { margin: 0.9rem 0 0; }
pre { margin: 0; padding: 1rem 1.1rem; border-radius: 10px; background: var(--code); color: var(--code-ink);
  overflow-x: auto; font: 14px/1.55 ui-monospace, "SF Mono", Menlo, Consolas, monospace; }
code { font-family: ui-monospace, "SF Mono", Menlo, Consolas, monospace; font-size: 0.9em; }
a { color: var(--accent); }
footer { color: var(--dim); font-size: 0.95rem; }
"""

_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Vividly API</title>
<style>{style}</style>
</head>
<body>
<main>
<h1>Ask a question,<br>get a lesson.</h1>
<p>Vividly turns a student’s question into a short narrated video in the student’s own world, grounded in open
textbooks. This is its HTTP interface.</p>

<section>
<h2><span>1</span>Sign in</h2>
<pre>URL={url}
TOKEN=$(curl -s $URL/v1/auth/login \\
  -H 'Content-Type: application/json' \\
  -d '{{"email": "you@school.example", "password": "…"}}' |
  python3 -c 'import json; print(json.loads(input())["access_token"])')</pre>
</section>

<section>
<h2><span>2</span>Ask</h2>
<pre>curl -s $URL/v1/requests \\
  -H "Authorization: Bearer $TOKEN" \\
  -H 'Content-Type: application/json' \\
  -H 'Idempotency-Key: my-first-lesson' \\
  -d '{{"query": "Explain Newton’s third law",
       "grade_level": 10, "interest": "basketball"}}'</pre>
<p>The answer names the request: <code>{{"id": "…", "status": "pending", "links": {{…}}}}</code>.</p>
</section>

<section>
<h2><span>3</span>Watch it being made</h2>
<pre>curl -s $URL/v1/requests/ID \\
  -H "Authorization: Bearer $TOKEN" \\
  -H 'Prefer: wait=20'</pre>
<p>With <code>Prefer: wait=20</code> the answer comes as soon as the lesson is ready, or there is a question back to
you; send the <code>ETag</code> as <code>If-None-Match</code> to hear of every step. <code>assets</code> holds links to
the video, captions, transcript and more; <code>citations</code> names the passages that the lesson rests on, and
<code>grounding</code> tells how much of what it says was found in them.</p>
</section>

<footer><a href="/openapi.json">Every call, as OpenAPI 3.1</a> · <a href="/v1/health">Health</a></footer>
</main>
</body>
</html>
"""


def response(url: str) -> flask.Response:
    """Return the page, which may style itself and do nothing else."""
    digest = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; frame-ancestors 'none'; base-uri 'none'"
    body = _PAGE.format(style=_STYLE, url=escape(url.rstrip("/")))
    headers = {"Content-Security-Policy": policy, "Cache-Control": "max-age=300"}
    return flask.Response(body, content_type="text/html; charset=utf-8", headers=headers)
