"""Makes the fuzzing targets' seeds of the golden cases and their records: seeds FOLDER, a folder a target in it."""
import base64
import json
import os
import pathlib
import re
import struct
import sys

tests = pathlib.Path(__file__).resolve().parent.parent
golden = pathlib.Path(os.environ.get("ROLLCALL_GOLDEN", tests / "golden"))
out = pathlib.Path(sys.argv[1])


def seed(target, name, content):
    folder = out / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name.replace("/", "-")).write_bytes(content if isinstance(content, bytes) else content.encode())


def variables(head):
    """The CGI variables of a golden case's request, without its body."""
    first, *headers = head.split("\n")
    method, target = first.split(" ", 1)
    yield "REQUEST_METHOD", method
    yield "REQUEST_URI", target
    yield "QUERY_STRING", target.partition("?")[2]
    for header in filter(None, headers):
        name, _, value = header.partition(":")
        name = name.upper().replace("-", "_")
        yield name if name == "CONTENT_TYPE" else "HTTP_" + name, value.strip()


def fastcgi(pairs, body):
    """The bytes a web server sends for such a request (FastCGI specification 1.0)."""
    def record(kind, content):
        return struct.pack(">BBHHBB", 1, kind, 1, len(content), 0, 0) + content

    def length(text):
        return struct.pack(">B", len(text)) if len(text) < 128 else struct.pack(">I", len(text) | 1 << 31)

    params = b"".join(length(n) + length(v) + n + v for n, v in
                      ((n.encode(), v.encode()) for n, v in pairs + [("CONTENT_LENGTH", str(len(body)))]))
    return (record(1, struct.pack(">HB5x", 1, 0)) + record(4, params) + record(4, b"") +
            (record(5, body) if body else b"") + record(5, b""))


def world_folders():
    """In the order of the targets' worlds, which is that of glob(3)."""
    return [pathlib.Path(path).parent for path in sorted(map(str, golden.glob("*/records.jsonl")))]


def requests():
    asked = {}
    for number, folder in enumerate(world_folders()):
        for path in sorted(folder.glob("*/request*")):
            name = f"{folder.name}-{path.parent.name}-{path.name}"
            head, _, body = path.read_text().partition("\n\n")
            pairs = list(variables(head.rstrip("\n")))
            lines = "".join(f"{name}={value}\n" for name, value in pairs)
            asked.setdefault(f"{folder.name}-{path.parent.name}", [chr(ord("a") + number)]).append(f"{lines}\n{body}")
            if path.name == "request" and number % 2 == 0:
                seed("client", name, "@\n" + lines)
            if path.name == "request":
                seed("gateway", name, fastcgi(pairs, body.encode()))
            if body.startswith("{"):
                seed("record", name, "n" + body)
            for name, value in pairs:
                for word in value.split("=") if name == "QUERY_STRING" else []:
                    seed("pattern", f"{folder.name}-{path.parent.name}", f"r{word}\nNexus 5Android{word}")
    for name, (world, *steps) in asked.items():
        seed("request", name, f"{world}@\n" + "\n%%\n".join(steps))


def records():
    for number, folder in enumerate(world_folders()):
        lines = (folder / "records.jsonl").read_text().splitlines()
        for at, line in enumerate(lines):
            seed("record", f"{folder.name}-{at}", "0" + line)
            seed("import", f"{folder.name}-{at}", f"{chr(ord('a') + number)}{line}\n")
        for kind in ("app", "user", "session"):
            some = [line for line in lines if json.loads(line)["kind"] == kind][:4]
            seed("import", f"{folder.name}-{kind}s", chr(ord("a") + number) + "\n".join(some))


