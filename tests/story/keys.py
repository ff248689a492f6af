"""Secrets in the key manager, by the stock client and by openstacksdk. Runs alone, and as a part of the story."""
import base64
import os
import tempfile

import openstack as sdk

from client import openstack, refused, say


def by_the_client():
    stored = openstack("secret", "store", "--name", "story", "--payload", "hunter2", "--secret-type", "passphrase")
    href = stored["Secret href"]
    assert "/key-manager/v1/secrets/" in href, stored
    listed = openstack("secret", "list", "--name", "story")
    assert [row["Secret href"] for row in listed] == [href], listed
    shown = openstack("secret", "get", href)
    # The client sends whatever it is given as bytes.
    assert shown["Status"] == "ACTIVE" and shown["Content types"] == {"default": "application/octet-stream"}, shown
    assert openstack("secret", "get", href, "--payload")["Payload"] == "hunter2"
    openstack("secret", "consumer", "create", href, "--service-type-name", "image", "--resource-type", "image",
              "--resource-id", "one", data=False)
    assert len(openstack("secret", "consumer", "list", href)) == 1
    assert "consumers" in refused("secret", "delete", href)
    openstack("secret", "delete", "--force", href, data=False)
    said = refused("secret", "get", href)
    assert "not found" in said.lower(), said

    key = os.urandom(32)
    with tempfile.NamedTemporaryFile() as file:
        file.write(key)
        file.flush()
        href = openstack("secret", "store", "--name", "later", "--algorithm", "aes", "--bit-length", "256",
                         "--secret-type", "symmetric", "--file", file.name)["Secret href"]
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "key")
        openstack("secret", "get", href, "--file", path, "--payload_content_type", "application/octet-stream", data=False)
        with open(path, "rb") as file:
            assert file.read() == key, "as it was stored"
    openstack("secret", "delete", href, data=False)


def by_the_sdk():
    manager = sdk.connect().key_manager
    made = manager.create_secret(name="sdk", algorithm="aes", bit_length=128, secret_type="symmetric",
                                 payload=base64.b64encode(bytes(16)).decode(), payload_content_encoding="base64",
                                 payload_content_type="application/octet-stream")
    try:
        assert [secret.name for secret in manager.secrets(name="sdk")] == ["sdk"]
        read = manager.get_secret(made.secret_id)
        assert (read.bit_length, read.status) == (128, "ACTIVE"), read
    finally:
        manager.delete_secret(made.secret_id)
    # Its get does not look at the status of the answer: the list tells.
    assert not list(manager.secrets(name="sdk")), "the secret is still there"


def keys():
    by_the_client()
    by_the_sdk()
    say("secrets are kept, given back and forgotten")


if __name__ == "__main__":
    keys()
    print("1 passed, 0 failed", flush=True)
