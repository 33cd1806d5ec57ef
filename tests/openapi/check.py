#!/usr/bin/env python3
"""Holds answers against the OpenAPI document, and the document against OpenAPI 3.1. Says so in TAP.

Usage: check.py [--document FILE] [--structure] [--complete] [FOLDER...]

Under each FOLDER, any number of folders deep, stand answers in the form of the golden cases: a file request, a
file expected beside it, and request-2, expected-2 and so on; see tests/golden/golden.c. Every answer must be one
that the document says its operation can give: status, headers, body. Schemas are taken for closed: a member that
the document does not know is a fault. "{any}" stands for a value nobody knows, and is as good as any.

--structure   looks at the document itself, too
--complete    every operation must be seen to succeed
"""
import argparse
import json
import os
import re
import sys
import urllib.parse

import jsonschema
from jsonschema import Draft202012Validator, FormatChecker, RefResolver
from jsonschema.exceptions import SchemaError, ValidationError

ANY = "{any}"
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
# What the way of an answer adds to it: HTTP itself, a web server, what a configured origin is told, and what every
# answer tells a browser.
UNTOLD_HEADERS = re.compile(r"content-type|content-length|connection|keep-alive|transfer-encoding|accept-ranges|date|"
                            r"server|vary|access-control-.*|x-content-type-options|content-security-policy|"
                            r"cross-origin-resource-policy|referrer-policy|cache-control")


# ---- schemas, as they are to be read here ----

def passing_over_any(keyword):
    def passing(validator, value, instance, schema):
        if instance != ANY:
            yield from keyword(validator, value, instance, schema) or ()
    return passing


def closed_properties(validator, properties, instance, schema):
    yield from Draft202012Validator.VALIDATORS["properties"](validator, properties, instance, schema) or ()
    if validator.is_type(instance, "object") and schema.get("type") == "object" and \
            "additionalProperties" not in schema:
        for name in instance:
            if name not in properties:
                yield ValidationError(f"{name!r} is not in the document")


KEYWORDS = {name: passing_over_any(keyword) for name, keyword in Draft202012Validator.VALIDATORS.items()
            if name != "$ref"}
AnswerValidator = jsonschema.validators.extend(
    Draft202012Validator, {**KEYWORDS, "properties": passing_over_any(closed_properties)})
RequestValidator = jsonschema.validators.extend(Draft202012Validator, KEYWORDS)


class Document:
    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            self.root = json.load(file, object_pairs_hook=each_once)
        self.resolver = RefResolver("", self.root)
        self.formats = FormatChecker()

    def resolve(self, value):
        """What a Reference Object stands for."""
        while "$ref" in value:
            value = self.resolver.resolve(value["$ref"])[1]
        return value

    def faults(self, validator, schema, instance):
        """What is wrong with a value, one sentence each."""
        errors = validator(schema, resolver=self.resolver, format_checker=self.formats).iter_errors(instance)
        for error in sorted(errors, key=lambda each: each.json_path):
            yield f"{error.json_path}: {error.message[:300]}"

    def operations(self):
        for path, item in self.root["paths"].items():
            for method in METHODS:
                if method in item:
                    yield path, method, item[method]

    def parameters(self, path, operation):
        both = self.root["paths"][path].get("parameters", []) + operation.get("parameters", [])
        return [self.resolve(each) for each in both]

    def tag_of(self, path):
        """Whose space a path lies in; without an owner it is Rollcall's own."""
        for tag in self.root["tags"]:
            for space in tag["x-spaces"]:
                space = space.rstrip("/")
                if path == space or path.startswith(space + "/"):
                    return tag
        return self.root["tags"][0]

    def find(self, method, raw_path):
        """The path's template, its operation, and what stands in its braces; Nones when there is none."""
        if self.tag_of(raw_path).get("x-slash-at-end") and raw_path.endswith("/"):
            raw_path = raw_path[:-1]
        segments = [urllib.parse.unquote(each) for each in raw_path.split("/")]
        method = "get" if method == "HEAD" else method.lower()
        # A template without braces goes before one with.
        for path in sorted(self.root["paths"], key=lambda each: each.count("{")):
            own = path.split("/")
            if len(own) != len(segments) or method not in self.root["paths"][path]:
                continue
            if all(a == b or (is_open(a) and b not in ("", ".", "..")) for a, b in zip(own, segments)):
                wilds = {a[1:-1]: b for a, b in zip(own, segments) if is_open(a)}
                return path, self.root["paths"][path][method], wilds
        return None, None, None


