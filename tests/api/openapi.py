# SPDX-License-Identifier: MIT
"""Every reply of every test is held against the server's own /openapi.json.

The Recorder collects what does not fit, and which routes were called with what
outcome; test_openapi.py judges at the end. The validator knows the part of JSON
Schema 2020-12 that the document uses, and refuses a keyword it does not know.
"""
import json
import re

KNOWN = {
    "$ref", "type", "properties", "required", "items", "enum", "const", "minLength",
    "maxLength", "pattern", "minimum", "maximum", "exclusiveMinimum",
    "exclusiveMaximum", "minItems", "maxItems", "additionalProperties", "oneOf",
    "anyOf", "allOf", "format", "description", "title", "default", "examples",
    "example", "contentMediaType", "contentEncoding", "deprecated", "readOnly",
    "writeOnly", "nullable",
}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00")
TYPES = {
    "object": lambda v: isinstance(v, dict),
    "array": lambda v: isinstance(v, list),
    "string": lambda v: isinstance(v, str),
    "boolean": lambda v: isinstance(v, bool),
    "null": lambda v: v is None,
    "integer": lambda v: isinstance(v, int) and not isinstance(v, bool),
    "number": lambda v: isinstance(v, (int, float)) and not isinstance(v, bool),
}


def resolve(document, schema):
    for _ in range(8):
        if "$ref" not in schema:
            return schema
        node = document
        for part in schema["$ref"].lstrip("#/").split("/"):
            node = node[part.replace("~1", "/").replace("~0", "~")]
        schema = node
    raise ValueError("a circle of $ref")


def check(document, schema, value, where="body"):
    """What is wrong with value, as a list of sentences."""
    if schema is True or schema == {}:
        return []
    schema = resolve(document, schema)
    wrong = ["%s: unknown keyword %s" % (where, k) for k in schema if k not in KNOWN]
    for several in ("oneOf", "anyOf"):
        if several in schema:
            tries = [check(document, s, value, where) for s in schema[several]]
            if all(tries):
                wrong += min(tries, key=len)
    for part in schema.get("allOf", []):
        wrong += check(document, part, value, where)
    kinds = schema.get("type")
    if kinds is not None:
        kinds = [kinds] if isinstance(kinds, str) else kinds
        if not any(TYPES[k](value) for k in kinds):
            return wrong + ["%s: %s expected, got %.60r" % (where, kinds, value)]
    if "enum" in schema and value not in schema["enum"]:
        wrong.append("%s: %r is none of %s" % (where, value, schema["enum"]))
    if "const" in schema and value != schema["const"]:
        wrong.append("%s: %r is not %r" % (where, value, schema["const"]))
    if isinstance(value, str):
        wrong += check_text(schema, value, where)
    elif isinstance(value, dict):
        wrong += check_object(document, schema, value, where)
    elif isinstance(value, list):
        wrong += check_list(document, schema, value, where)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        wrong += check_number(schema, value, where)
    return wrong


def check_text(schema, value, where):
    wrong = []
    if len(value) < schema.get("minLength", 0):
        wrong.append("%s: %r is too short" % (where, value))
    if len(value) > schema.get("maxLength", len(value)):
        wrong.append("%s: %.60r is too long" % (where, value))
    if "pattern" in schema and not re.search(schema["pattern"], value):
        wrong.append("%s: %.60r is not like %s" % (where, value, schema["pattern"]))
    if schema.get("format") == "date-time" and not TIME.fullmatch(value):
        wrong.append("%s: %r is no time with +00:00 and microseconds" % (where, value))
    return wrong


def check_number(schema, value, where):
    wrong = []
    if value < schema.get("minimum", value) or value > schema.get("maximum", value):
        wrong.append("%s: %r is out of range" % (where, value))
    if "exclusiveMinimum" in schema and value <= schema["exclusiveMinimum"]:
        wrong.append("%s: %r is not above %r"
                     % (where, value, schema["exclusiveMinimum"]))
    return wrong


def check_object(document, schema, value, where):
    wrong = ["%s: %s is missing" % (where, name)
             for name in schema.get("required", []) if name not in value]
    known = schema.get("properties")
    other = schema.get("additionalProperties")
    for name, item in value.items():
        inner = where + "." + name
        if known and name in known:
            wrong += check(document, known[name], item, inner)
        elif isinstance(other, dict):
            wrong += check(document, other, item, inner)
        elif known is not None and other is not True:
            wrong.append("%s is not in the document" % inner)
    return wrong


