"""editor.py CONFIGURATION PORT KERNEL: does with gdb what VS Code's debugger does
for a configuration of .vscode/launch.json. Each command is shown as `>> command`
before gdb's answers."""
import json
import os
import select
import subprocess
import sys
import time

LIMIT = 300		# seconds for everything: what waits, waits for gdb


class Editor:
    def __init__(self, gdb):
        self.gdb = subprocess.Popen([gdb, "-q", "-nx", "--interpreter=mi2"], stdin=subprocess.PIPE,
                                    stdout=subprocess.PIPE)
        self.token, self.rest, self.end = 0, b"", time.monotonic() + LIMIT

    def line(self):
        while b"\n" not in self.rest:
            left = max(self.end - time.monotonic(), 0)
            if not select.select([self.gdb.stdout], [], [], left)[0]:
                sys.exit("gdb says nothing more")
            more = os.read(self.gdb.stdout.fileno(), 65536)
            if not more:
                sys.exit("gdb has ended")
            self.rest += more
        line, _, self.rest = self.rest.partition(b"\n")
        print(line.decode(), flush=True)
        return line.decode()

    def wait_for(self, start):
        while not self.line().startswith(start):
            pass

    def do(self, command):
        self.token += 1
        print(">> " + command, flush=True)
        self.gdb.stdin.write(f"{self.token}{command}\n".encode())
        self.gdb.stdin.flush()
        self.wait_for(f"{self.token}^")

    def run(self, command, end="*stopped"):
        self.do(command)
        self.wait_for(end)


def connect(editor, launch, port, kernel):
    """The commands of launch.json, with this machine's port and this build's kernel."""
    def text(command):
        text = command["text"].replace(launch["program"], kernel)
        text = text.replace("${workspaceFolder}", os.getcwd())
        return text.replace("console connect", f'console "connect {port}"')

    editor.do("-gdb-set mi-async on")		# so that the pause button works
    if "customLaunchSetupCommands" in launch:
        for command in launch["customLaunchSetupCommands"]:
            editor.do(text(command))
        return
    for command in launch["setupCommands"]:
        editor.do(text(command))
    editor.do(f"-file-exec-and-symbols {kernel}")
    host = launch["miDebuggerServerAddress"].rsplit(":", 1)[0]
    editor.do(f"-target-select remote {host}:{port}")
    editor.do("-break-insert -t -h kernel_main")


def look_around(editor, launch):
    """What the panes of the editor show at a stop, and what people type into its debug console."""
    editor.run("-" + launch.get("launchCompleteCommand", "exec-continue"))
    for command in ("-thread-info", "-stack-list-frames", "-stack-list-variables --simple-values",
                    '-interpreter-exec console "buddy"', "-break-insert -h user_fault"):
        editor.do(command)
    editor.run("-exec-continue")
    for command in ("-stack-list-frames", "-var-create - * addr",
                    '-interpreter-exec console "vmmap"'):
        editor.do(command)
    # An interrupt comes first, perhaps, and would meet the breakpoint again where it returns to.
    editor.do("-break-delete")
    editor.run("-exec-step")
    editor.run("-exec-continue", "=thread-exited")	# the machine is off


number, port, kernel = sys.argv[1:]
launch = json.load(open(".vscode/launch.json"))["configurations"][int(number)]
editor = Editor(launch["miDebuggerPath"])
connect(editor, launch, port, kernel)
look_around(editor, launch)
editor.do("-gdb-exit")
