"""See the package's documentation."""
import argparse
import subprocess
import sys

from lab import Lab, say


def main():
    parser = argparse.ArgumentParser(prog="lab")
    parser.add_argument("--name", default="lab")
    parser.add_argument("--keep", action="store_true", help="keep the state directory (logs, databases)")
    parser.add_argument("--set", action="append", default=[], metavar="SECTION.OPTION=VALUE")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    arguments = parser.parse_args()
    command = [word for word in arguments.command if word != "--"] if arguments.command[:1] == ["--"] else arguments.command
    lab = Lab(arguments.name, arguments.set)
    status = 1
    try:
        lab.up()
        status = lab.inside(command, env=lab.environment()).returncode
    finally:
        if status != 0:
            say("the last of the log:")
            subprocess.run(["tail", "-n", "40", f"{lab.state}/log/pileus.log"], check=False)
        lab.remove(keep_state=arguments.keep or status != 0)
    sys.exit(status)


main()