def is_open(segment):
    return segment.startswith("{") and segment.endswith("}")


def each_once(pairs):
    names = [name for name, _ in pairs]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise ValueError(f"there twice in an object: {', '.join(sorted(twice))}")
    return dict(pairs)


# ---- answers ----

class Exchange:
    """A request and the answer to it, as their two files say."""

    def __init__(self, request_path, expected_path):
        line, self.request_headers, self.request_body = split(request_path)
        self.method, _, target = line.partition(" ")
        self.path, _, query = target.partition("?")
        self.query = urllib.parse.parse_qsl(query, keep_blank_values=True)
        line, self.headers, self.body = split(expected_path)
        self.status = line.strip()


def split(path):
    """First line, headers by their lower-case names, body."""
    with open(path, "rb") as file:
        text = file.read().decode("utf-8", "replace").replace("\r\n", "\n")
    head, _, body = text.partition("\n\n")
    first, *lines = head.split("\n")
    pairs = (each.partition(":") for each in lines if each)
    return first, {name.strip().lower(): value.strip() for name, _, value in pairs}, body


def header_faults(document, response, exchange):
    told = {name.lower(): document.resolve(each) for name, each in response.get("headers", {}).items()}
    for name, value in exchange.headers.items():
        if name in told:
            for fault in document.faults(AnswerValidator, told[name]["schema"], value):
                yield f"header {name}: {fault}"
        elif not UNTOLD_HEADERS.fullmatch(name):
            yield f"header {name} is not in the document"
    for name, header in told.items():
        if header.get("required") and name not in exchange.headers:
            yield f"header {name} is missing"


def body_faults(document, response, exchange):
    content = response.get("content")
    media_type = exchange.headers.get("content-type", "").partition(";")[0]
    if not content:
        if exchange.body.strip():
            yield "the document knows no body here"
        return
    if media_type not in content:
        yield f"the content type is {media_type!r}, which is not in the document"
        return
    if exchange.method == "HEAD":
        return
    try:
        body = json.loads(exchange.body) if media_type == "application/json" else exchange.body
    except ValueError as error:
        yield f"the body is no JSON: {error}"
        return
    yield from document.faults(AnswerValidator, content[media_type]["schema"], body)


def is_preflight(exchange):
    """What the protocol of CORS asks beforehand is no operation."""
    return exchange.method == "OPTIONS" and "access-control-allow-methods" in exchange.headers


def answer_faults(document, exchange):
    if is_preflight(exchange):
        return
    _, operation, _ = document.find(exchange.method, exchange.path)
    if operation:
        response = operation["responses"].get(exchange.status)
        if response is None:
            yield f"{operation['operationId']} does not answer {exchange.status} in the document"
            return
    elif exchange.status in ("400", "404", "405", "413"):
        response = document.tag_of(exchange.path)["x-no-operation"]
        if exchange.status == "405" and "allow" not in exchange.headers:
            yield "header allow is missing"
    else:
        yield f"the document has no such operation, and it is answered {exchange.status}"
        return
    response = document.resolve(response)
    yield from header_faults(document, response, exchange)
    yield from body_faults(document, response, exchange)


# ---- requests that were granted ----

def brings(scheme, exchange):
    """Whether a request carries a credential of that kind."""
    authorization = exchange.request_headers.get("authorization", "")
    if scheme["type"] == "http":
        return authorization.lower().startswith(scheme["scheme"] + " ")
    if scheme["in"] == "header":
        return scheme["name"].lower() in exchange.request_headers
    if scheme["in"] == "query":
        return any(name == scheme["name"] for name, _ in exchange.query)
    return "cookie" in exchange.request_headers


def number_of(text):
    """The number that a text is; else the text, which no schema of a number takes."""
    try:
        return float(text) if "." in text else int(text)
    except ValueError:
        return text