def check_list(document, schema, value, where):
    wrong = []
    if len(value) > schema.get("maxItems", len(value)):
        wrong.append("%s: %d items" % (where, len(value)))
    if "items" in schema:
        for i, item in enumerate(value):
            wrong += check(document, schema["items"], item, "%s[%d]" % (where, i))
    return wrong


class Recorder:
    """What was called, and what was wrong with the replies."""

    def __init__(self):
        self.document = None
        self.patterns = []
        self.calls = {}    # (METHOD, template) -> set of statuses
        self.changes = {}  # the same -> ids of requests that changed something
        self.wrong = {}    # sentence -> an example

    def learn(self, document):
        self.document = document
        for template in document.get("paths", {}):
            parts = re.split(r"\{[^}]*\}", template)
            text = "[^/]+".join(re.escape(p) for p in parts)
            if template.startswith("/files/") and template.endswith("}"):
                text = text.removesuffix("[^/]+") + ".*"  # takes all that is left
            if template != "/":
                text = text.rstrip("/") + "/?"
            self.patterns.append((template.count("{"), re.compile(text), template))
        self.patterns.sort(key=lambda p: p[0])

    def find(self, method, path):
        for _, pattern, template in self.patterns:
            if pattern.fullmatch(path):
                if method.lower() in self.document["paths"][template]:
                    return template
        return None

    def blame(self, sentence, example):
        self.wrong.setdefault(sentence, example)

    def see(self, method, path, status, headers, body, internal=False):
        """One reply: note it and judge it."""
        example = "%s %s -> %d %.200r" % (method, path, status, body)
        if status >= 500 and not internal:
            self.blame("%s %s answered %d" % (method, path, status), example)
        number = headers.get("X-Request-ID")  # what nginx itself refuses has none
        if not (number is None and status >= 400) and not re.fullmatch("[0-9a-f]{8}",
                                                                      number or ""):
            self.blame("no X-Request-ID of 8 hex digits: %s, %d" % (method, status),
                       example)
        media = headers.get("Content-Type", "").split(";")[0]
        data = None
        if media == "application/json" and body:
            try:
                data = json.loads(body.decode("utf-8"), parse_constant=not_a_number)
            except ValueError as why:
                self.blame("%s %s: bad JSON: %s" % (method, path, why), example)
                return
        if status >= 400 and status != 416 and method != "HEAD":
            self.see_error(status, media, data, example, path.startswith("/files/"))
        if self.document is None or method in ("HEAD", "OPTIONS"):
            return
        template = self.find(method, path)
        if template is None:
            # Pages are for people: the document does not have them.
            if status < 300 and path != "/openapi.json" and media != "text/html":
                self.blame("%s %s is not in the document" % (method, path), example)
            return
        self.calls.setdefault((method, template), set()).add(status)
        if method != "GET" and status < 400 and number:
            self.changes.setdefault((method, template), set()).add(number)
        self.see_schema(method, template, status, media, data, example)

    def see_error(self, status, media, data, example, is_space):
        if media != "application/json" or not isinstance(data, dict):
            self.blame("a %d that is no JSON object" % status, example)
        elif status == 422 and is_space:
            return  # a list, which the document describes
        elif not isinstance(data.get("detail"), str) or not data["detail"]:
            self.blame("a %d without a text as detail" % status, example)

    def see_schema(self, method, template, status, media, data, example):
        replies = self.document["paths"][template][method.lower()].get("responses", {})
        found = replies.get(str(status)) or replies.get("%dXX" % (status // 100))
        if found is None and status in (206, 304, 416):
            return
        found = found or replies.get("default")
        if found is None:
            if status < 400:
                self.blame("%s %s: %d is not documented" % (method, template, status),
                           example)
            return
        content = resolve(self.document, found).get("content", {})
        if not content or (template == "/" and media == "text/html"):
            return  # people get a page there
        if media not in content and "*/*" in content:
            media = "*/*"
        if media not in content:
            self.blame("%s %s: %d is documented as %s, came as %s"
                       % (method, template, status, sorted(content), media), example)
        elif data is not None:
            for sentence in check(self.document, content[media].get("schema", {}), data):
                self.blame("%s %s: %d: %s" % (method, template, status,
                                              re.sub(r"\[\d+\]", "[]", sentence)),
                                              example)


def not_a_number(name):
    raise ValueError("%s is no JSON" % name)