def routes():
    """Every route of the OpenAPI document, asked for by the app that all worlds have (world.c)."""
    document = json.loads((tests.parent / "data" / "openapi.json").read_text())
    session = "00000001-0000-7000-8000-000000000099"
    bodies = {
        ("post", "/rollcall/v1/sessions"): {
            "user": "new", "identifier": "n@example.com", "expires_in_s": 99, "user_agent": "x", "ip": "203.0.113.7",
            "device": {"type": "tablet", "os": {"name": "x"}}},
        ("post", "/rollcall/v1/sessions/revoke"): {"user": "u", "except": session, "as": "logged_out"},
        ("post", "/rollcall/v1/sessions/{session_id}/extend"): {"expires_in_s": 3600},
        ("put", "/v2/session/apps/{app_id}/config/tokens"): {"access_token_lifetime": 60, "refresh_token_lifetime": 7200},
        ("post", "/v2/session/apps/{app_id}/tokens"): {"user_id": "u", "claims": {"x": 1}},
    }
    credentials = {
        "adminKey": "HTTP_AUTHORIZATION=Bearer rk_fuzz", "adminKeyBare": "HTTP_AUTHORIZATION=rk_fuzz",
        "statusToken": "HTTP_AUTHORIZATION=Bearer status", "preludeManagementKey": "HTTP_AUTHORIZATION=Bearer mk_fuzz",
        "preludeAccessToken": f"HTTP_AUTHORIZATION=Bearer {{token:{session}}}",
        "preludeRefreshToken": "HTTP_X_REFRESH_TOKEN=refresh_fuzz",
        "preludeRefreshCookie": "HTTP_COOKIE=__Host-refresh_fuzz=refresh_fuzz",
        "corbadoProject": "HTTP_AUTHORIZATION=Basic " + base64.b64encode(b"fuzz:corbado1_fuzz").decode(),
        "streambirdKey": "HTTP_AUTHORIZATION=Bearer sk_fuzz", "kratosSessionToken": "HTTP_X_SESSION_TOKEN=token_fuzz",
        "rocketchatUserId": "HTTP_X_USER_ID=u\nHTTP_X_AUTH_TOKEN=token_fuzz",
    }
    for path, methods in document["paths"].items():
        target = path.replace("{app_id}", "fuzz")
        for name in ("user_id", "userID"):
            target = target.replace("{%s}" % name, "u")
        for name in ("session_id", "sessionID", "longSessionID", "id"):
            target = target.replace("{%s}" % name, "ses-fuzz" if path.startswith("/v2/") else session)
        for method in ("get", "post", "put", "patch", "delete"):
            for need in (methods[method].get("security") or [{}]) if method in methods else []:
                head = [credentials[name] for name in need if name in credentials]
                body = json.dumps(bodies.get((method, path), {})) if method in ("post", "put", "patch") else ""
                for number, query in enumerate(("", "limit=2&created_from=2025-01-01T00:00:00Z&status=active&expand=devices")):
                    lines = [f"REQUEST_METHOD={method.upper()}", f"REQUEST_URI={target}", f"QUERY_STRING={query}", *head]
                    name = f"{method}{target}-{'-'.join(need)}-{number}"
                    seed("request", name, "ax\n" + "\n".join(lines) + "\n\n" + body)
                    if body:
                        seed("record", name, "n" + body)
    # A site that believes X-Forwarded-*, and has a prefix and a public URL.
    for flags in "GKCP":
        seed("request", f"site-{flags}", f"a{flags}\nREQUEST_METHOD=OPTIONS\nREQUEST_URI=/auth/sessions?x=1\nHTTP_ORIGIN="
             "https://app.example.com\nHTTP_ACCESS_CONTROL_REQUEST_METHOD=GET\nREMOTE_ADDR=10.0.0.1\n"
             "HTTP_X_FORWARDED_FOR=203.0.113.7, 10.1.1.1\nHTTP_FORWARDED=for=1.2.3.4;proto=https\n")


def forwarded():
    seeds = [
        "REMOTE_ADDR=10.0.0.1\nHTTP_X_FORWARDED_FOR=203.0.113.7, 10.0.0.2\nHTTP_X_FORWARDED_PROTO=https\n"
        "HTTP_X_FORWARDED_HOST=id.example.com:8443\n",
        'REMOTE_ADDR=::ffff:10.0.0.1\nHTTP_FORWARDED=for="[2001:db8::7]:99";proto=https;host="a.example", for=10.1.1.1\n',
        "REMOTE_ADDR=10.0.0.1\nHTTP_FORWARDED=for=unknown;by=_x, for=\"_hidden\"\nHTTPS=on\nHTTP_HOST=a.example\n",
        "HTTP_COOKIE=a=b; ory_kratos_session=\"x y\"; ory_session_1=z;;=;c\nHTTP_AUTHORIZATION=Basic dTpw\n",
        "HTTP_AUTHORIZATION=Bearer  abc\nSERVER_PORT=443\nSERVER_NAME=a.example\nREDIRECT_HTTP_AUTHORIZATION=Basic dTpw\n",
    ]
    for number, text in enumerate(seeds):
        for trust in "@AB":
            seed("client", f"forwarded-{number}-{ord(trust)}", text.replace("REMOTE", trust + "\nREMOTE", 1))


def tokens():
    header = {"alg": "RS256", "typ": "JWT", "kid": "k"}
    claims = {"iss": "urn:x", "aud": "acme", "sub": "j", "sid": "s", "jti": "1", "iat": 1, "exp": 2}
    proof = {"htm": "GET", "htu": "https://a.example/x", "iat": 0, "jti": "1", "nonce": "n"}
    seed("token", "jwt-signed", "j" + json.dumps(header) + "\n" + json.dumps(claims))
    seed("token", "dpop-signed", "d" + json.dumps({"alg": "ES256", "typ": "dpop+jwt"}) + "\n" + json.dumps(proof))
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in (header, claims)]
    seed("token", "jwt-as-sent", "J" + ".".join(parts) + ".c2ln")
    jwk = {"kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
           "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}
    head = {"typ": "dpop+jwt", "alg": "ES256", "jwk": jwk}
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in (head, proof)]
    seed("token", "dpop-as-sent", "D" + ".".join(parts) + "." + "A" * 86)