def parameter_faults(document, parameter, texts):
    if not texts:
        if parameter.get("required"):
            yield f"parameter {parameter['name']} is missing"
        return
    if "content" in parameter:
        schema, values = parameter["content"]["application/json"]["schema"], [json.loads(texts[0] or "{}")]
    else:
        schema = document.resolve(parameter["schema"])
        values = texts[:1]
        if schema.get("type") == "array":
            schema, values = schema["items"], texts
        if schema.get("type") in ("integer", "number"):
            values = [number_of(each) for each in values]
    for value in values:
        for fault in document.faults(RequestValidator, schema, value):
            yield f"parameter {parameter['name']}: {fault}"


def request_body_faults(document, operation, exchange):
    wanted = operation.get("requestBody")
    if not wanted:
        return
    if not exchange.request_body:
        if wanted["required"]:
            yield "a body is missing"
        return
    media_type = exchange.request_headers.get("content-type", "application/json").partition(";")[0]
    if media_type == "application/x-www-form-urlencoded" and media_type in wanted["content"]:
        body = dict(urllib.parse.parse_qsl(exchange.request_body))
    else:
        body = json.loads(exchange.request_body)
    schema = wanted["content"]["application/json"]["schema"]
    for fault in document.faults(RequestValidator, schema, body):
        yield f"request body: {fault}"


def request_faults(document, exchange):
    """Why the document would not have let a request through that was granted. Recorded answers come without what
    was sent beside the path."""
    path, operation, wilds = document.find(exchange.method, exchange.path)
    if not operation or exchange.status[0] not in "23":
        return
    for parameter in document.parameters(path, operation):
        place, name = parameter["in"], parameter["name"]
        if parameter.get("x-lenient"):
            continue
        if place == "query":
            texts = [value for own, value in exchange.query if own == name]
            yield from parameter_faults(document, parameter, texts)
        elif place == "path":
            yield from parameter_faults(document, parameter, [wilds[name]])
    if not exchange.request_headers:
        return
    schemes = document.root["components"]["securitySchemes"]
    ways = operation["security"]
    if ways and not any(all(brings(schemes[name], exchange) for name in way) for way in ways):
        yield "none of the credentials that the document wants"
    yield from request_body_faults(document, operation, exchange)


def exchanges(folder):
    """The answers below a folder: which case, and what was asked and answered."""
    for directory, folders, files in os.walk(folder):
        folders.sort()
        for name in sorted(files):
            if not re.fullmatch(r"request(-\d+)?", name):
                continue
            expected = os.path.join(directory, name.replace("request", "expected"))
            yield os.path.relpath(expected, folder), Exchange(os.path.join(directory, name), expected)


# ---- the document itself ----

# Fields of OpenAPI 3.1's objects: those that must be there, and those that may.
FIELDS = {
    "document": ({"openapi", "info", "paths"},
                 {"jsonSchemaDialect", "servers", "webhooks", "components", "security", "tags", "externalDocs"}),
    "info": ({"title", "version"}, {"summary", "description", "termsOfService", "contact", "license"}),
    "server": ({"url"}, {"description", "variables"}),
    "tag": ({"name"}, {"description", "externalDocs"}),
    "components": (set(), {"schemas", "responses", "parameters", "examples", "requestBodies", "headers",
                           "securitySchemes", "links", "callbacks", "pathItems"}),
    "path": (set(), {"summary", "description", "servers", "parameters", *METHODS}),
    "operation": ({"operationId", "responses", "tags", "summary", "security"},
                  {"description", "externalDocs", "parameters", "requestBody", "callbacks", "deprecated", "servers"}),
    "parameter": ({"name", "in"}, {"description", "required", "deprecated", "allowEmptyValue", "style", "explode",
                                   "allowReserved", "schema", "example", "examples", "content"}),
    "header": ({"schema"}, {"description", "required", "deprecated", "style", "explode", "example", "examples"}),
    "body": ({"content", "required"}, {"description"}),
    "media type": ({"schema"}, {"example", "examples", "encoding"}),
    "response": ({"description"}, {"headers", "content", "links"}),
    "apiKey": ({"type", "name", "in"}, {"description"}),
    "http": ({"type", "scheme"}, {"description", "bearerFormat"}),
}


