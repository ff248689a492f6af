"""How two shaped answers differ, and which differences are wanted."""
import fnmatch
import os
import tomllib

HERE = os.path.dirname(os.path.abspath(__file__))
NOTHING = "(nothing)"


def differences(reference, ours):
    """Triples: where, what the reference says, what ours says."""
    if reference["status"] != ours["status"]:
        return [("status", f"{reference['status']} {brief(reference.get('body'))}", f"{ours['status']} {brief(ours.get('body'))}")]
    found = []
    names = sorted(set(reference["headers"]) | set(ours["headers"]))
    for name in names:
        one, other = reference["headers"].get(name, NOTHING), ours["headers"].get(name, NOTHING)
        if one != other:
            found.append((f"headers.{name}", one, other))
    walk("body", reference.get("body", NOTHING), ours.get("body", NOTHING), found)
    return found


def brief(body):
    return str(body)[:200]


def walk(path, one, other, found):
    if isinstance(one, dict) and isinstance(other, dict):
        if "<like>" in one and "<like>" in other:
            return alike(path, one["<like>"], other["<like>"], found)
        for key in sorted(set(one) | set(other)):
            walk(f"{path}.{key}", one.get(key, NOTHING), other.get(key, NOTHING), found)
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for number, (left, right) in enumerate(zip(one, other)):
            walk(f"{path}.{number}", left, right, found)
    elif type(one) is not type(other) or one != other:
        found.append((path, one, other))


def alike(path, one, other, found):
    """Of what an installation is full of, the keys and the types are compared."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted(set(one) | set(other)):
            if key in one and key in other:
                alike(f"{path}.{key}", one[key], other[key], found)
            else:
                found.append((f"{path}.{key}", one.get(key, NOTHING), other.get(key, NOTHING)))
    elif isinstance(one, list) and isinstance(other, list):
        if one and other:
            alike(f"{path}.*", one[0], other[0], found)
    elif isinstance(one, str) and isinstance(other, str):
        if not set(one.split("|")) & set(other.split("|")) and "null" not in (one, other):
            found.append((path, one, other))
    elif "null" not in (one, other):
        found.append((path, one, other))


class Wanted:
    """The table of differences that are wanted, each with its reason."""

    def __init__(self):
        with open(os.path.join(HERE, "differences.toml"), "rb") as file:
            self.rows = tomllib.load(file).get("difference", [])
        self.used = [0] * len(self.rows)

    def covers(self, file, case, at, reference, ours):
        """Whether a difference is in the table."""
        for number, row in enumerate(self.rows):
            if (fnmatch.fnmatchcase(file, row.get("file", "*")) and self.among(row.get("case", "*"), case)
                    and self.among(row.get("at", "*"), at)
                    and self.says(row.get("reference"), reference) and self.says(row.get("ours"), ours)):
                self.used[number] += 1
                return True
        return False

    @staticmethod
    def among(patterns, text):
        patterns = [patterns] if isinstance(patterns, str) else patterns
        return any(fnmatch.fnmatchcase(text, pattern) for pattern in patterns)

    def says(self, patterns, value):
        return patterns is None or self.among(patterns, str(value))

    def show(self, files):
        """Prints the table; the rows of these files that nothing needed."""
        idle = []
        print("\nDifferences that are wanted:")
        for row, used in zip(self.rows, self.used):
            if any(fnmatch.fnmatchcase(file, row.get("file", "*")) for file in files):
                print(f"  {used:4} x {row.get('file', '*')} {row.get('case', '*')} {row.get('at', '*')}: {row['why']}")
                if not used:
                    idle.append(row)
        return idle


class Open:
    """Differences that are neither wanted nor mended yet, a line for each case: these lists only get shorter."""

    FOLDER = os.path.join(HERE, "open")

    def __init__(self, files):
        self.files, self.rows, self.used = files, set(), set()
        for name in files:
            if os.path.exists(self.place(name)):
                with open(self.place(name)) as file:
                    for line in file:
                        case, places = line.rstrip("\n").split("\t")
                        self.rows |= {(name, case, at) for at in places.split()}

    def place(self, name):
        return os.path.join(self.FOLDER, f"{name}.txt")

    def covers(self, file, case, at):
        row = (file, case, at.replace(" ", "_"))
        if row in self.rows:
            self.used.add(row)
        return row in self.rows

    def paid(self):
        """Rows that nothing needs any more."""
        return sorted(self.rows - self.used)

    def settle(self, fresh):
        """Writes what is open now."""
        os.makedirs(self.FOLDER, exist_ok=True)
        rows = self.used | {(file, case, at.replace(" ", "_")) for file, case, at in fresh}
        for name in self.files:
            cases = {}
            for file, case, at in sorted(rows):
                if file == name:
                    cases.setdefault(case, []).append(at)
            with open(self.place(name), "w") as file:
                for case, places in cases.items():
                    file.write(f"{case}\t{' '.join(places)}\n")
        self.rows = self.used
