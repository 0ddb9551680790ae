"""Does in a scratch Debian root what docs/installing.md prints, in order, and compares the answers.

    tests/deb/run.py ROOT PACKAGE NEXT_PACKAGE

The commands of the page's `console` blocks run in one shell of root, after `chroot`. Output that is printed there must
be the same: JSON as JSON, other text as text, with `…` for anything. What the page calls its package, its database and
its token are those of the test. Then it sees that nothing is left but what is to stay.
"""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "installing.md"
PRINTED_DATABASE = "postgres://acceptance:secret@db.example.com/acceptance"
PRINTED_ADDRESS = "127.0.0.1:8080"
STATE = "var/lib/call-acceptance"
SETTINGS = "etc/default/call-acceptance"


def steps():
    """The commands of the page, each with the output that is printed behind it."""
    blocks = re.findall(r"^```console\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    found = []
    for line in "".join(blocks).splitlines():
        if line[:2] in ("# ", "$ "):
            found.append([line[2:], []])
        elif found[-1][0].endswith("\\"):
            found[-1][0] += "\n" + line
        else:
            found[-1][1].append(line)
    return found


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


class Shell:
    """A shell of root in the scratch root."""

    END = "end of the answer"

    def __init__(self, root):
        self.root = root
        self.token = None
        self.port = free_port()
        environment = {"PATH": "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LANG": "C.UTF-8"}
        self.process = subprocess.Popen(
            ["chroot", root, "bash", "--noprofile", "--norc"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment,
        )

    def run(self, command):
        """Runs a command; its standard output. It must succeed."""
        end = f"status=$?; echo; echo {self.END}: $status"
        self.process.stdin.write(f"cd /root\n{{ {command}\n}} 2>/root/errors </dev/null; {end}\n")
        self.process.stdin.flush()
        lines = []
        for line in self.process.stdout:
            if line.startswith(self.END):
                text = "".join(lines).removesuffix("\n")
                errors = (self.root / "root/errors").read_text()
                assert line.strip() == f"{self.END}: 0", f"$ {command}\n{text}{errors}{line}"
                return text
            lines.append(line)
        raise AssertionError(f"the shell has ended after {command}:\n{''.join(lines)}")


def comparable(text):
    try:
        return json.loads(text)
    except ValueError:
        return text.strip()


def compare(command, printed, output):
    if not printed:
        return
    expected, found = comparable("\n".join(printed)), comparable(output)
    if isinstance(expected, str) and isinstance(found, str):
        pattern = ".*?".join(re.escape(part) for part in expected.split("…"))
        assert re.fullmatch(pattern, found, re.DOTALL), f"$ {command}\n{found}\nbut the page prints\n{expected}"
    else:
        assert expected == found, f"$ {command}\n{output}\nbut the page prints\n{expected}"


def follow_the_page(root, shell, packages, database):
    names = [Path(package).name for package in packages]
    shutil.copy(Path(__file__).with_name("systemctl"), root / "usr/local/bin/systemctl")
    for package in packages:
        shutil.copy(package, root / "root")
    printed_names = ["call-acceptance_1.0.0-1_amd64.deb", "call-acceptance_1.0.0-2_amd64.deb"]
    compared = 0
    for command, printed in steps():
        for printed_name, name in zip(printed_names, names, strict=True):
            command = command.replace(printed_name, name)
        command = command.replace(PRINTED_DATABASE, database).replace(PRINTED_ADDRESS, f"127.0.0.1:{shell.port}")
        if shell.token:
            command = command.replace("ca_<id>_<secret>", shell.token)
        print(f"$ {command}", flush=True)
        output = shell.run(command)
        if printed == ["ca_<id>_<secret>"]:
            shell.token = output.strip()
            printed = ["ca_…_…"]
        compare(command, printed, output)
        compared += bool(printed)
        settings = root / SETTINGS
        if command.startswith("dpkg --install") and "\nCALL_ACCEPTANCE_LISTEN=" not in settings.read_text():
            check_package(root)
            with settings.open("a") as file:
                file.write(f"CALL_ACCEPTANCE_LISTEN=127.0.0.1:{shell.port}\n")
    assert compared >= 5, f"the page prints {compared} answers"


def check_package(root):
    """What a package has to hold, and who may read it."""
    for path in [
        "usr/bin/call-acceptance", "lib/systemd/system/call-acceptance.service",
        "usr/share/man/man1/call-acceptance.1.gz", "usr/share/man/man1/call-acceptance-token-create.1.gz",
        "usr/share/bash-completion/completions/call-acceptance", "usr/share/zsh/vendor-completions/_call-acceptance",
        "usr/share/fish/vendor_completions.d/call-acceptance.fish", "usr/share/call-acceptance/kamailio/kamailio.cfg",
        "usr/share/call-acceptance/ha/haproxy.cfg", "usr/share/call-acceptance/prometheus/call-acceptance.rules.yml",
        "usr/share/call-acceptance/grafana/call-acceptance.json",
        "usr/share/doc/call-acceptance/third-party-licenses.txt", "usr/share/doc/call-acceptance/copyright",
    ]:
        assert (root / path).is_file(), f"the package has no /{path}"
    mode = (root / SETTINGS).stat().st_mode & 0o777
    assert mode == 0o600, f"others can read the settings: {mode:o}"
    # Data of an embedded database, which stay whatever becomes of the package.
    (root / STATE).mkdir(mode=0o700, parents=True, exist_ok=True)
    (root / STATE / "call-acceptance.db").write_text("data")


def check_removed(root, shell):
    """Removing leaves the settings; purging leaves the data alone."""
    shell.run("dpkg --purge call-acceptance")
    assert not (root / SETTINGS).exists(), "purging leaves the settings"
    assert not (root / "usr/bin/call-acceptance").exists(), "purging leaves the program"
    assert (root / STATE / "call-acceptance.db").read_text() == "data", "purging takes the data"


def main():
    root, *packages = sys.argv[1:]
    root = Path(root)
    shell = Shell(root)
    try:
        follow_the_page(root, shell, packages, os.environ["TEST_POSTGRES_URL"])
        check_removed(root, shell)
    finally:
        pid = root / "run/call-acceptance.pid"
        if pid.exists():
            os.kill(int(pid.read_text()), 15)
        shell.process.stdin.close()
        shell.process.wait()
    print("The package does what docs/installing.md prints.")


main()