class Structure:
    """Walks the document; what is wrong is gathered as sentences."""

    def __init__(self, document):
        self.document, self.root = document, document.root
        self.faults, self.used = [], set()

    def fault(self, where, what):
        self.faults.append(f"{where}: {what}")

    def fields(self, kind, value, where):
        required, optional = FIELDS[kind]
        for name in required - set(value):
            self.fault(where, f"{name} is missing")
        for name in set(value) - required - optional:
            if not name.startswith("x-"):
                self.fault(where, f"{name} is no field of this object")

    def follow(self, value, section, where):
        """Resolves a reference, which must be one into its own section of components."""
        if "$ref" not in value:
            return value
        if not value["$ref"].startswith(f"#/components/{section}/") or set(value) - {"$ref", "description", "summary"}:
            self.fault(where, f"{value['$ref']} is no reference for this place")
        return self.document.resolve(value)

    def references(self, value, where):
        if isinstance(value, dict):
            if isinstance(value.get("$ref"), str):
                self.used.add(value["$ref"])
                try:
                    self.document.resolver.resolve(value["$ref"])
                except jsonschema.RefResolutionError as error:
                    self.fault(where, f"{value['$ref']} leads nowhere: {error}")
            for name, each in value.items():
                self.references(each, f"{where}/{name}")
        elif isinstance(value, list):
            for at, each in enumerate(value):
                self.references(each, f"{where}/{at}")

    def schema(self, schema, where):
        try:
            Draft202012Validator.check_schema(schema)
        except SchemaError as error:
            self.fault(where, f"no schema of JSON Schema 2020-12: {error.json_path}: {error.message}")
            return
        self.examples(schema, schema, where)

    def examples(self, schema, value, where):
        """Every example in a schema is one of what it stands beside."""
        if isinstance(value, dict):
            for example in value.get("examples", []):
                for fault in self.document.faults(AnswerValidator, value, example):
                    self.fault(where, f"example {example!r}: {fault}")
            for name, each in value.items():
                self.examples(schema, each, f"{where}/{name}")
        elif isinstance(value, list):
            for at, each in enumerate(value):
                self.examples(schema, each, f"{where}/{at}")

    def content(self, content, where):
        for name, media_type in content.items():
            self.fields("media type", media_type, f"{where}/{name}")
            self.schema(media_type.get("schema", {}), f"{where}/{name}/schema")

    def parameter(self, parameter, where):
        self.fields("parameter", parameter, where)
        if ("schema" in parameter) == ("content" in parameter):
            self.fault(where, "wants a schema, or else a content")
        if parameter["in"] not in ("query", "header", "path", "cookie"):
            self.fault(where, f"in {parameter['in']}")
        if parameter["in"] == "path" and parameter.get("required") is not True:
            self.fault(where, "a path parameter that is not required")
        if parameter["name"].lower() in ("accept", "content-type", "authorization") and parameter["in"] == "header":
            self.fault(where, "a header that is no parameter")
        if "schema" in parameter:
            self.schema(parameter["schema"], f"{where}/schema")
        self.content(parameter.get("content", {}), f"{where}/content")

    def response(self, response, where):
        self.fields("response", response, where)
        if not response.get("description"):
            self.fault(where, "no description")
        for name, header in response.get("headers", {}).items():
            header = self.follow(header, "headers", f"{where}/{name}")
            self.fields("header", header, f"{where}/{name}")
            self.schema(header.get("schema", {}), f"{where}/{name}")
        self.content(response.get("content", {}), where)

    def operation(self, path, method, operation):
        where = operation.get("operationId", f"{method} {path}")
        self.fields("operation", operation, where)
        names = {tag["name"] for tag in self.root["tags"]}
        if len(operation["tags"]) != 1 or operation["tags"][0] not in names:
            self.fault(where, f"tags {operation['tags']}")
        elif operation["tags"][0] != self.document.tag_of(path)["name"]:
            self.fault(where, "lies in another tag's space")
        for way in operation["security"]:
            for name in set(way) - set(self.root["components"]["securitySchemes"]):
                self.fault(where, f"{name} is no security scheme")
        self.operation_parameters(path, operation, where)
        if "requestBody" in operation:
            self.fields("body", operation["requestBody"], where)
            self.content(operation["requestBody"]["content"], where)
        if not any(re.fullmatch("[23]..", status) for status in operation["responses"]):
            self.fault(where, "never succeeds")
        for status, response in operation["responses"].items():
            if not re.fullmatch("[1-5]..", status):
                self.fault(where, f"answers {status}")
            self.response(self.follow(response, "responses", where), f"{where}/{status}")

    def operation_parameters(self, path, operation, where):
        seen, wilds = set(), set(re.findall(r"\{([^}]*)\}", path))
        for each in operation.get("parameters", []):
            parameter = self.follow(each, "parameters", where)
            self.parameter(parameter, f"{where}/{parameter['name']}")
            key = (parameter["in"], parameter["name"])
            if key in seen:
                self.fault(where, f"parameter {key[1]} is there twice")
            seen.add(key)
        declared = {name for place, name in seen if place == "path"}
        if declared != wilds:
            self.fault(where, f"path parameters {sorted(declared)} for {sorted(wilds)}")

    def paths(self):
        shapes, ids = {}, {}
        for path, item in self.root["paths"].items():
            self.fields("path", item, path)
            shape = re.sub(r"\{[^}]*\}", "{}", path)
            if shape in shapes or not path.startswith("/"):
                self.fault(path, "no path, or the same as another")
            shapes[shape] = path
        for path, method, operation in self.document.operations():
            if operation.get("operationId") in ids:
                self.fault(operation["operationId"], "is the id of two operations")
            ids[operation.get("operationId")] = path
            self.operation(path, method, operation)

    def components(self):
        components = self.root["components"]
        self.fields("components", components, "components")
        for section, values in components.items():
            for name, value in values.items():
                where = f"#/components/{section}/{name}"
                if not re.fullmatch(r"[A-Za-z0-9._-]+", name):
                    self.fault(where, "no name for a component")
                if section == "schemas":
                    self.schema(value, where)
                elif section == "securitySchemes":
                    self.fields(value["type"], value, where)
                    continue
                if where not in self.used:
                    self.fault(where, "is used nowhere")

    def walk(self):
        if self.root.get("openapi") != "3.1.0":
            self.fault("openapi", "is not 3.1.0")
        self.fields("document", self.root, "document")
        self.fields("info", self.root["info"], "info")
        for server in self.root["servers"]:
            self.fields("server", server, "server")
        for tag in self.root["tags"]:
            self.fields("tag", tag, "tag")
            self.response(self.follow(tag["x-no-operation"], "responses", tag["name"]), tag["name"])
        self.references(self.root, "#")
        if not self.faults:
            self.paths()
            self.components()
        return list(dict.fromkeys(self.faults))


