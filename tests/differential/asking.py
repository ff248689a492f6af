"""How a file of cases speaks: requests with names of what was kept before in braces, each answer noted under its name."""
import json
import re
import time

from shape import Shaper

NAME = re.compile(r"\{([a-z][a-z0-9_]*)\}")


class Ask:
    """Sends the requests of one file of cases to one cloud and notes the answers."""

    def __init__(self, cloud, service, only=None):
        self.cloud, self.service, self.only = cloud, service, only
        self.shaper = Shaper(cloud)
        self.answers = {}
        #: What the cloud said in full, for who looks into a difference.
        self.said = {}

    def __call__(self, request, body=None, who="admin", keep=None, undo=None, version=None, headers=None, exact=False, loose=(), note=None, until=None):
        """Sends `request` ("GET /v3/users/{user}") and notes its answer.

        `keep` names values of the answer ({"user": "user.id"}), `undo` is a path to DELETE when all is over, `exact` compares
        a list element by element and not by its kind, `loose` are places of which keys and types are compared alone.
        """
        headers = dict(headers or {})
        name = self.name(request, body, who, version, headers, note)
        if version:
            headers["OpenStack-API-Version"] = f"{self.service} {version}"
        response = self.send(self.service, request, body, who, headers)
        self.keep(response, keep, undo)
        sent = request + json.dumps(self.filled(body) if not isinstance(body, bytes) else "")
        self.answers[name] = self.shaper.answer(response, sent, exact, loose)
        self.said[name] = f"{response.status_code} {dict(response.headers)} {response.text[:1500]}"
        return response

    def quietly(self, service, request, body=None, who="admin", keep=None, undo=None, headers=None):
        """What a case stands on: sent, but not noted."""
        response = self.send(service, request, body, who, headers or {})
        if response.status_code >= 400:
            print(f"  not ready: {request}: {response.status_code} {response.text[:300]}", flush=True)
        self.keep(response, keep, undo, service)
        return response

    def wait(self, path, place, wanted, who="admin", service=None, seconds=60):
        """Until something has the state that is wanted; not noted."""
        deadline = time.monotonic() + seconds
        while True:
            response = self.send(service or self.service, f"GET {path}", None, who, {})
            if wanted is None:
                if response.status_code == 404:
                    return
            elif response.status_code == 404:
                return
            elif response.ok and found(response.json(), place) == wanted:
                return
            if time.monotonic() > deadline:
                print(f"  not {wanted} in {seconds} s: {path}: {response.text[:300]}", flush=True)
                return
            time.sleep(0.3)

    def send(self, service, request, body, who, headers):
        method, path = request.split(" ", 1)
        return self.cloud.send(service, method, self.filled(path), self.filled(body), who, {key: self.filled(value) for key, value in headers.items()})

    def keep(self, response, keep, undo, service=None):
        if not 200 <= response.status_code < 300:
            return
        for name, place in (keep or {}).items():
            self.cloud.known[name] = response.headers.get(place[1:]) if place.startswith("@") else found(response.json(), place)
        if undo:
            self.cloud.undo.append((service or self.service, self.filled(undo)))

    def filled(self, value):
        """With what was kept in the place of its name."""
        if isinstance(value, str):
            return NAME.sub(lambda match: str(self.cloud.known.get(match[1], "missing-" + match[1])), value)
        if isinstance(value, dict):
            return {self.filled(key): self.filled(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.filled(item) for item in value]
        return value

    def name(self, request, body, who, version, headers, note):
        parts = [request if len(request) < 140 else f"{request[:100]}...{len(request)}"]
        if body is not None:
            text = body if isinstance(body, str) else json.dumps(shortened(body)) if not isinstance(body, bytes) else repr(body[:20])
            parts.append(text if len(text) < 160 else f"{text[:120]}...{len(text)}")
        parts += [f"[{key}: {value}]" for key, value in headers.items()]
        parts += [f"@{version}"] if version else []
        parts += [f"as {who}"] if who != "admin" else []
        parts += [f"({note})"] if note else []
        name = " ".join(parts)
        number, unique = 1, name
        while unique in self.answers:
            number += 1
            unique = f"{name} #{number}"
        return unique


def found(value, place):
    """The value at a place: `user.id`, `servers.0.id`."""
    for step in place.split("."):
        value = value[int(step)] if isinstance(value, list) else value.get(step) if isinstance(value, dict) else None
    return value


def shortened(value):
    if isinstance(value, str) and len(value) > 40:
        return f"{value[:3]}...{len(value)}"
    if isinstance(value, dict):
        return {shortened(key): shortened(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [shortened(item) for item in value[:6]]
    return value