def small():
    for number, text in enumerate(["page_size=5&page_token=eyJwYWdlIjoiMSIsInYiOjF9", "per_page=3&page=2", "page_token="]):
        seed("page", f"kratos-{number}", "k" + text)
    for number in range(4):
        seed("page", f"mark-{number}", b"m" + bytes([number, 0, 9, 1]))
    seed("page", "mark-raw", "rAAAB" + "A" * 60)
    for number, text in enumerate(["^(a|b)*c$", "(?i)nex.s \\d+", "[[:alpha:]]{2,}(?=x)", "(a+)+$", "\\p{L}\\bx", "((?R))"]):
        seed("pattern", f"regex-{number}", f"r{text}\naaaaaaaaaaaaaaaaaaaaab Nexus 5")
        seed("pattern", f"literal-{number}", f"l{text}\n{text}")
    agents = ["Mozilla/5.0 (Linux; Android 10; Pixel 4) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/96.0 Mobile Safari/537.36",
              "Mozilla/5.0 (iPhone; CPU iPhone OS 16_5 like Mac OS X) AppleWebKit/605.1.15 Version/16.5 Mobile/15E148 Safari/604.1",
              "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:109.0) Gecko/20100101 Firefox/115.0", "curl/8.1.2"]
    for number, agent in enumerate(agents):
        seed("user_agent", str(number), agent)
    settings = ['workers = 4 # of them', 'store = "/var/lib/rollcall" /* there */', "listen = 'tcp:127.0.0.1:9000'",
                'socket_mode = "0660"', 'trusted_proxies = {"10.0.0.0/8", "::1"}', 'cookie_names = {"a", "b_*"}', 'user = ${HOME}x',
                'public_url = "https://x.example"', 'log_level = debug // all', 'access_log = "json"', 'confine = "require"']
    seed("configuration", "all", "\n".join(settings))
    for number, setting in enumerate(settings + ["workers = many", '"" = 1', "nobody = \"knows\"", "store =", "workers += 1", "workers {"]):
        seed("configuration", str(number), setting)
    # Bytes to be flipped in what the target itself makes.
    for target in ("damage", "message", "stored"):
        for number in range(48):
            seed(target, f"bent-{number}", bytes([number % 12, number // 4, number % 5]) + bytes([0, number, 1] * (number % 3)))
    # A batch's instant, behind the version, flipped to one before all time; of an ending, and of a new session.
    for put in (2, 6):
        seed("message", f"before-all-time-{put}", bytes([21, put, 0, 1, 0x80]))


def names(value):
    """All names of members in a JSON value, and what is named there by words."""
    if isinstance(value, dict):
        for name, member in value.items():
            yield name
            yield from names(member)
    elif isinstance(value, list):
        for member in value:
            yield from names(member)
    elif isinstance(value, str) and value.isidentifier():
        yield value


def dictionary():
    """Words that mutations put in, for libFuzzer's -dict."""
    words = {"REQUEST_METHOD=", "REQUEST_URI=", "QUERY_STRING=", "PATH_INFO=", "SCRIPT_NAME=", "REMOTE_ADDR=", "HTTPS=on",
             "HTTP_AUTHORIZATION=Bearer ", "HTTP_AUTHORIZATION=Basic ", "HTTP_COOKIE=", "HTTP_FORWARDED=for=",
             "HTTP_X_FORWARDED_FOR=", "HTTP_X_FORWARDED_PROTO=https", "HTTP_X_FORWARDED_HOST=", "HTTP_DPOP=", "HTTP_ORIGIN=",
             "HTTP_X_USER_ID=", "HTTP_X_AUTH_TOKEN=", "HTTP_X_SESSION_TOKEN=", "CONTENT_TYPE=application/json"}
    for folder in world_folders():
        for line in (folder / "records.jsonl").read_text().splitlines():
            words.update(names(json.loads(line)))
    document = json.loads((tests.parent / "data" / "openapi.json").read_text())
    words.update(document["paths"])
    for parameter in document["components"]["parameters"].values():
        words.add(parameter["name"])
    for methods in document["paths"].values():
        for method in methods.values():
            words.update(each["name"] for each in (method.get("parameters", []) if isinstance(method, dict) else [])
                         if "name" in each)
    words.update(re.findall(r'^    \{"([a-z_0-9]+)"', (tests.parent / "src/serve/options.c").read_text(), re.M))
    (out / "words").write_text("".join('"%s"\n' % word for word in sorted(words) if word.isascii() and '"' not in word))


requests()
records()
routes()
forwarded()
tokens()
small()
dictionary()