# ---- TAP ----

class Report:
    def __init__(self):
        self.count, self.failed = 0, False

    def test(self, name, faults):
        self.count += 1
        self.failed = self.failed or bool(faults)
        print(f"{'not ok' if faults else 'ok'} {self.count} - {name}")
        for fault in faults[:50]:
            print(f"# {fault}")
        if len(faults) > 50:
            print(f"# ... and {len(faults) - 50} more")


def hold(document, folder, seen):
    """What is wrong below a folder, and how many answers there are."""
    faults, count = [], 0
    for name, exchange in exchanges(folder):
        count += 1
        found = [*answer_faults(document, exchange), *request_faults(document, exchange)]
        faults += [f"{name}: {exchange.method} {exchange.path}: {exchange.status}: {fault}" for fault in found]
        _, operation, _ = document.find(exchange.method, exchange.path)
        if operation and exchange.status[0] in "23":
            seen.add(operation["operationId"])
    return faults, count


def main():
    parser = argparse.ArgumentParser(usage=__doc__, add_help=False)
    source = os.environ.get("ROLLCALL_SOURCE", os.path.join(os.path.dirname(__file__), "..", ".."))
    parser.add_argument("--document", default=os.path.join(source, "data", "openapi.json"))
    parser.add_argument("--structure", action="store_true")
    parser.add_argument("--complete", action="store_true")
    parser.add_argument("folders", nargs="*")
    options = parser.parse_args()
    document, report, seen = Document(options.document), Report(), set()
    if options.structure:
        report.test("the document is one of OpenAPI 3.1", Structure(document).walk())
    for folder in options.folders:
        faults, count = hold(document, folder, seen)
        report.test(f"{os.path.basename(folder.rstrip('/'))}: {count} answers are as the document says",
                    faults if count else ["there are none"])
    if options.complete:
        unseen = [operation["operationId"] for _, _, operation in document.operations()
                  if operation["operationId"] not in seen]
        report.test("every operation was seen to succeed", unseen)
    print(f"1..{report.count}")
    return report.failed


if __name__ == "__main__":
    sys.exit(main())
