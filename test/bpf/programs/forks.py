"""Makes children that end at once, each with its own exit code: forks.py COUNT"""
import os, sys

codes = 0
for i in range(int(sys.argv[1])):
    pid = os.fork()
    if pid == 0:
        os._exit(i % 256)
    codes += os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
print("sum of exit codes", codes)
