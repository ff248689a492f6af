"""The Python environment of the tests: stock clients from PyPI, kept outside the checkout and made once for each list of
requirements. Prints the path of its interpreter."""
import hashlib
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
REQUIREMENTS = os.path.join(os.path.dirname(HERE), "requirements.txt")


def main():
    with open(REQUIREMENTS, "rb") as file:
        digest = hashlib.sha256(file.read() + sys.version.encode()).hexdigest()[:12]
    cache = os.environ.get("XDG_CACHE_HOME", os.path.expanduser("~/.cache"))
    venv = os.path.join(cache, "pileus-tests", digest)
    python = os.path.join(venv, "bin", "python")
    done = os.path.join(venv, "complete")
    if not os.path.exists(done):
        subprocess.run([sys.executable, "-m", "venv", "--clear", venv], check=True, stdout=sys.stderr)
        subprocess.run([python, "-m", "pip", "install", "-q", "--disable-pip-version-check", "-r", REQUIREMENTS], check=True, stdout=sys.stderr)
        open(done, "w").close()
    print(python)


main()
