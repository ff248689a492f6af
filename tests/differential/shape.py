"""What an answer says apart from where and when it was said: ids, times, links and addresses become placeholders."""
import json
import re

#: Headers of the server and the connection, not of OpenStack.
TRANSPORT = {"date", "server", "connection", "content-length", "transfer-encoding", "keep-alive", "strict-transport-security"}
UUID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")
HEX = re.compile(r"\b[0-9a-f]{32,128}\b")
TIME = re.compile(r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d")
MAC = re.compile(r"\b([0-9a-f]{2}:){5}[0-9a-f]{2}\b")
IPV4 = re.compile(r"^\d+\.\d+\.\d+\.\d+$")
#: What a JSON schema says after the sentence: the schema itself.
SCHEMA = re.compile(r"\n*Failed validating .*", re.S)
#: A fault as webob writes it for a browser.
PAGE = re.compile(r"<html> <head> <title>(.*)</title> </head> <body> <h1>\1</h1> (.*?)(<br />)* </body> </html>")
TOKEN = re.compile(r"^gAAAA[\w=-]{20,}$")
#: What is drawn by lot, and what an installation calls its own.
RANDOM = {"audit_ids", "adminPass", "secret", "auth_key", "access"}
PLACES = {"host", "host_name", "binding:host_id", "OS-EXT-SRV-ATTR:host", "OS-EXT-SRV-ATTR:hypervisor_hostname", "hypervisor_hostname", "compute_host",
          "os-vol-host-attr:host", "volume_type", "instance_id", "ip_address"}
#: Limits for each volume type.
BY_TYPE = re.compile(r"^(volumes|gigabytes|snapshots)_")
NIL = "00000000-0000-0000-0000-000000000000"


class Shaper:
    """Knows the ids of one cloud by the names that the cases gave them."""

    def __init__(self, cloud):
        self.cloud = cloud

    def answer(self, response, sent, exact, loose):
        """Status, headers and body of an answer."""
        headers = {}
        for name, value in response.headers.items():
            if name.lower() not in TRANSPORT:
                headers[name.lower()] = self.header(name.lower(), value, sent)
        shaped = {"status": response.status_code, "headers": headers}
        if response.content:
            shaped["body"] = self.body(response, sent, exact, loose)
        return shaped

    def header(self, name, value, sent):
        if name in ("vary", "allow"):
            return ", ".join(sorted({part.strip().lower() for part in value.split(",")}))
        if name == "last-modified":
            return "<date>"
        return self.text(value, sent)

    def body(self, response, sent, exact, loose):
        try:
            parsed = json.loads(response.content)
        except ValueError:
            text = re.sub(r"\s+", " ", self.text(response.text[:2000], sent)).strip()
            return PAGE.sub(r"\1, page: \2", text)
        if isinstance(parsed, dict):
            return {self.text(key, sent): self.value(value, sent, exact, loose, key, 1) for key, value in parsed.items()}
        return self.value(parsed, sent, exact, loose, "", 1)

    def value(self, value, sent, exact, loose, path, depth):
        if path in loose:
            return {"<like>": kind(value)}
        if isinstance(value, dict):
            return {self.text(key, sent): self.value(inner, sent, exact, loose, f"{path}.{key}", depth + 1) for key, inner in value.items() if not BY_TYPE.match(key)}
        if isinstance(value, list):
            if depth == 1 and not exact and all(isinstance(item, dict) for item in value):
                return {"<like>": kind(value)}
            items = [self.value(item, sent, exact, loose, f"{path}.0", depth + 1) for item in value]
            # Only a list of resources has an order that the API promises.
            return items if depth == 1 else sorted(items, key=lambda item: json.dumps(item, sort_keys=True))
        if isinstance(value, str) and value and f'"{value}"' not in sent:
            key = next((step for step in reversed(path.split(".")) if step != "0"), "")
            if key in RANDOM or key in PLACES:
                return f"<{key}>"
        if isinstance(value, float):
            return "<float>"
        return self.text(value, sent) if isinstance(value, str) else value

    def text(self, text, sent):
        if IPV4.match(text) and text not in sent:
            return "<ipv4>"
        if TOKEN.match(text):
            return "<token>"
        text = SCHEMA.sub("", text)
        for service, root in self.cloud.roots.items():
            text = re.sub(re.escape(root) + r"(?=/|$|\W)", f"<{service}>", text)
        for name, value in sorted(self.cloud.known.items(), key=lambda pair: -len(str(pair[1]))):
            if isinstance(value, str) and len(value) >= 8:
                text = text.replace(value, f"<{name}>")
        text = UUID.sub(lambda found: found[0] if found[0] == NIL or found[0] in sent else "<uuid>", text)
        text = HEX.sub(lambda found: found[0] if found[0] in sent else f"<hex{len(found[0])}>", text)
        text = TIME.sub(lambda found: re.sub(r"\d", "0", found[0]), text)
        text = re.sub(r"(?<=00:00:00)\.\d+", lambda found: "." + "0" * (len(found[0]) - 1), text)
        return MAC.sub("<mac>", text)


def kind(value):
    """The keys and types of a value, of all elements of a list together."""
    if isinstance(value, dict):
        return {key: kind(inner) for key, inner in value.items() if not BY_TYPE.match(key)}
    if isinstance(value, list):
        merged = None
        for item in value:
            merged = kind(item) if merged is None else merge(merged, kind(item))
        return [] if merged is None else [merged]
    return {type(None): "null", bool: "bool", int: "int", float: "float", str: "str"}[type(value)]


def merge(one, other):
    if isinstance(one, dict) and isinstance(other, dict):
        return {key: merge(one[key], other[key]) if key in one and key in other else one.get(key, other.get(key)) for key in {**one, **other}}
    if isinstance(one, list) and isinstance(other, list):
        return [merge(one[0], other[0])] if one and other else one or other
    if isinstance(one, str) and isinstance(other, str):
        return "|".join(sorted(set(one.split("|")) | set(other.split("|"))))
    return one if not isinstance(one, str) else other
