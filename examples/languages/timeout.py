"""A command with a time limit. When the time is over, Python kills the one process that it started.

python3 timeout.py            # nothing is left
python3 timeout.py --plain    # the helper lives on
"""

import subprocess
import sys

command = ["bash", "-c", "setsid sleep 60 & sleep 60; true"]
if "--plain" not in sys.argv:
    command.insert(0, "pdeathsig")
try:
    subprocess.run(command, timeout=1)
except subprocess.TimeoutExpired as error:
    print(error)
