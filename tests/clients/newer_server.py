"""A server that is newer than the document: each open enumeration has a value in its answers that no client can know.

It answers every operation with the example that the document has of the success, and a tenant with a problem.
"""

import json
import re
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

OPEN = "x-extensible-enum"
# A value of each form that open enumerations have.
UNKNOWN = ["from_the_future", "From the future"]


class NewerServer(ThreadingHTTPServer):
    """Serves on a free port of this machine."""

    daemon_threads = True

    def __init__(self, document: Path) -> None:
        self.document = json.loads(document.read_text())
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def answer(self, method: str, path: str) -> tuple[int, Any]:
        """The status of the answer and its body."""
        for template, item in self.document["paths"].items():
            operation = item.get(method.lower())
            if operation and re.fullmatch(re.sub(r"{\w+}", "[^/]+", template), path):
                status = "404" if operation["operationId"] == "tenant_view" else "200"
                response = self.resolve(operation["responses"][status])
                (content,) = response["content"].values()
                examples = [self.resolve(example)["value"] for example in content.get("examples", {}).values()]
                example = content.get("example") or examples[0]
                if "decision" in example:
                    example |= {"explanation": [self.document["components"]["schemas"]["CriteriaOutcome"]["example"]]}
                return int(status), self.renew(example, content["schema"])
        raise LookupError(f"the document has no {method} {path}")

    def resolve(self, part: dict[str, Any]) -> dict[str, Any]:
        """What a part of the document refers to, or itself."""
        for reference in [part.get("$ref"), *(inner.get("$ref") for inner in part.get("allOf", []))]:
            if reference:
                *_, section, name = reference.split("/")
                return self.resolve(self.document["components"][section][name])
        return part

    def renew(self, value: Any, schema: dict[str, Any]) -> Any:
        """The value with one that is unknown for each of an open enumeration."""
        schema = self.resolve(schema)
        if OPEN in schema:
            return next(unknown for unknown in UNKNOWN if re.search(schema["pattern"], unknown))
        if isinstance(value, list):
            return [self.renew(item, schema["items"]) for item in value]
        if isinstance(value, dict):
            properties = schema.get("properties", {})
            return {name: self.renew(member, properties.get(name, {})) for name, member in value.items()}
        return value


class Handler(BaseHTTPRequestHandler):
    """Answers a request, whatever its body and its credentials."""

    server: NewerServer

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        status, body = self.server.answer(self.command, self.path.split("?")[0])
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json" if status == 200 else "application/problem+json")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("X-Request-Id", "1")
        self.end_headers()
        self.wfile.write(content)

    do_POST = do_GET

    def log_message(self, *_: object) -> None:
        """Nothing: what a client prints is what counts."""
